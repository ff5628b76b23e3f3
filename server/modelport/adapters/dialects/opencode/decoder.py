"""Reads the events of OpenCode's server, of which those of one session are an answer.

The stream has the events of every session. A text and a reasoning come as parts, whose beginning says what they are and
whose deltas follow; the counts, the cost and the reason for the end come with the message that they belong to.

Source: OpenCode server, ``GET /event`` in its OpenAPI document (``/doc``), and recorded answers of 1.18.33.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, Needed, count, decode, fields, is_set, text_at
from modelport.borders import json_bytes
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.protocol.shapes import is_object

ENDS: Mapping[str, str] = {"MessageOutputLengthError": "length", "ContentFilterError": "content_filter"}
"""Errors that are the reason of an answer to end."""
STATUSES: Mapping[str, int] = {"ProviderAuthError": 401}
"""HTTP statuses of errors that come without one."""


class EventSession(Protocol):
    """The session whose events are read."""

    id: str
    over: bool
    """Whether it has answered."""


class _Part(Struct):
    id: str = ""
    message: str = msgspec.field(name="messageID", default="")
    type: str = ""
    text: str = ""


class _Info(Struct):
    """A message without its parts."""

    id: str = ""
    role: str = ""
    service: str = msgspec.field(name="providerID", default="")
    model: str = msgspec.field(name="modelID", default="")
    cost: Raw = ABSENT
    tokens: Raw = ABSENT
    finish: str | None = None
    error: Raw = ABSENT


class _Status(Struct):
    type: str = ""
    message: str = ""


class _Properties(Struct):
    session: str = msgspec.field(name="sessionID", default="")
    info: _Info | None = None
    part: _Part | None = None
    part_id: str = msgspec.field(name="partID", default="")
    delta: str = ""
    status: _Status | None = None
    error: Raw = ABSENT


class _Event(Struct):
    type: Needed[str] = ""
    properties: Raw = ABSENT


_EVENT = msgspec.json.Decoder(_Event)
_PROPERTIES = msgspec.json.Decoder(_Properties)


class SessionDecoder:
    """Feeds an answer from the events of one session."""

    def __init__(self, session: EventSession, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._session = session
        self._answer = answer
        self._answering: set[str] = set()
        """The ids of the messages that are the assistant's."""
        self._parts: dict[str, _Shown] = {}
        self._events = {
            "message.updated": self._message,
            "message.part.updated": self._part,
            "message.part.delta": self._delta,
            "session.status": self._status,
            "session.error": self._error,
            "session.idle": self._idle,
        }

    def event(self, name: bytes, data: bytes) -> None:
        """One event of any session."""
        event = decode(_EVENT, data)
        handle = self._events.get(event.type)
        if handle is None:
            return
        properties = decode(_PROPERTIES, bytes(event.properties))
        if properties.session == self._session.id:
            handle(properties)

    def whole(self, body: bytes) -> None:
        """What is no stream of events is not OpenCode's."""
        raise NotUnderstood(body, "no events")

    def _message(self, properties: _Properties) -> None:
        info = properties.info
        if info is None or info.role != "assistant":
            return
        self._answering.add(info.id)
        if not (info.finish or is_set(info.error)):
            return
        self._answer.served_as(f"{info.service}/{info.model}" if info.service else info.model)
        usage = {name: raw for name, raw in (("cost", info.cost), ("tokens", info.tokens)) if is_set(raw)}
        self._answer.add_usage(json_bytes(usage), read_counts)
        if is_set(info.error):
            self._fail(fields(info.error))
        elif info.finish:
            finish_reasons.finish(self._answer, info.finish.replace("-", "_"))

    def _part(self, properties: _Properties) -> None:
        part = properties.part
        if part is None or part.message not in self._answering or part.type not in ("text", "reasoning"):
            return
        shown = self._parts.setdefault(part.id, _Shown(part.type == "reasoning"))
        # Its deltas have brought all of it, unless the service sends no deltas.
        self._show(shown, part.text[shown.length :])

    def _delta(self, properties: _Properties) -> None:
        if (shown := self._parts.get(properties.part_id)) is not None:
            self._show(shown, properties.delta)

    def _show(self, shown: _Shown, text: str) -> None:
        shown.length += len(text)
        if shown.reasoning:
            self._answer.reasoning(text)
        else:
            self._answer.text(text)

    def _status(self, properties: _Properties) -> None:
        if properties.status is not None and properties.status.type == "retry":
            # It would try again for as long as it takes, and whether to do so is the client's decision.
            raise ProviderRefused({"message": properties.status.message})

    def _error(self, properties: _Properties) -> None:
        self._fail(fields(properties.error))

    def _fail(self, error: dict[str, Any]) -> None:
        """Ends the answer with an error of OpenCode, or of the service behind it."""
        name, data = text_at(error, "name"), error.get("data")
        if name in ENDS:
            finish_reasons.finish(self._answer, ENDS[name])
            return
        details: Mapping[str, Any] = data if is_object(data) else {}
        status = details.get("statusCode") or STATUSES.get(name)
        said = {"message": text_at(details, "message") or name, "code": name}
        raise ProviderRefused(said | ({"status": status} if isinstance(status, int) else {}))

    def _idle(self, properties: _Properties) -> None:
        if self._answer.finish_reason is None:
            self._answer.finish("other")
        self.complete = self.over = self._session.over = True


class _Shown:
    """A part of the answer, and how much of it has been given to the answer."""

    __slots__ = ("length", "reasoning")

    def __init__(self, reasoning: bool) -> None:  # noqa: FBT001
        self.reasoning = reasoning
        self.length = 0


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a message; its input is without what the cache had, and its output without the reasoning.

    None where all are zero, as they are where the service counts nothing.
    """
    names = ("input", "cache.read", "cache.write", "output", "reasoning")
    read, cached, kept, written, thought = (count(usage, f"tokens.{name}") or 0 for name in names)
    if not (read or cached or kept or written or thought):
        return None
    return TokenCounts(
        input=read + cached + kept,
        output=written + thought,
        cache_read=cached,
        cache_write=kept,
        reasoning=thought,
    )
