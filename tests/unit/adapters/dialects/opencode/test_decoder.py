"""OpenCode's events: those of one session are an answer, with its counts, its cost and its end."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from modelport.adapters.dialects.opencode.decoder import SessionDecoder, read_counts
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts
from support.builders import answer

MINE = "ses_1"
ZERO = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}


class Session:
    """A decoder, and the events that it gets."""

    def __init__(self) -> None:
        self.answer: Answer = answer()
        self.id, self.over = MINE, False
        self.decoder = SessionDecoder(self, self.answer)

    def tell(self, kind: str, session: str = MINE, **properties: Any) -> None:
        event = {"id": "evt_1", "type": kind, "properties": {"sessionID": session, **properties}}
        self.decoder.event(b"", json.dumps(event).encode())

    def info(self, **changes: Any) -> None:
        info = {"id": "msg_2", "role": "assistant", "providerID": "fake", "modelID": "m", "cost": 0, "tokens": ZERO}
        self.tell("message.updated", info=info | changes)

    def part(self, part: str, kind: str, text: str = "", message: str = "msg_2") -> None:
        self.tell("message.part.updated", part={"id": part, "messageID": message, "type": kind, "text": text})

    def delta(self, part: str, text: str, session: str = MINE) -> None:
        self.tell("message.part.delta", session, partID=part, field="text", delta=text)

    def said(self) -> tuple[str, str]:
        return self.answer.whole_text(), self.answer.whole_reasoning()


def test_a_whole_answer() -> None:
    session = Session()
    session.tell("message.updated", info={"id": "msg_1", "role": "user"})
    session.part("prt_0", "text", "The question", message="msg_1")
    session.info()
    session.part("prt_1", "reasoning")
    session.delta("prt_1", "Hm.")
    session.part("prt_2", "text")
    session.delta("prt_2", "Hel")
    session.delta("prt_2", "lo")
    session.part("prt_2", "text", "Hello")
    session.info(
        finish="stop", cost=3.2e-05, tokens={"input": 8, "output": 3, "reasoning": 1, "cache": {"read": 3, "write": 2}}
    )
    assert not session.decoder.over
    session.tell("session.idle")
    assert (session.decoder.complete, session.decoder.over) == (True, True)
    assert session.said() == ("Hello", "Hm.")
    assert session.answer.finish_reason == "stop"
    assert session.answer.counts == TokenCounts(input=13, output=4, cache_read=3, cache_write=2, reasoning=1)
    assert session.answer.reported_costs == {"usage.cost": "0.000032"}
    assert session.answer.response_model == "fake/m"


def test_events_of_other_sessions_and_of_other_kinds_are_none_of_it() -> None:
    session = Session()
    session.info()
    session.part("prt_1", "text")
    session.delta("prt_1", "No", session="ses_2")
    session.tell("session.idle", "ses_2")
    session.tell("session.error", "ses_2", error={"name": "UnknownError", "data": {"message": "No"}})
    session.decoder.event(b"", b'{"type": "server.heartbeat", "properties": {}}')
    session.decoder.event(b"", b'{"type": "session.created"}')
    assert session.said() == ("", "")
    assert not session.decoder.over


def test_parts_without_deltas_are_shown_once() -> None:
    session = Session()
    session.info()
    session.part("prt_1", "text", "Hel")
    session.part("prt_1", "text", "Hello")
    session.part("prt_1", "text", "Hello")
    session.part("prt_2", "tool", "no text")
    assert session.said() == ("Hello", "")


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "stop"), ("length", "length"), ("content-filter", "contentFilter"), ("other", "other")],
)
def test_reasons_to_finish(finish: str, reason: str) -> None:
    session = Session()
    session.info()
    session.part("prt_1", "text", "Hello")
    session.info(finish=finish)
    session.tell("session.idle")
    assert session.answer.finish_reason == reason


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            {"name": "APIError", "data": {"message": "No.", "statusCode": 429}},
            {"message": "No.", "code": "APIError", "status": 429},
        ),
        (
            {"name": "ProviderAuthError", "data": {"message": "No log-in"}},
            {"message": "No log-in", "code": "ProviderAuthError", "status": 401},
        ),
        ({"name": "UnknownError", "data": {"message": "Why"}}, {"message": "Why", "code": "UnknownError"}),
        ({"name": "MessageAbortedError"}, {"message": "MessageAbortedError", "code": "MessageAbortedError"}),
        ({"name": "UnknownError", "data": "text"}, {"message": "UnknownError", "code": "UnknownError"}),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_errors(error: dict[str, Any], said: dict[str, Any], inside: bool) -> None:
    session = Session()
    tell = session.info if inside else partial(session.tell, "session.error")
    with pytest.raises(ProviderRefused) as refused:
        tell(error=error)
    assert refused.value.error == said


@pytest.mark.parametrize(
    ("name", "reason"), [("MessageOutputLengthError", "length"), ("ContentFilterError", "contentFilter")]
)
def test_errors_that_are_ends(name: str, reason: str) -> None:
    session = Session()
    session.info()
    session.part("prt_1", "text", "Hello")
    session.info(error={"name": name, "data": {}})
    session.tell("session.error", error={"name": name, "data": {}})
    session.tell("session.idle")
    assert session.answer.finish_reason == reason


def test_it_does_not_wait_for_what_opencode_tries_again() -> None:
    session = Session()
    session.tell("session.status", status={"type": "busy"})
    with pytest.raises(ProviderRefused) as refused:
        session.tell("session.status", status={"type": "retry", "attempt": 1, "message": "Rate limit reached"})
    assert refused.value.error == {"message": "Rate limit reached"}


def test_an_end_without_a_reason() -> None:
    session = Session()
    session.tell("session.idle")
    assert session.answer.finish_reason == "other"


def test_counts_that_are_all_zero_are_none() -> None:
    assert read_counts({"tokens": ZERO}) is None
    assert read_counts({}) is None


@pytest.mark.parametrize("data", [b"<html>", b"[1]", b'{"type": 5}'])
def test_what_is_no_event(data: bytes) -> None:
    session = Session()
    with pytest.raises((NotUnderstood, ProviderRefused)):
        session.decoder.event(b"", data)


def test_a_reply_without_events() -> None:
    with pytest.raises(NotUnderstood):
        Session().decoder.whole(b"{}")
