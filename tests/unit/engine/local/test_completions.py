"""A completion for a model file keeps its server for its length, and tries another where the server has gone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.engine.local.completions import _LocalCompleter


class Endpoint(Struct, frozen=True):
    base_url: str = ""


class Call(Struct, frozen=True):
    endpoint: Endpoint = Endpoint()


class Local:
    """Serves under another address each time; ``runs`` says whether the last one is there yet."""

    def __init__(self, *, runs: bool = False) -> None:
        self.served: list[str] = []
        self._runs = runs

    @asynccontextmanager
    async def serving(self, endpoint: Endpoint, _: Any) -> AsyncGenerator[Endpoint]:
        self.served.append(f"http://{len(self.served)}")
        yield msgspec.structs.replace(endpoint, base_url=self.served[-1])

    async def running(self, _: Endpoint) -> bool:
        return self._runs


class Completer:
    """Fails as often as there are failures, and notes where it was sent."""

    def __init__(self, *failures: RequestFailed, begins: bool = False) -> None:
        self._failures = list(failures)
        self._begins = begins
        self.sent: list[str] = []

    async def complete(self, call: Call, answer: Any) -> None:
        self.sent.append(call.endpoint.base_url)
        if self._failures:
            answer.begun = self._begins
            raise self._failures.pop(0)


def lost(reason: Any = "network") -> RequestFailed:
    return RequestFailed(reason, "It is gone.")


async def complete(completer: Completer, local: Local) -> None:
    answer: Any = SimpleNamespace(begun=False, listener=SimpleNamespace(progress=None))
    given: Any = completer
    models: Any = local
    call: Any = Call()
    await _LocalCompleter(given, models).complete(call, answer)


async def test_a_server_that_has_gone_is_replaced_once() -> None:
    completer = Completer(lost())
    await complete(completer, Local())
    assert completer.sent == ["http://0", "http://1"]
    with pytest.raises(RequestFailed):
        await complete(Completer(lost(), lost()), Local())


@pytest.mark.parametrize(
    ("completer", "local"),
    [
        (Completer(lost(), begins=True), Local()),
        (Completer(lost("provider_unavailable")), Local()),
        (Completer(lost()), Local(runs=True)),
    ],
    ids=["an answer that has begun", "another failure", "a server that is there"],
)
async def test_nothing_else_is_tried_again(completer: Completer, local: Local) -> None:
    with pytest.raises(RequestFailed):
        await complete(completer, local)
    assert completer.sent == ["http://0"]
