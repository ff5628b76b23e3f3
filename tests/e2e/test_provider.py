"""``provider/*`` through the started server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from modelport.app.core import Core
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Route
from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import JSON, refused, streamed


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    """An OpenAI-compatible server with two models that requires the key ``good``."""

    def behave(request: Received) -> Answer:
        if request.headers.get("authorization") != "Bearer good-key-0123456789":
            return refused(401, {"error": {"message": "bad key"}})
        if request.method == "GET":
            return Answer(headers=JSON, chunks=[b'{"data": [{"id": "small"}, {"id": "large"}]}'])
        return streamed("ok")

    with LocalServer(behave) as running:
        yield running


def ids(result: dict[str, Any]) -> list[str]:
    return [provider["id"] for provider in result["providers"]]


def test_list_and_filters(shared: ServerProcess) -> None:
    everything = shared.result("provider/list", {})
    assert len(ids(everything)) >= 126
    local = shared.result("provider/list", {"connectionType": "local"})
    assert "ollama" in ids(local)
    assert all(p["connectionType"] == "local" for p in local["providers"])
    labs = shared.result("provider/list", {"category": "us labs"})
    assert {"openai", "anthropic"} <= set(ids(labs))
    assert "ollama" not in ids(labs)
    # Two gateways, which another program has among the hosts of models.
    hosts = shared.result("provider/list", {"category": "Model Hosts"})["providers"]
    assert {p["id"]: p["category"] for p in hosts if p["id"] in ("openrouter", "opencode")} == {
        "openrouter": "Gateways",
        "opencode": "Gateways",
    }
    configured = shared.result("provider/list", {"configuredOnly": True})
    assert "mock" in ids(configured)
    assert "openai" not in ids(configured)
    assert shared.error("provider/list", {"connectionType": "remote"})["data"]["field"] == "connectionType"


def test_a_key_in_memory_is_enough_for_another_model(server: ServerProcess, upstream: LocalServer) -> None:
    """An editor switches the model of a connection whose key is only in the server's memory."""
    given = {"provider": "groq", "apiKey": "good-key-0123456789", "baseUrl": f"{upstream.url}/v1"}
    server.result("provider/connect", given)
    (groq,) = [p for p in server.result("provider/list")["providers"] if p["id"] == "groq"]
    assert (groq["credential"]["source"], groq["connected"]) == ("session", True)
    again = {"provider": "groq", "model": "large", "verify": False}
    assert server.error("provider/connect", again)["data"]["kind"] == "auth_required"
    connection = server.result("provider/connect", {**again, "keepOverrides": True})
    assert (connection["model"], connection["baseUrl"]) == ("large", f"{upstream.url}/v1")
    assert server.result("completion/create", {"prompt": "Hi"})["text"] == "ok"
    server.claim("usage/updated")


def test_the_record_of_a_provider(shared: ServerProcess) -> None:
    listed = {p["id"]: p for p in shared.result("provider/list")["providers"]}
    openai = listed["openai"]
    assert openai["apiKeyEnvVars"] == ["OPENAI_API_KEY"]
    assert openai["baseUrl"] == "https://api.openai.com/v1"
    assert openai["credential"] == {"provider": "openai", "source": "none"}
    assert openai["supported"] is True
    assert openai["connected"] is False
    assert listed["ollama"]["credential"]["source"] == "notRequired"
    assert listed["github-models"]["status"] == "retired"
    assert listed["github-models"]["notice"]
    assert all(provider["supported"] for provider in listed.values())


def test_connect_makes_it_the_active_connection(server: ServerProcess, upstream: LocalServer) -> None:
    params = {"provider": "compatible", "baseUrl": upstream.url, "apiKey": "good-key-0123456789"}
    connection = server.result("provider/connect", params)
    assert connection["provider"] == "openai-compatible"
    assert connection["model"] == "small"
    assert connection["verified"] is True
    assert connection["latencyMs"] > 0
    assert connection["credential"]["source"] == "session"
    assert connection["credential"]["last4"] == "6789"
    assert server.result("completion/create", {"prompt": "hi"})["text"] == "ok"
    status = server.result("provider/status")
    assert status["active"] == connection
    (health,) = status["health"]
    assert (health["provider"], health["ok"], health["calls"]) == ("openai-compatible", True, 1)
    assert "good-key" not in str(status)


def test_failed_check_changes_nothing(server: ServerProcess, upstream: LocalServer) -> None:
    server.result("provider/connect", {"provider": "mock"})
    before = server.result("provider/status")
    params = {"provider": "openai-compatible", "baseUrl": upstream.url, "apiKey": "a-wrong-key-0000"}
    error = server.error("provider/connect", params)
    assert error["code"] == -32803
    assert error["data"]["kind"] == "auth_rejected"
    assert server.result("provider/status") == before


def test_connect_without_a_check_sends_nothing(server: ServerProcess, upstream: LocalServer) -> None:
    params = {"provider": "openai-compatible", "baseUrl": upstream.url, "model": "m", "verify": False}
    assert server.result("provider/connect", params)["verified"] is False
    assert upstream.requests == []


def test_connect_by_model_alone(server: ServerProcess) -> None:
    connection = server.result("provider/connect", {"model": "mock/mock:words=2"})
    assert (connection["provider"], connection["model"]) == ("mock", "mock:words=2")
    assert server.result("completion/create", {"prompt": "x"})["text"] == "The quick"


def test_overrides_last_until_disconnected(server: ServerProcess, upstream: LocalServer) -> None:
    params = {
        "provider": "groq",
        "baseUrl": upstream.url,
        "apiKey": "good-key-0123456789",
        "headers": {"X-Team": "blue"},
    }
    server.result("provider/connect", params)
    server.result("completion/create", {"prompt": "hi", "model": "groq/other"})
    assert upstream.requests[-1].headers["x-team"] == "blue"
    assert upstream.requests[-1].path == "/chat/completions"
    server.result("provider/disconnect", {"provider": "GROQ"})
    error = server.error("completion/create", {"prompt": "hi", "model": "groq/other"})
    assert error["data"]["kind"] == "auth_required"
    assert server.error("completion/create", {"prompt": "hi"})["code"] == -32602


def test_disconnect_returns_to_the_connection_before(server: ServerProcess, upstream: LocalServer) -> None:
    server.result("provider/connect", {"provider": "mock"})
    server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": upstream.url, "verify": False})
    server.result("provider/disconnect", {"provider": "openai-compatible"})
    assert server.result("provider/status")["active"]["provider"] == "mock"
    assert server.result("provider/disconnect") == {}
    assert server.result("provider/status")["active"] is None


def test_dialect_of_an_endpoint_of_ones_own(server: ServerProcess) -> None:
    def messages(_: Received) -> Answer:
        body = (
            b'{"type":"message","content":[{"type":"text","text":"from messages"}],"stop_reason":"end_turn","usage":{}}'
        )
        return Answer(headers=JSON, chunks=[body])

    with LocalServer(messages) as upstream:
        params = {
            "provider": "custom",
            "model": "m",
            "baseUrl": upstream.url,
            "dialect": "anthropic_messages",
            "apiKey": "some-key-0123456789",
            "verify": False,
        }
        server.result("provider/connect", params)
        assert server.result("completion/create", {"prompt": "x"})["text"] == "from messages"
        request = upstream.requests[0]
        assert request.path == "/v1/messages"
        assert request.headers["x-api-key"] == "some-key-0123456789"
        assert request.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize(
    ("params", "kind", "field"),
    [
        ({}, None, "model"),
        ({"provider": "unknown"}, "unknown_provider", "provider"),
        ({"provider": "openai-compatible", "baseUrl": "ftp://x"}, None, "baseUrl"),
        ({"provider": "openai", "apiKey": "sk-ant-api03-0123456789"}, "invalid_key_format", "apiKey"),
        ({"provider": "ollama", "timeoutMs": -1}, None, "timeoutMs"),
        ({"provider": "ollama", "dialect": "telepathy"}, None, "dialect"),
        ({"provider": "azure", "apiKey": "0123456789abcdef"}, None, "baseUrl"),
    ],
)
def test_wrong_connections(shared: ServerProcess, params: dict[str, Any], kind: str | None, field: str) -> None:
    error = shared.error("provider/connect", params)
    assert error["code"] == -32602
    assert error["data"].get("kind") == kind
    assert error["data"]["field"] == field


def test_retired_service_says_what_replaced_it(shared: ServerProcess) -> None:
    error = shared.error("provider/connect", {"provider": "lepton", "apiKey": "0123456789abcdef"})
    listed = {p["id"]: p for p in shared.result("provider/list")["providers"]}
    assert listed["lepton"]["notice"] in error["message"]


def test_a_wrong_path_hints_at_the_base_url(server: ServerProcess) -> None:
    with LocalServer(lambda _: refused(404, {"detail": "Not Found"})) as upstream:
        error = server.error("provider/connect", {"provider": "openai-compatible", "baseUrl": upstream.url})
        assert error["data"]["kind"] == "invalid_response"
        assert upstream.url in error["message"]


def test_vendor_clients_send_the_users_key_and_no_other(server: ServerProcess) -> None:
    with LocalServer(lambda _: refused(401, {"error": {"message": "no"}})) as upstream:
        for provider in ("openai", "anthropic"):
            params = {"provider": provider, "baseUrl": upstream.url, "apiKey": "0123456789abcdef", "verify": False}
            server.result("provider/connect", params)
            assert server.error("completion/create", {"prompt": "x"})["data"]["kind"] == "auth_rejected"
        openai, anthropic = (request.headers for request in upstream.requests)
        assert openai["authorization"] == "Bearer 0123456789abcdef"
        assert anthropic["x-api-key"] == "0123456789abcdef"
        assert anthropic["anthropic-version"] == "2023-06-01"
        assert "authorization" not in anthropic
        oauth = {"provider": "anthropic", "baseUrl": upstream.url, "apiKey": "sk-ant-oat01-0123456789", "verify": False}
        server.result("provider/connect", oauth)
        server.error("completion/create", {"prompt": "x"})
        headers = upstream.requests[-1].headers
        assert headers["authorization"] == "Bearer sk-ant-oat01-0123456789"
        assert headers["anthropic-beta"] == "oauth-2025-04-20"
        assert "x-api-key" not in headers


def test_what_rests_is_shown_by_every_editor_and_ended_by_a_check(server: ServerProcess, upstream: LocalServer) -> None:
    async def meet_failures() -> None:
        """As another editor does."""
        core = Core()
        route = Route(provider="groq", address="https://api.groq.com/openai/v1", key="k1", model="m", client="Zed")
        for kind, hint in (("rate_limited", 90_000), ("auth_rejected", None)):
            await core.circuits.failed(route, RequestFailed(kind, "No.", retry_after_ms=hint))
        await core.aclose()

    asyncio.run(meet_failures())
    (groq,) = server.result("provider/status", {})["health"]
    assert (groq["provider"], groq["ok"], groq["calls"]) == ("groq", False, 0)
    limited, refused = groq["circuits"]
    assert (limited["state"], limited["model"], limited["client"]) == ("open", "m", "Zed")
    assert limited["error"] == {"kind": "rate_limited", "message": "No."}
    assert 0 < limited["retryAfterMs"] <= 90_000 < refused["retryAfterMs"]
    assert "model" not in refused
    given = {"provider": "groq", "apiKey": "good-key-0123456789", "baseUrl": f"{upstream.url}/v1"}
    server.result("provider/connect", given)
    with ServerProcess() as other:
        other.initialize()
        (groq,) = other.result("provider/status", {})["health"]
        assert [circuit["error"]["kind"] for circuit in groq["circuits"]] == ["rate_limited"]
        assert other.close() == 0
