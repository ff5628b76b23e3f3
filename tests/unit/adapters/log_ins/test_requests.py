"""What a log-in has sent does not come back in the reply that is an error; any other reply is as it came."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.requests import Reply, request
from support.builders import endpoint
from support.http_server import Answer, LocalServer

SECRET = "gsk_CANARY5f0c2e7d91b84a63"
FORM = {"grant_type": "refresh_token", "client_id": "Iv1.b507a08c87ecfe98", "refresh_token": SECRET}


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool()
    yield made
    await made.aclose()


async def replied(pool: HttpPool, answer: Answer, *, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
    with LocalServer(lambda _: answer) as server:
        return await request(pool, endpoint(), "POST", server.url, headers=headers or {}, **(body or {"form": FORM}))


def shown(reply: Reply) -> str:
    return f"{reply.body.decode()} {dict(reply.fields)} {dict(reply.headers)}"


def repeated(status: int, **fields: Any) -> Answer:
    return Answer(status, {"X-Request-Id": SECRET, "Retry-After": "7"}, [json.dumps(fields).encode()])


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("body", [{"form": FORM}, {"json": FORM}, {"headers": {"Authorization": f"token {SECRET}"}}])
async def test_an_error_repeats_no_secret(pool: HttpPool, status: int, body: dict[str, Any]) -> None:
    told = f"no {SECRET}, {SECRET.encode().hex()}, from Iv1.b507a08c87ecfe98"
    reply = await replied(pool, repeated(status, error="invalid_grant", error_description=told), **body)
    assert "CANARY" not in shown(reply)
    assert SECRET.encode().hex() not in shown(reply)
    assert reply.fields["error"] == "invalid_grant"
    # What helps to find the mistake is there.
    assert "Iv1.b507a08c87ecfe98" in reply.fields["error_description"]
    assert (reply.status, reply.headers.get("retry-after")) == (status, "7")


async def test_a_code_is_known_where_a_secret_lies_over_two_values(pool: HttpPool) -> None:
    # Without what is taken out, this is no JSON any more.
    reply = await replied(pool, repeated(400, error="invalid_grant", one=[SECRET[:14]], **{SECRET[14:]: 1}))
    assert "91b84a63" not in shown(reply)
    assert reply.fields == {"error": "invalid_grant"}


async def test_a_secret_is_no_code_of_an_error(pool: HttpPool) -> None:
    reply = await replied(pool, repeated(400, error=SECRET))
    assert "CANARY" not in shown(reply)


async def test_a_refresh_token_that_stays_comes_back_whole(pool: HttpPool) -> None:
    reply = await replied(pool, repeated(200, access_token="new-0123456789", refresh_token=SECRET))
    assert reply.fields["refresh_token"] == SECRET
