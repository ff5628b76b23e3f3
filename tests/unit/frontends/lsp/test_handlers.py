"""The table of handlers, and the completion handler."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from modelport.frontends.lsp.handlers import completion
from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.frontends.lsp.session import Session
from modelport.protocol import types
from modelport.protocol.methods import METHODS
from support.builders import RecordingListener


@pytest.mark.parametrize("method", HANDLERS)
def test_every_handler_is_a_coroutine_function(method: str) -> None:
    # A plain function would run to its end although its request was cancelled.
    assert inspect.iscoroutinefunction(HANDLERS[method])


@pytest.mark.parametrize("method", HANDLERS)
def test_a_handler_takes_the_params_of_its_method(method: str) -> None:
    hints = typing.get_type_hints(HANDLERS[method])
    assert hints["session"] is Session
    assert hints["params"] is METHODS[method]


class FakeCompletions:
    """Streams two deltas, records a call and returns."""

    def __init__(self) -> None:
        self.listener: Any = None

    async def get(self) -> Any:
        return self

    async def create(self, params: Any, listener: Any, origin: Any, limit: Any) -> Any:
        self.listener = listener
        listener.text("Hel")
        listener.text("lo")
        listener.recorded("the call", ())
        if params.model == "fails":
            raise ZeroDivisionError
        listener.text("!")
        return "the completion"


class FakeOutbox:
    """Keeps what would be sent, in order."""

    def __init__(self) -> None:
        self.left: list[Any] = []
        self.streams = RecordingListener()

    def ready(self, source: Any) -> None:
        pass

    def collect(self, source: Any) -> None:
        if frames := source.frames():
            self.left.append(frames)


class FakeSession:
    """The part of a session that a completion uses."""

    def __init__(self) -> None:
        self.completions = FakeCompletions()
        self.outbox = FakeOutbox()
        self.streams: set[str] = set()
        self.progressed: list[Any] = []

    async def app(self) -> Any:
        return self

    def origin(self) -> None:
        return None

    def progress(self, token: Any, title: str) -> Any:
        self.progressed.append(token)
        return anyio.CancelScope()

    @contextmanager
    def reserved(self, stream_id: str | None) -> Iterator[None]:
        self.streams |= {stream_id} if stream_id else set()
        try:
            yield
        finally:
            self.streams.discard(stream_id or "")

    def recorded(self, call: Any, budgets: Any, stream_id: str | None = None) -> None:
        self.outbox.left.append((call, stream_id))


def ask(**params: Any) -> types.CreateCompletionParams:
    return types.CreateCompletionParams(prompt="x", **params)


async def test_the_deltas_leave_before_the_record_and_the_rest_before_the_reply() -> None:
    session = FakeSession()
    assert await completion.create_completion(session, ask(stream_id="s")) == "the completion"  # type: ignore[arg-type]
    first, record, rest = session.outbox.left
    assert b'"text":"Hello"' in first
    assert record == ("the call", "s")
    assert b'"text":"!"' in rest


async def test_the_stream_id_is_free_again_however_it_ends() -> None:
    session = FakeSession()
    with pytest.raises(ZeroDivisionError):
        await completion.create_completion(session, ask(stream_id="s", model="fails"))  # type: ignore[arg-type]
    assert session.streams == set()


async def test_without_a_stream_only_the_record_is_sent() -> None:
    session = FakeSession()
    await completion.create_completion(session, ask(work_done_token="t"))  # type: ignore[arg-type]
    assert session.outbox.left == [("the call", None)]
    assert session.progressed == ["t"]
