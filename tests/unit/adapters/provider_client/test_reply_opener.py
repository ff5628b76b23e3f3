"""Which address a request goes to, and what is told about one where nothing is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from support.builders import CANARY, StubPool, endpoint, reply, row

BARE = endpoint(row("acme", base_url=None), base_url="http://gw.example:8000")
GIVEN = endpoint(row("acme"), base_url="https://gw.example/team/v1")
CHAT = HttpRequest("/chat/completions", {}, "Authorization", {"model": "m"})


def exchange(respond: Callable[[httpx2.Request], httpx2.Response]) -> tuple[ProviderClient, StubPool]:
    pool = StubPool(respond)
    return ProviderClient(pool), pool  # type: ignore[arg-type]


def behind_v1(request: httpx2.Request) -> httpx2.Response:
    """A server whose paths all begin with /v1."""
    return reply(b"ok") if request.url.path.startswith("/v1/") else reply(b'{"detail":"Not Found"}', status=404)


async def post(client: ProviderClient, place: Endpoint, outgoing: HttpRequest = CHAT) -> bytes:
    return await client.post_and_read(place, "m", outgoing)


async def refused(client: ProviderClient, place: Endpoint, outgoing: HttpRequest = CHAT) -> RequestFailed:
    with pytest.raises(RequestFailed) as failed:
        await post(client, place, outgoing)
    return failed.value


def asked(pool: StubPool) -> list[str]:
    return [str(request.url) for request in pool.requests]


async def test_a_version_that_was_left_out_is_added_where_nothing_is_without_it() -> None:
    client, pool = exchange(behind_v1)
    assert await post(client, BARE) == b"ok"
    assert asked(pool) == ["http://gw.example:8000/chat/completions", "http://gw.example:8000/v1/chat/completions"]
    # From then on it is known, for each kind of request.
    assert await post(client, BARE) == b"ok"
    assert await client.get(BARE, "", HttpRequest("/models", {}, "Authorization"), 5) == b"ok"
    assert asked(pool)[2:] == ["http://gw.example:8000/v1/chat/completions", "http://gw.example:8000/v1/models"]


UNEXPECTED = b'{"error":"Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"}'


def with_length(body: bytes) -> httpx2.Response:
    return httpx2.Response(200, content=body)


async def test_a_good_status_for_a_path_that_is_not_there_is_seen_through() -> None:
    client, pool = exchange(lambda request: reply(b"ok") if "/v1/" in request.url.path else with_length(UNEXPECTED))
    assert await post(client, BARE) == b"ok"
    assert len(pool.requests) == 2


async def test_a_server_that_has_neither_path_is_told_of_with_the_first() -> None:
    client, pool = exchange(lambda _: with_length(UNEXPECTED))
    error = await refused(client, BARE)
    assert "at http://gw.example:8000/chat/completions (200: Unexpected endpoint" in error.message
    await refused(client, BARE)
    assert len(pool.requests) == 4


@pytest.mark.parametrize("status", [200, 404])
async def test_a_body_that_breaks_off_while_it_is_looked_into_is_an_interruption(status: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx2.ReadError("x")

    client, _ = exchange(lambda _: httpx2.Response(status, headers={"content-length": "9"}, content=broken()))
    assert (await refused(client, BARE)).kind == "stream_interrupted"


@pytest.mark.parametrize(
    "body", [UNEXPECTED[:-1] + b',"choices":[]}', b'{"error":"overloaded"}', b"[]", b"{", b"", b"\xff"]
)
async def test_any_other_short_reply_is_handed_out_as_it_is(body: bytes) -> None:
    client, pool = exchange(lambda _: with_length(body))
    assert await post(client, BARE) == body
    assert len(pool.requests) == 1


async def test_an_address_that_works_is_left_as_it_is() -> None:
    client, pool = exchange(lambda _: reply(b"ok"))
    assert await post(client, BARE) == await post(client, BARE) == b"ok"
    assert set(asked(pool)) == {"http://gw.example:8000/chat/completions"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"detail":"Not Found"}'),
        (404, b"404 page not found"),
        (404, b'{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}'),
        (404, b"<!DOCTYPE html><html><body>Cannot POST /chat/completions</body></html>"),
        (404, b'{"error":{"message":"Unknown request URL: POST /chat/completions"}}'),
        (404, b'{"error":{"message":"Invalid URL (POST /chat/completions)"}}'),
        (404, b'{"message":"no Route matched with those values"}'),
        (404, b""),
        (405, b'{"detail":"Method Not Allowed"}'),
    ],
)
async def test_servers_say_in_many_ways_that_a_path_is_missing(status: int, body: bytes) -> None:
    client, pool = exchange(lambda request: reply(b"ok") if "/v1/" in request.url.path else reply(body, status=status))
    assert await post(client, BARE) == b"ok"
    assert len(pool.requests) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"error":{"message":"The model m does not exist"}}'),
        (404, b'{"error":{"message":"no"}}'),
        (401, b"no"),
        (400, b"no"),
        (429, b"no"),
        (500, b"no"),
    ],
)
async def test_only_a_path_that_is_not_there_is_asked_for_twice(status: int, body: bytes) -> None:
    client, pool = exchange(lambda _: reply(body, status=status))
    await refused(client, BARE)
    assert len(pool.requests) == 1


async def test_what_the_right_address_refuses_is_what_is_told() -> None:
    client, pool = exchange(lambda request: reply(b"", status=401 if "/v1/" in request.url.path else 404))
    assert (await refused(client, BARE)).kind == "auth_rejected"
    assert (await refused(client, BARE)).kind == "auth_rejected"
    assert len(pool.requests) == 3


async def test_where_nothing_is_at_either_the_first_is_told() -> None:
    client, _ = exchange(lambda _: reply(b'{"detail":"Not Found"}', status=404))
    error = await refused(client, BARE)
    assert "at http://gw.example:8000/chat/completions (404: Not Found)" in error.message
    assert "most end in /v1" in error.message


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"detail":"Not Found"}'),
        (404, b"404 page not found"),
        (404, b"<html><body>Not here</body></html>"),
        (404, b'{"error":{"message":"The model m does not exist"}}'),
        (404, b""),
        (405, b"Method Not Allowed"),
    ],
)
async def test_a_404_names_the_whole_path_without_secrets(status: int, body: bytes) -> None:
    client, _ = exchange(lambda _: reply(body, status=status))
    place = endpoint(row("acme"), base_url="https://gw.example/team/v1", query="api-version=2024-10-21&tenant=t-123456")
    error = await refused(client, place, HttpRequest(f"/chat/{CANARY}", {}, "Authorization", {}))
    assert "https://gw.example/team/v1/chat/" in error.message
    assert "?api-version=2024-10-21&tenant=…" in error.message
    assert CANARY not in error.message
    assert error.http_status == status


async def test_the_query_of_a_base_url_goes_behind_every_path() -> None:
    client, pool = exchange(lambda _: reply(b"ok"))
    place = endpoint(row("acme"), base_url="https://gw.example/v1", query="api-version=1&limit=9")
    await post(client, place)
    await client.get(place, "", HttpRequest("/models?limit=5", {}, "Authorization"), 5)
    assert asked(pool) == [
        "https://gw.example/v1/chat/completions?api-version=1&limit=9",
        "https://gw.example/v1/models?limit=5&api-version=1",
    ]


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (301, "https://new.example/v1/chat/completions", ["to https://new.example/v1/chat/completions (301)", "write https://new.example/v1 as the base URL"]),
        (308, "https://new.example/api/v1/chat/completions/", ["write https://new.example/api/v1 as the base URL"]),
        (307, "/v2/chat/completions", ["to https://gw.example/v2/chat/completions", "write https://gw.example/v2 as"]),
        (307, "//other.example/v1/chat/completions", ["write https://other.example/v1 as"]),
        (302, "https://sso.example/login?next=secret-0123456", ["to https://sso.example/login?next=…", "log-in page or a proxy"]),
        (302, "https://u:secret-0123456@new.example/v1/chat/completions", ["write https://new.example/v1 as"]),
        (301, "/team/v1/chat/completions/", ["to https://gw.example/team/v1/chat/completions/", "check the base URL"]),
        (303, "ftp://x/chat/completions", ["to ftp://x/chat/completions", "check the base URL"]),
        (302, f"https://new.example/{CANARY}", ["check the base URL"]),
        (302, "http://[broken", ["check the base URL"]),
    ],
)  # fmt: skip
async def test_a_redirect_says_where_it_points_and_is_not_followed(status: int, location: str, said: list[str]) -> None:
    client, pool = exchange(lambda _: reply(b"<html>moved</html>", status=status, headers={"location": location}))
    error = await refused(client, GIVEN)
    assert (error.kind, error.http_status, len(pool.requests)) == ("invalid_response", status, 1)
    for words in ("https://gw.example/team/v1/chat/completions", *said):
        assert words in error.message
    for secret in ("secret-0123456", CANARY):
        assert secret not in error.message


async def test_a_redirect_of_a_list_says_so_too() -> None:
    client, _ = exchange(lambda _: reply(status=301, headers={"location": "https://new.example/v1/models"}))
    with pytest.raises(RequestFailed, match=r"write https://new\.example/v1 as"):
        await client.get(GIVEN, "", HttpRequest("/models", {}, "Authorization"), 5)


@pytest.mark.parametrize("dialect", ["anthropic_messages", "ollama", "gemini"])
async def test_a_dialect_that_brings_its_version_is_asked_once(dialect: Any) -> None:
    client, pool = exchange(lambda _: reply(b"{}", status=404))
    await refused(client, endpoint(row("acme", dialect=dialect), base_url="https://gw.example"))
    assert len(pool.requests) == 1
