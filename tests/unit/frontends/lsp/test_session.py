"""What a session knows of its client."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.frontends.lsp.session import Session
from modelport.protocol.types import Call, Usage


class Box:
    """An outbox that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        self.sent.append(json.loads(body))


def session() -> tuple[Session, Box]:
    box = Box()
    return Session(box), box  # type: ignore[arg-type]


def introduced(**params: Any) -> tuple[str | None, str | None]:
    """The client and the project that the ledger will name."""
    mine, _ = session()
    mine.introduce(params)
    origin = mine.origin()
    return origin.client, origin.project


@pytest.mark.parametrize(
    ("params", "client"),
    [
        ({"clientInfo": {"name": "Neovim", "version": "0.12"}}, "Neovim"),
        ({"clientInfo": {"name": ""}}, None),
        ({"clientInfo": {"name": 5}}, None),
        ({"clientInfo": "Neovim"}, None),
        ({"clientInfo": None}, None),
        ({}, None),
        ({"clientInfo": {"name": "x" * 500}}, "x" * 100),
    ],
)
def test_the_client_is_who_it_says(params: dict[str, Any], client: str | None) -> None:
    assert introduced(**params)[0] == client


@pytest.mark.parametrize(
    ("params", "project"),
    [
        ({"workspaceFolders": [{"uri": "file:///a/b", "name": "site"}, {"name": "other"}]}, "site"),
        ({"workspaceFolders": [], "rootUri": "file:///home/me/site/"}, "site"),
        ({"workspaceFolders": None, "rootUri": "file:///home/me/na%C3%AFve"}, "naïve"),
        ({"workspaceFolders": [{}], "rootUri": None, "rootPath": "/home/me/site"}, "site"),
        ({"workspaceFolders": "odd", "rootUri": 5}, None),
        ({"workspaceFolders": [5]}, None),
        ({"rootUri": "file:///"}, None),
        ({"rootPath": ""}, None),
        ({}, None),
        ({"workspaceFolders": [{"name": "x" * 500}]}, "x" * 200),
    ],
)
def test_the_project_is_the_first_folder(params: dict[str, Any], project: str | None) -> None:
    assert introduced(**params)[1] == project


def test_a_stream_id_serves_one_request_at_a_time() -> None:
    mine, _ = session()
    with mine.reserved("s"), mine.reserved("t"), mine.reserved(None), mine.reserved(None):
        with pytest.raises(InvalidParams) as refused, mine.reserved("s"):
            pass
        assert refused.value.field == "streamId"
        # The refusal has not released the other request's id.
        with pytest.raises(InvalidParams), mine.reserved("s"):
            pass
    with mine.reserved("s"):
        pass


def test_a_recorded_call_is_sent() -> None:
    mine, box = session()
    usage = Usage(input_tokens=1, output_tokens=2, latency_ms=3, usd_micros=None, estimated=False)
    call = Call(id=7, started_at="2026-11-20T00:00:00Z", provider="p", model="m", outcome="ok", usage=usage)
    mine.recorded(call, (), "s")
    (message,) = box.sent
    assert message["method"] == "usage/updated"
    assert (message["params"]["call"]["id"], message["params"]["streamId"]) == (7, "s")


@pytest.mark.parametrize(
    ("capabilities", "method"),
    [
        ({"window": {"showMessage": {}}}, "window/showMessage"),
        ({"window": {"workDoneProgress": True}}, "window/logMessage"),
        ({"window": {"showMessage": None}}, "window/logMessage"),
        ({"window": 3}, "window/logMessage"),
        (None, "window/logMessage"),
    ],
)
def test_a_warning_is_shown_where_the_client_can_show_it(capabilities: Any, method: str) -> None:
    mine, box = session()
    mine.introduce({"capabilities": capabilities})
    mine.warn("Groq refused its key.")
    (message,) = box.sent
    assert (message["method"], message["params"]) == (method, {"type": 2, "message": "Groq refused its key."})


def test_progress_begins_and_ends_however_the_work_ends() -> None:
    mine, box = session()
    with mine.progress("t", "Asking"):
        assert [m["params"]["value"]["kind"] for m in box.sent] == ["begin"]
    with pytest.raises(ZeroDivisionError), mine.progress(5, "Asking"):
        raise ZeroDivisionError
    assert [(m["params"]["token"], m["params"]["value"]["kind"]) for m in box.sent] == [
        ("t", "begin"),
        ("t", "end"),
        (5, "begin"),
        (5, "end"),
    ]


def test_progress_can_report_more() -> None:
    mine, box = session()
    with mine.progress("t", "Asking") as report:
        report("one")
        report("x" * 300)
    values = [m["params"]["value"] for m in box.sent]
    assert values[1:3] == [{"kind": "report", "message": "one"}, {"kind": "report", "message": "x" * 200}]


def test_without_a_token_there_is_no_progress() -> None:
    mine, box = session()
    with mine.progress(None, "Asking") as report:
        report("one")
    assert box.sent == []
