"""The rules of the wire: every request is answered once, whatever its content and whatever its handler does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.frontends.lsp.boundary import Boundary
from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.frontends.rpc.frames import BadFrame
from modelport.protocol import types

INITIALIZE = {"id": 0, "method": "initialize", "params": {"processId": 7}}


class Client:
    """A boundary, and everything it sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.spoke = anyio.Event()
        self.exits: list[int] = []
        self.initialized: list[dict[str, Any]] = []
        self.announced = 0
        self.announcement = self
        self.boundary: Boundary = None  # type: ignore[assignment]

    def send(self, body: bytes) -> None:
        self.sent.append(json.loads(body))
        self.spoke.set()

    async def until(self, count: int) -> None:
        """Returns when so many messages have been sent."""
        while len(self.sent) < count:
            self.spoke = anyio.Event()
            await self.spoke.wait()

    def introduce(self, params: dict[str, Any]) -> None:
        pass

    async def announce(self) -> None:
        self.announced += 1

    def receive(self, **message: Any) -> None:
        self.boundary.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def answers(self) -> list[tuple[Any, Any]]:
        """Id and code, or result, of each answer, once everything has come to rest."""
        await anyio.wait_all_tasks_blocked()
        sent, self.sent = self.sent, []
        return [(m["id"], m["error"]["code"] if "error" in m else m["result"]) for m in sent]


@asynccontextmanager
async def client(*, initialized: bool = True) -> AsyncIterator[Client]:
    mine = Client()
    async with anyio.create_task_group() as tasks:
        mine.boundary = Boundary(tasks, mine, mine, on_exit=mine.exits.append, on_initialize=mine.initialized.append)  # type: ignore[arg-type]
        if initialized:
            mine.receive(**INITIALIZE)
            await anyio.wait_all_tasks_blocked()
            mine.sent.clear()
        yield mine
        tasks.cancel_scope.cancel()


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replaces what ``provider/status`` does."""

    def replace(work: Any) -> None:
        async def status_provider(session: Any, params: Any) -> Any:
            return await work()

        monkeypatch.setitem(HANDLERS, "provider/status", status_provider)

    return replace


async def wait_for_ever() -> None:
    await anyio.sleep_forever()


async def nothing() -> types.Empty:
    return types.Empty()


def raising(error: BaseException) -> Any:
    async def work() -> None:
        raise error

    return work


async def test_a_request_is_answered_with_its_result(status: Any) -> None:
    status(nothing)
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        mine.receive(id="a", method="provider/status", params={})
        assert await mine.answers() == [(1, {}), ("a", {})]


async def test_a_notification_is_never_answered(status: Any) -> None:
    status(nothing)
    async with client() as mine:
        for method in ("initialized", "provider/status", "made/up", "$/setTrace", "initialize", "shutdown"):
            mine.receive(method=method)
        assert await mine.answers() == []


@pytest.mark.parametrize("initialized", [True, False])
async def test_initialized_announces_the_server(initialized: bool) -> None:
    async with client(initialized=initialized) as mine:
        await anyio.wait_all_tasks_blocked()
        assert mine.announced == 0
        mine.receive(method="initialized", params={})
        await anyio.wait_all_tasks_blocked()
        assert mine.announced == initialized


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidParams("No.", field="x"), -32602),
        (RequestFailed("tls", "No."), -32803),
        (ZeroDivisionError("in /etc/passwd"), -32603),
        (ExceptionGroup("g", [ValueError("x")]), -32603),
        (RecursionError(), -32603),
    ],
)
async def test_whatever_a_handler_raises_is_one_answer(status: Any, error: Exception, code: int) -> None:
    status(raising(error))
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        assert await mine.answers() == [(1, code)]


async def test_a_bug_is_answered_with_its_log_id_and_no_detail(status: Any, caplog: pytest.LogCaptureFixture) -> None:
    status(raising(ZeroDivisionError("in /etc/passwd")))
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        await anyio.wait_all_tasks_blocked()
        (answer,) = mine.sent
        assert "passwd" not in json.dumps(answer)
        assert answer["error"]["data"]["logId"] in caplog.text
        assert "ZeroDivisionError" in caplog.text


async def test_before_initialize_everything_is_refused(status: Any) -> None:
    status(nothing)
    async with client(initialized=False) as mine:
        mine.receive(id=1, method="provider/status")
        mine.receive(id=2, method="shutdown")
        mine.receive(id=3, method="made/up")
        assert await mine.answers() == [(1, -32002), (2, -32002), (3, -32002)]
        mine.receive(**INITIALIZE)
        mine.receive(id=4, method="provider/status")
        assert [id_ for id_, _ in await mine.answers()] == [0, 4]
        assert mine.initialized == [{"processId": 7}]


@pytest.mark.parametrize("params", [[1], 5, "x"])
async def test_an_initialize_with_wrong_params_does_not_count(params: Any) -> None:
    async with client(initialized=False) as mine:
        mine.receive(id=0, method="initialize", params=params)
        mine.receive(id=1, method="provider/status")
        assert await mine.answers() == [(0, -32602), (1, -32002)]


async def test_a_second_initialize_is_refused() -> None:
    async with client() as mine:
        mine.receive(**INITIALIZE)
        assert await mine.answers() == [(0, -32600)]


async def test_after_shutdown_nothing_is_served_and_the_exit_is_0(status: Any) -> None:
    status(nothing)
    async with client() as mine:
        assert mine.boundary.exit_code == 1
        mine.receive(id=1, method="shutdown")
        mine.receive(id=2, method="provider/status")
        mine.receive(id=3, method="shutdown")
        mine.receive(id=4, method="made/up")
        assert await mine.answers() == [(1, None), (2, -32600), (3, -32600), (4, -32600)]
        mine.receive(method="exit")
        assert mine.exits == [0]


async def test_an_exit_without_a_shutdown_is_1() -> None:
    async with client() as mine:
        mine.receive(method="exit")
        assert mine.exits == [1]


async def test_an_unknown_method_is_named_up_to_a_length() -> None:
    async with client() as mine:
        mine.receive(id=1, method="made/up")
        mine.receive(id=2, method="x" * 5000)
        await anyio.wait_all_tasks_blocked()
        assert [m["error"]["code"] for m in mine.sent] == [-32601, -32601]
        assert "made/up" in mine.sent[0]["error"]["message"]
        assert len(mine.sent[1]["error"]["message"]) < 200


async def test_an_id_in_flight_cannot_be_used_again_until_it_is_answered(status: Any) -> None:
    status(wait_for_ever)
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        mine.receive(id=1, method="provider/status")
        mine.receive(id="1", method="made/up")
        assert await mine.answers() == [(1, -32600), ("1", -32601)]
        mine.receive(method="$/cancelRequest", params={"id": 1})
        assert await mine.answers() == [(1, -32800)]
        status(nothing)
        mine.receive(id=1, method="provider/status")
        assert await mine.answers() == [(1, {})]


@pytest.mark.parametrize("params", [{"id": "1"}, {"id": 2}, {"id": None}, {"id": True}, {"id": [1]}, {}, None, [1]])
async def test_cancelling_something_else_cancels_nothing(status: Any, params: Any) -> None:
    status(wait_for_ever)
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        await anyio.wait_all_tasks_blocked()
        mine.receive(method="$/cancelRequest", params=params)
        assert await mine.answers() == []


async def test_a_handler_that_swallows_its_cancellation_is_still_answered_once(status: Any) -> None:
    async def stubborn() -> types.Empty:
        try:
            await anyio.sleep_forever()
        except BaseException:
            return types.Empty()
        raise AssertionError

    status(stubborn)
    async with client() as mine:
        mine.receive(id=1, method="provider/status")
        await anyio.wait_all_tasks_blocked()
        mine.receive(method="$/cancelRequest", params={"id": 1})
        assert [id_ for id_, _ in await mine.answers()] == [1]


async def test_what_is_no_message_is_answered_too() -> None:
    async with client() as mine:
        mine.boundary.receive(b"{broken")
        mine.boundary.receive(b"[]")
        mine.boundary.receive(BadFrame("a header without an end"))
        mine.boundary.receive(b'{"jsonrpc":"2.0","id":5}')
        assert await mine.answers() == [(None, -32700), (None, -32600), (None, -32700), (5, -32600)]


async def test_a_response_from_the_client_is_dropped() -> None:
    async with client() as mine:
        mine.receive(id=99, result={})
        mine.receive(id=99, error={"code": 1, "message": "x"})
        assert await mine.answers() == []


async def test_stopping_ends_what_is_under_way_and_answers_it(status: Any) -> None:
    status(wait_for_ever)
    async with client() as mine:
        for n in range(3):
            mine.receive(id=n + 1, method="provider/status")
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            await mine.boundary.stop()
        assert await mine.answers() == [(1, -32803), (2, -32803), (3, -32803)]


async def test_it_is_idle_when_every_request_is_answered(status: Any) -> None:
    gates = [anyio.Event() for _ in range(2)]
    waiting = iter(gates)

    async def gated() -> types.Empty:
        await next(waiting).wait()
        return types.Empty()

    status(gated)
    idle: list[bool] = []
    async with client() as mine, anyio.create_task_group() as tasks:

        async def wait() -> None:
            await mine.boundary.idle()
            idle.append(True)

        for n in range(2):
            mine.receive(id=n + 1, method="provider/status")
        tasks.start_soon(wait)
        for n, gate in enumerate(gates):
            await anyio.wait_all_tasks_blocked()
            assert idle == []
            gate.set()
            assert await mine.answers() == [(n + 1, {})]
        await anyio.wait_all_tasks_blocked()
        assert idle == [True]


async def test_stopping_with_nothing_under_way_waits_for_nothing() -> None:
    async with client() as mine:
        with anyio.fail_after(1):
            await mine.boundary.idle()
            await mine.boundary.stop()


async def test_a_method_can_be_run_as_a_command(status: Any) -> None:
    status(nothing)
    async with client() as mine:
        mine.receive(id=1, method="workspace/executeCommand", params={"command": "modelport.provider.status"})
        mine.receive(
            id=2, method="workspace/executeCommand", params={"command": "modelport.provider.status", "arguments": [{}]}
        )
        mine.receive(id=3, method="workspace/executeCommand", params={"command": "modelport.made.up"})
        mine.receive(id=4, method="workspace/executeCommand", params={"command": "provider.status"})
        mine.receive(id=5, method="workspace/executeCommand", params={"command": 5})
        mine.receive(
            id=6,
            method="workspace/executeCommand",
            params={"command": "modelport.usage.history", "arguments": [{"limit": "x"}]},
        )
        with anyio.fail_after(10):
            await mine.until(6)
        answers = dict(await mine.answers())
        assert answers == {1: {}, 2: {}, 3: -32602, 4: -32602, 5: -32602, 6: -32602}
