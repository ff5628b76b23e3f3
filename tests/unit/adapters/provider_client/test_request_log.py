"""The log of requests: one line each, in the log of its provider, without content or keys."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from support.builders import StubPool, credential, endpoint, reply, row

KEY = "sk-canary-0123456789"
ASKED = HttpRequest("/chat?key=canary", {"X-Own": "canary"}, "Authorization", {"text": "canary"})
PLACE = endpoint(row("acme"), credential=credential(KEY))


def client(**answer: Any) -> ProviderClient:
    return ProviderClient(StubPool(lambda _: reply(b"canary", **answer)))  # type: ignore[arg-type]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert "canary" not in caplog.text
    return [record.getMessage() for record in caplog.records if record.name == "modelport.providers.acme"]


async def test_a_call_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modelport")
    async with client(headers={"x-request-id": "req-1"}).post(PLACE, "m", ASKED) as (response, _):
        await response.aread()
    (line,) = lines(caplog)
    assert re.fullmatch(
        r"POST https://acme.example/v1/chat for m: HTTP 200 after \d+ ms, over after \d+ ms, "
        r"17 bytes sent, 6 received, request id req-1",
        line,
    )


async def test_a_list_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modelport")
    await client().get(PLACE, "", HttpRequest("/models", {}, "Authorization"), 3)
    (line,) = lines(caplog)
    assert line.startswith("GET https://acme.example/v1/models for no model: HTTP 200 ")


async def test_a_refusal_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modelport")
    with pytest.raises(RequestFailed):
        async with client(status=429, headers={"x-request-id": "req-2"}).post(PLACE, "m", ASKED):
            pass
    (line,) = lines(caplog)
    assert re.fullmatch(r"POST .* for m: rate_limited, HTTP 429, after \d+ ms, request id req-2", line)


async def test_nothing_is_logged_unless_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "modelport")
    async with client().post(PLACE, "m", ASKED):
        pass
    assert lines(caplog) == []


async def test_a_provider_has_a_logger_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modelport.providers.other")
    async with client().post(PLACE, "m", ASKED):
        pass
    assert lines(caplog) == []


async def test_words_of_the_provider_and_of_the_client_stay_one_line_without_a_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "modelport")
    async with client(headers={"x-request-id": f"{KEY}\t{'a' * 5000}"}).post(PLACE, f"m\n{KEY}", ASKED) as (
        response,
        _,
    ):
        await response.aread()
    (line,) = lines(caplog)
    assert " for m [redacted]: HTTP 200 " in line
    assert " request id [redacted] aaa" in line
    assert len(line) < 2000
    assert line.isprintable()
