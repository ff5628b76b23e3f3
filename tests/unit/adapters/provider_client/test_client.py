"""Sending a request to a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx2
import pytest

from modelport.adapters.http.bodies import read_capped
from modelport.adapters.http.failures import translate
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from support.builders import StubPool, VirtualTime, endpoint, reply, row


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


PATIENT = endpoint()


# Requests.

SAID = HttpRequest("/chat", {"version": "1"}, "Authorization", {"model": "m", "text": "é"})


def exchange(respond: Callable[[httpx2.Request], httpx2.Response]) -> tuple[ProviderClient, StubPool]:
    pool = StubPool(respond)
    return ProviderClient(pool), pool  # type: ignore[arg-type]


async def test_a_post_sends_json_and_hands_out_the_reply_unread() -> None:
    posts, pool = exchange(lambda _: reply(b"one", b"two"))
    async with posts.post(PATIENT, "m", SAID) as (response, _):
        assert not response.is_stream_consumed
        assert [chunk async for chunk in response.aiter_bytes()] == [b"one", b"two"]
    (request,) = pool.requests
    assert (request.method, str(request.url)) == ("POST", "https://acme.example/v1/chat")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["version"] == "1"
    assert pool.sent() == {"model": "m", "text": "é"}


async def test_the_reply_is_closed_at_the_end_read_or_not() -> None:
    responses: list[httpx2.Response] = []

    def keep(_: httpx2.Request) -> httpx2.Response:
        responses.append(reply(b"x"))
        return responses[-1]

    posts, _ = exchange(keep)
    async with posts.post(PATIENT, "m", SAID):
        pass
    with pytest.raises(ZeroDivisionError):
        async with posts.post(PATIENT, "m", SAID):
            raise ZeroDivisionError
    with anyio.move_on_after(1):
        async with posts.post(PATIENT, "m", SAID):
            await anyio.sleep_forever()
    assert [response.is_closed for response in responses] == [True, True, True]


class SlowToClose(httpx2.AsyncByteStream):
    """A body that nothing reads, over a connection that takes a while to close, as TLS does."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("it is not to be read")
        yield b""

    async def aclose(self) -> None:
        await anyio.sleep(10)
        self.closed = True


async def test_a_caller_that_leaves_does_not_leave_the_connection_half_closed() -> None:
    body = SlowToClose()
    calls, _ = exchange(lambda _: httpx2.Response(200, stream=body))
    with anyio.move_on_after(1) as left:
        async with calls.post(PATIENT, "m", SAID):
            await anyio.sleep_forever()
    assert left.cancelled_caught
    assert body.closed


async def test_the_end_of_the_time_does_not_leave_the_connection_half_closed() -> None:
    body = SlowToClose()
    calls, _ = exchange(lambda _: httpx2.Response(304, stream=body))
    fetched = await calls.fetch("GET", PATIENT, "m", HttpRequest("/models", {}, "Authorization"), 5)
    assert not fetched.changed
    assert body.closed


async def test_a_refusal_is_raised_with_its_message() -> None:
    posts, _ = exchange(lambda _: reply(b'{"error":', b'{"message":"bad key"}}', status=401))
    with pytest.raises(RequestFailed) as failed:
        async with posts.post(PATIENT, "m", SAID):
            pass
    assert (failed.value.kind, failed.value.http_status) == ("auth_rejected", 401)
    assert "bad key" in failed.value.message


async def test_a_redirect_is_not_followed_and_not_an_answer() -> None:
    posts, pool = exchange(lambda _: reply(status=307, headers={"location": "https://thief.example"}))
    with pytest.raises(RequestFailed) as failed:
        async with posts.post(PATIENT, "m", SAID):
            pass
    assert failed.value.http_status == 307
    assert len(pool.requests) == 1


async def test_a_refusal_without_an_end_is_cut() -> None:
    posts, _ = exchange(lambda _: reply(*[b"x" * 10_000] * 1000, status=500))
    with pytest.raises(RequestFailed) as failed:
        async with posts.post(PATIENT, "m", SAID):
            pass
    assert failed.value.kind == "provider_unavailable"


async def test_no_reply_in_time_is_a_timeout() -> None:
    async def never(_: httpx2.Request) -> httpx2.Response:
        await anyio.sleep_forever()
        raise AssertionError

    posts, pool = exchange(lambda _: reply())
    pool._client = httpx2.AsyncClient(transport=httpx2.MockTransport(never), timeout=None)
    with pytest.raises(RequestFailed) as failed:
        async with posts.post(endpoint(idle_timeout_s=7), "m", SAID):
            pass
    assert failed.value.kind == "timeout"
    assert "7 s" in failed.value.message


async def test_a_pause_after_the_beginning_names_the_shorter_limit() -> None:
    async def pausing() -> AsyncIterator[bytes]:
        yield b"one"
        await anyio.sleep_forever()

    posts, _ = exchange(lambda _: httpx2.Response(200, content=pausing()))

    async def read() -> None:
        async with posts.post(PATIENT, "m", SAID) as (response, watch):
            async for _ in response.aiter_bytes():
                watch.touch()
                watch.allow(30)

    with pytest.raises(RequestFailed, match="30 s") as failed:
        await read()
    assert failed.value.kind == "timeout"


async def test_cancelling_the_caller_is_no_timeout() -> None:
    posts, _ = exchange(lambda _: reply(b"x"))
    with anyio.move_on_after(5) as scope:
        async with posts.post(PATIENT, "m", SAID):
            await anyio.sleep_forever()
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("x"), "network"),
        (httpx2.ConnectTimeout("x"), "timeout"),
        (httpx2.ReadError("x"), "network"),
        (httpx2.RemoteProtocolError("x"), "network"),
        (OSError("x"), "network"),
        (httpx2.UnsupportedProtocol("x"), "network"),
        (httpx2.InvalidURL("x"), "invalid_response"),
        (UnicodeError("x"), "invalid_response"),
    ],
)
async def test_no_reply_at_all(error: Exception, kind: str) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    posts, _ = exchange(fail)
    with pytest.raises(RequestFailed) as failed:
        async with posts.post(PATIENT, "m", SAID):
            pass
    assert failed.value.kind == kind
    assert failed.value.__cause__ is error


async def test_a_get_returns_the_body() -> None:
    gets, pool = exchange(lambda _: reply(b"[1,", b"2]"))
    assert await gets.get(PATIENT, "m", HttpRequest("/models", {}, "Authorization"), 5) == b"[1,2]"
    assert pool.requests[0].method == "GET"
    assert pool.requests[0].headers["authorization"].startswith("Bearer ")


async def test_a_get_gives_up_in_time() -> None:
    async def pausing() -> AsyncIterator[bytes]:
        yield b"["
        await anyio.sleep_forever()

    gets, _ = exchange(lambda _: httpx2.Response(200, content=pausing()))
    with pytest.raises(RequestFailed, match="5 s") as failed:
        await gets.get(PATIENT, "m", HttpRequest("/models", {}, "Authorization"), 5)
    assert failed.value.kind == "timeout"


async def test_a_listing_without_an_end_is_refused() -> None:
    gets, _ = exchange(lambda _: reply(*[b"x" * 1024 * 1024] * 17))
    with pytest.raises(RequestFailed) as failed:
        await gets.get(PATIENT, "m", HttpRequest("/models", {}, "Authorization"), 5)
    assert failed.value.kind == "invalid_response"


async def test_a_get_that_is_refused() -> None:
    gets, _ = exchange(lambda _: reply(b'{"error":"no"}', status=403))
    with pytest.raises(RequestFailed) as failed:
        await gets.get(PATIENT, "m", HttpRequest("/models", {}, "Authorization"), 5)
    assert failed.value.kind == "forbidden"


async def test_a_capped_body() -> None:
    assert await read_capped(reply(b"123", b"456"), 6) == b"123456"
    assert await read_capped(reply(b"123", b"456"), 5, cut=True) == b"12345"
    with pytest.raises(OverflowError):
        await read_capped(reply(b"123", b"456"), 5)


@pytest.mark.parametrize(("begun", "kind"), [(None, "network"), (False, "stream_interrupted"), (True, "stream_interrupted")])  # fmt: skip
def test_a_lost_connection_is_a_matter_of_when(begun: bool | None, kind: str) -> None:
    failure = translate(PATIENT, "m", httpx2.ReadError("x"), begun=begun)
    assert isinstance(failure, RequestFailed)
    assert failure.kind == kind


@pytest.mark.parametrize("ours", [RequestFailed("tls", "x"), ValueError("a bug")])
def test_our_own_failures_and_bugs_pass_through(ours: Exception) -> None:
    assert translate(PATIENT, "m", ours) is ours


async def test_tls_that_was_given_up_is_given_up_for_that_provider_only() -> None:
    asked: list[bool] = []

    class Pool(StubPool):
        async def client(self, *_: Any, verify_tls: bool = True, **__: Any) -> httpx2.AsyncClient:
            asked.append(verify_tls)
            return await super().client()

    posts = ProviderClient(Pool(lambda _: reply(b"[]")))  # type: ignore[arg-type]
    for place in (PATIENT, endpoint(row("own"), verify_tls=False)):
        async with posts.post(place, "m", SAID):
            pass
        await posts.get(place, "m", HttpRequest("/models", {}, "Authorization"), 5)
    assert asked == [True, True, False, False]
