"""Requests through the vendors' own clients: the user's key, our body, the raw reply."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx2
import pytest

from modelport.adapters.provider_client import vendor_clients
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from support.builders import StubPool, credential, endpoint, reply, row

KEY = "key-0123456789abcdef"
OPENAI = row("openai", wire={"client": "sdk"})
ANTHROPIC = row("anthropic", dialect="anthropic_messages", key_header="x-api-key", auth="key", wire={"client": "sdk"})


async def send(provider: Any, pool: StubPool, **changes: Any) -> bytes:
    """The body of the reply to a request."""
    own = "x-api-key" if provider is ANTHROPIC else "Authorization"
    body = {"model": "m", "stream": True, "invented_by_us": [1, None]}
    changes.setdefault("credential", credential(KEY))
    outgoing = HttpRequest("/v1/messages", {"anthropic-version": "2023-06-01"}, own, body)
    async with ProviderClient(pool).post(endpoint(provider, **changes), "m", outgoing) as (response, _):  # type: ignore[arg-type]
        return b"".join([chunk async for chunk in response.aiter_bytes()])


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=lambda provider: provider.id)
async def test_the_body_goes_out_as_it_is_and_the_reply_comes_raw(provider: Any) -> None:
    pool = StubPool(lambda _: reply(b"data: {}\n\n", b"data: [DONE]\n\n"))
    assert await send(provider, pool) == b"data: {}\n\ndata: [DONE]\n\n"
    assert pool.sent() == {"model": "m", "stream": True, "invented_by_us": [1, None]}
    (request,) = pool.requests
    assert str(request.url) == f"https://{provider.id}.example/v1/v1/messages"


@pytest.mark.parametrize(
    ("provider", "changes", "sent"),
    [
        (OPENAI, {}, {"authorization": f"Bearer {KEY}"}),
        (ANTHROPIC, {}, {"x-api-key": KEY}),
        (ANTHROPIC, {"credential": credential("sk-ant-oat01-0123456789")}, {"authorization": "Bearer sk-ant-oat01-0123456789"}),
        (OPENAI, {"headers": {"AUTHORIZATION": "Basic mine"}}, {"authorization": "Basic mine"}),
        (OPENAI, {"credential": credential(None), "headers": {"api-key": "mine"}}, {"api-key": "mine"}),
        (ANTHROPIC, {"credential": credential(None), "headers": {"Authorization": "Bearer mine"}}, {"authorization": "Bearer mine"}),
        (ANTHROPIC, {"headers": {"X-API-KEY": "mine"}}, {"x-api-key": "mine"}),
    ],
)  # fmt: skip
async def test_the_users_credential_is_the_only_one_that_is_sent(
    provider: Any, changes: dict[str, Any], sent: dict[str, str]
) -> None:
    pool = StubPool(lambda _: reply(b"{}"))
    await send(provider, pool, **changes)
    headers = pool.requests[0].headers
    names = ("authorization", "x-api-key", "api-key")
    assert {name: headers[name] for name in names if name in headers} == sent


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=lambda provider: provider.id)
@pytest.mark.parametrize(("status", "kind"), [(401, "auth_rejected"), (429, "rate_limited"), (500, "provider_unavailable")])  # fmt: skip
async def test_a_refusal_is_a_failure_of_ours_and_is_not_retried(provider: Any, status: int, kind: str) -> None:
    pool = StubPool(lambda _: reply(b'{"error":{"message":"said so"}}', status=status, headers={"retry-after": "0"}))
    with pytest.raises(RequestFailed, match="said so") as failed:
        await send(provider, pool)
    assert (failed.value.kind, failed.value.http_status) == (kind, status)
    assert len(pool.requests) == 1


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=lambda provider: provider.id)
@pytest.mark.parametrize(("error", "kind"), [(httpx2.ConnectError("x"), "network"), (httpx2.ConnectTimeout("x"), "timeout")])  # fmt: skip
async def test_no_reply_is_a_failure_of_ours_and_is_not_retried(provider: Any, error: Exception, kind: str) -> None:
    tries: list[int] = []

    def fail(_: httpx2.Request) -> httpx2.Response:
        tries.append(1)
        raise error

    with pytest.raises(RequestFailed) as failed:
        await send(provider, StubPool(fail))
    assert failed.value.kind == kind
    assert len(tries) == 1


async def test_a_row_without_the_flag_never_sees_a_vendors_client() -> None:
    pool = StubPool(lambda _: reply(b"{}"))
    await send(row(), pool)
    assert not [name for name in pool.requests[0].headers if name.startswith("x-stainless")]
    await send(OPENAI, pool)
    assert [name for name in pool.requests[1].headers if name.startswith("x-stainless")]


async def test_one_client_serves_all_requests_to_an_address_and_keeps_no_key() -> None:
    pool = StubPool(lambda _: reply(b"{}"))
    exchange = ProviderClient(pool)  # type: ignore[arg-type]
    for key in ("first-0123456789", "second-0123456789"):
        outgoing = HttpRequest("/chat/completions", {}, "Authorization", {"model": "m"})
        async with exchange.post(endpoint(OPENAI, credential=credential(key)), "m", outgoing):
            pass
    assert [r.headers["authorization"] for r in pool.requests] == [
        "Bearer first-0123456789",
        "Bearer second-0123456789",
    ]


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=lambda provider: provider.id)
async def test_what_the_environment_holds_for_the_vendor_is_not_sent(
    provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_ADMIN_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS")  # fmt: skip
    for name in names:
        monkeypatch.setenv(name, "X-Own: environment-canary" if name.endswith("HEADERS") else "environment-canary")
    pool = StubPool(lambda _: reply(b"{}"))
    await send(provider, pool)
    assert "environment-canary" not in str(pool.requests[0].headers.multi_items())
    # The address is the connection's too.
    monkeypatch.setenv("OPENAI_BASE_URL", "https://thief.example")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://thief.example")
    await send(provider, pool)
    assert pool.requests[1].url.host == f"{provider.id}.example"


async def test_a_client_is_loaded_ahead_once_and_only_where_it_will_be_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for vendor in ("openai", "anthropic"):
        make = getattr(vendor_clients, f"_make_{vendor}")
        counted = partial(lambda make, vendor, *given: (made.append(vendor), make(*given))[1], make, vendor)
        monkeypatch.setattr(vendor_clients, f"_make_{vendor}", counted)
    exchange = ProviderClient(StubPool(lambda _: reply(b"{}")))  # type: ignore[arg-type]
    await exchange.prepare(endpoint(row()))
    # The client of a vendor cannot help with another's wire format.
    await exchange.prepare(endpoint(OPENAI, dialect="ollama"))
    assert made == []
    for provider in (OPENAI, ANTHROPIC, OPENAI):
        await exchange.prepare(endpoint(provider))
    assert made == ["openai", "anthropic"]
    outgoing = HttpRequest("/chat/completions", {}, "Authorization", {"model": "m"})
    async with exchange.post(endpoint(OPENAI), "m", outgoing):
        pass
    assert made == ["openai", "anthropic"]
