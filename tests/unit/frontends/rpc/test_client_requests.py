"""Requests to the client: each is answered once, given up in time, and cancelled where nobody waits any more."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from modelport.frontends.rpc.client_requests import ClientRequests, NoAnswer
from modelport.protocol.types import Empty

FOREVER_S = 60.0


class Sent:
    """Stands in for an outbox."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        self.bodies.append(json.loads(body))


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def requests(sent: Sent) -> ClientRequests:
    return ClientRequests(sent)


async def answered(requests: ClientRequests, sent: Sent, response: dict[str, Any]) -> Any:
    """The result of a request that the client answers with a response."""
    results: list[Any] = []

    async def ask() -> None:
        results.append(await requests.send("window/showDocument", Empty(), FOREVER_S))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert requests.receive({"jsonrpc": "2.0", "id": sent.bodies[-1]["id"], **response})
    return results[0]


async def test_a_result_is_returned(requests: ClientRequests, sent: Sent) -> None:
    assert await answered(requests, sent, {"result": {"success": True}}) == {"success": True}
    assert sent.bodies == [{"jsonrpc": "2.0", "id": "modelport-1", "method": "window/showDocument", "params": {}}]


async def test_each_request_has_an_id_of_its_own(requests: ClientRequests, sent: Sent) -> None:
    assert await answered(requests, sent, {"result": None}) is None
    assert await answered(requests, sent, {"result": 2}) == 2
    assert [body["id"] for body in sent.bodies] == ["modelport-1", "modelport-2"]


@pytest.mark.parametrize("error", [{"code": -32601, "message": "unknown"}, {"code": 1}, "odd"])
async def test_an_error_is_no_answer(requests: ClientRequests, sent: Sent, error: Any) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        await answered(requests, sent, {"error": error})
    (reason,) = raised.value.exceptions
    assert isinstance(reason, NoAnswer)
    assert str(reason) == ("unknown" if "unknown" in str(error) else "window/showDocument failed")


async def test_a_client_that_does_not_answer_is_given_up_and_told(requests: ClientRequests, sent: Sent) -> None:
    with pytest.raises(NoAnswer, match="no answer to window/showDocument"):
        await requests.send("window/showDocument", Empty(), 0.01)
    assert sent.bodies[-1] == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "modelport-1"}}
    assert not requests.receive({"id": "modelport-1", "result": None})


async def test_a_cancelled_request_is_cancelled_at_the_client(requests: ClientRequests, sent: Sent) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(requests.send, "window/showDocument", Empty(), FOREVER_S)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert sent.bodies[-1]["method"] == "$/cancelRequest"


@pytest.mark.parametrize("request_id", ["modelport-7", 1, None, ["modelport-1"], ""])
async def test_a_response_that_nobody_waits_for_is_left_alone(requests: ClientRequests, request_id: Any) -> None:
    assert not requests.receive({"id": request_id, "result": None})


async def test_a_second_response_is_left_alone(requests: ClientRequests, sent: Sent) -> None:
    async def ask() -> None:
        assert await requests.send("window/showDocument", Empty(), FOREVER_S) == 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert requests.receive({"id": "modelport-1", "result": 1})
        assert not requests.receive({"id": "modelport-1", "result": 2})
