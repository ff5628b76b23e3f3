"""What agents' servers answer to GETs, as running ones or their sources say; and what others answer that are none."""

from __future__ import annotations

from typing import Any

from support.local_answers import LLAMA_LIST, UNAUTHORIZED, UVICORN, Sample, models, openapi, page

PLAIN = {"content_type": "text/plain; charset=utf-8"}
ACP = {"server": "acp"}
EXPOSED = {"access_control_expose_headers": "acp-connection-id,acp-session-id"}
PAGE = page(b"<!doctype html><title>Kimi Code Web</title><div id=app></div>")
SPA = page(b"<!doctype html><title>Something</title><div id=app></div>")
EXPRESS_404 = page(b"<pre>Cannot GET /x</pre>", 404)
EMPTY_404 = page(b"", 404)

NO_SECRET = b"Failed to deserialize query string: missing field `secret`"
WANTS_SSE = page({"error": "Accept header must include text/event-stream"}, 406)
CAPABILITIES = {
    "v": 1,
    "mode": "http-bridge",
    "features": ["health"],
    "workspaceCwd": "/w",
    "qwenCodeVersion": "0.24.4",
}
CARD = {
    "name": "Hello", "description": "Says hello", "version": "1.2.3",
    "supportedInterfaces": [{"url": "http://127.0.0.1:9999/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
    "capabilities": {"streaming": True}, "defaultInputModes": ["text"], "defaultOutputModes": ["text"],
    "skills": [{"id": "hi", "name": "hi", "description": "hi", "tags": ["x"]}],
}  # fmt: skip
OLD_CARD = {
    "name": "Hello", "description": "Says hello", "version": "1.2.3", "url": "http://localhost:10000/",
    "capabilities": {"streaming": True}, "defaultInputModes": ["text"], "defaultOutputModes": ["text"],
    "skills": [{"id": "hi", "name": "hi", "description": "hi", "tags": ["x"]}],
    "preferredTransport": "JSONRPC", "protocolVersion": "0.3.0",
}  # fmt: skip
OLDEST_CARD = {
    "name": "Currency Agent", "description": "Helps", "url": "http://localhost:10000/", "version": "1.0.0",
    "capabilities": {"streaming": True, "pushNotifications": True}, "authentication": {"schemes": []},
    "defaultInputModes": ["text"], "defaultOutputModes": ["text"], "skills": [],
}  # fmt: skip


def listed(*names: str) -> dict[str, Any]:
    """A list of agents as BeeAI's server writes it."""
    types = {"input_content_types": ["*/*"], "output_content_types": ["*/*"]}
    return {"agents": [{"name": n, "description": f"{n}s", "metadata": {"framework": None}, **types} for n in names]}


def beeai(*names: str) -> Sample:
    missing = page({"code": "not_found", "message": "Not Found", "data": None}, 404, **ACP)
    return Sample("BeeAI", "beeai", {"/agents": page(listed(*names), **ACP), "/ping": page({}, **ACP)}, other=missing)


GOOSE = {
    "/health": page(b"ok", **PLAIN),
    "/status": page(b"ok", **PLAIN),
    "/mcp-app-proxy": page(NO_SECRET, 400, **PLAIN),
}
AGENTAPI = {
    "/status": page(
        {"$schema": "http://127.0.0.1:3284/schemas/StatusResponseBody.json", "agent_type": "claude", "status": "stable"}
    ),
    "/openapi.json": page({"openapi": "3.1.0", "info": {"title": "AgentAPI", "version": "0.11.6"}}),
}
HEALTHY = page({"healthy": True, "version": "1.18.33"})
KIMI_HEALTH = page({"code": 0, "msg": "success", "data": {"ok": True}, "request_id": "01M2HGNZBCD49XZV4TEJ721F67"})

# ``provider`` is the id of the row; ``version`` the one that is reported; ``base_path`` the path it is reached at.
SERVERS = [
    Sample("qwen serve", "qwen-serve", {"/acp": WANTS_SSE, "/capabilities": page(CAPABILITIES), "/health": page({"status": "ok"})}, "0.24.4", base_path="/acp", other=EXPRESS_404, tags=frozenset({"open"})),
    Sample("qwen serve with its web page", "qwen-serve", {"/acp": WANTS_SSE, "/capabilities": page(CAPABILITIES)}, "0.24.4", base_path="/acp", other=SPA, tags=frozenset({"open"})),
    Sample("qwen serve that also speaks A2A", "qwen-serve", {"/acp": WANTS_SSE, "/capabilities": page(CAPABILITIES), "/.well-known/agent-card.json": page(CARD)}, "0.24.4", base_path="/acp", other=EXPRESS_404, tags=frozenset({"open"})),
    Sample("goose serve", "goose-serve", {"/acp": page(b"client must accept text/event-stream", 406, **EXPOSED), **GOOSE}, base_path="/acp", other=EMPTY_404, tags=frozenset({"open"})),
    Sample("an older goose serve", "goose-serve", {"/acp": page(b"Bad Request: Acp-Connection-Id header required", 400), **GOOSE}, base_path="/acp", other=EMPTY_404, tags=frozenset({"open"})),
    Sample("goose serve with a token", "goose-serve", {"/acp": page(b"", 401, **EXPOSED), **GOOSE}, base_path="/acp", other=EMPTY_404, tags=frozenset({"locked"})),
    Sample("opencode serve", "opencode-serve", {"/global/health": HEALTHY, "/doc": page(b'{"openapi":"3.1.1","info":{"title":"opencode","description":"opencode api","version":"1.0.0"},"paths":{' + b'"/x":{},' * 20_000)}, "1.18.33", base_path="", other=SPA, tags=frozenset({"open"})),
    Sample("opencode serve, spaced", "opencode-serve", {"/global/health": HEALTHY, "/doc": page(b'{"openapi": "3.1.1", "info": {"title": "opencode"}}')}, "1.18.33", base_path="", other=SPA, tags=frozenset({"open"})),
    Sample("kimi web", "kimi-web", {"/": PAGE, "/acp": PAGE, "/agents": PAGE, "/status": PAGE, "/health": PAGE, "/api/v1/healthz": KIMI_HEALTH}, base_path="", other=page(b"Not found", 404, **PLAIN)),
    Sample("AgentAPI", "agentapi", AGENTAPI, "0.11.6", base_path="", other=page(b"404 page not found", 404, **PLAIN), tags=frozenset({"open"})),
    Sample("BeeAI", "beeai", beeai("echo").answers, base_path="", other=beeai().other, tags=frozenset({"open", "ready"})),
    Sample("BeeAI behind a proxy", "beeai", {"/agents": page(listed("echo"), server="nginx")}, base_path="", tags=frozenset({"open", "ready"})),
    Sample("A2A 1.0", "a2a", {"/.well-known/agent-card.json": page(CARD, **UVICORN)}, "1.2.3", base_path="", tags=frozenset({"ready"})),
    Sample("A2A 1.0 for versions before", "a2a", {"/.well-known/agent-card.json": page(OLD_CARD | CARD, **UVICORN)}, "1.2.3", base_path="", tags=frozenset({"ready"})),
    Sample("A2A 0.3", "a2a", {"/.well-known/agent-card.json": page(OLD_CARD, **UVICORN)}, "1.2.3", base_path="", tags=frozenset({"ready"})),
    Sample("A2A 0.2", "a2a", {"/.well-known/agent.json": page(OLDEST_CARD, **UVICORN)}, "1.0.0", base_path="", tags=frozenset({"ready"})),
    Sample("an unknown ACP server", "acp-server", {"/acp": WANTS_SSE}, base_path="/acp", other=EXPRESS_404),
    Sample("one that wants a connection", "acp-server", {"/acp": page({"error": "Missing Acp-Connection-Id"}, 400)}, base_path="/acp"),
    Sample("one that exposes its header", "acp-server", {"/acp": page(b"", 406, **EXPOSED)}, base_path="/acp"),
    Sample("one that wants a token", "acp-server", {"/acp": page(b"", 401, **EXPOSED)}, base_path="/acp", tags=frozenset({"locked"})),
    Sample("one with a web page", "acp-server", {"/acp": WANTS_SSE}, base_path="/acp", other=SPA),
]  # fmt: skip

VLLM = {
    "/v1/models": page(models("Qwen/Qwen3-0.6B", owner="vllm", root="Qwen/Qwen3-0.6B"), **UVICORN),
    "/health": page(b""),
    "/version": page({"version": "0.11.2"}),
    "/openapi.json": page(openapi("FastAPI", "/v1/models")),
}

OTHERS = [
    Sample("vLLM", None, VLLM),
    Sample("llama.cpp", None, {"/v1/models": page(LLAMA_LIST), "/health": page({"status": "ok"})}),
    Sample("a 200 for everything", None, {}, other=SPA),
    Sample("a JSON 200 for everything", None, {}, other=page({"status": "ok", "version": "1.0", "healthy": True})),
    Sample("a list of agents for everything", None, {}, other=page({"agents": [], "name": "x"})),
    Sample("a 401 for everything", None, {}, other=UNAUTHORIZED),
    Sample("a 406 for everything", None, {}, other=WANTS_SSE),
    Sample("a server of tools at every path", None, {}, other=page({"jsonrpc": "2.0", "error": {"code": -32000, "message": "Not Acceptable: Client must accept text/event-stream"}, "id": None}, 406)),
    Sample("a server of tools", None, {"/mcp": WANTS_SSE, "/health": page(b"ok")}),
    Sample("a complaint about everything", None, {}, other=page({"error": "Missing Acp-Connection-Id"}, 400)),
    Sample("a redirect", None, {}, other=(302, {"location": "http://192.0.2.1/acp"}, b"")),
    Sample("agents of estate", None, {"/agents": page({"agents": [{"name": "Smith", "phone": "1"}]})}),
    Sample("agents without a list", None, {"/agents": page([{"name": "Smith", "input_content_types": []}])}),
    Sample("no agents, and no sign of BeeAI", None, {"/agents": page({"agents": []})}),
    Sample("a service that is healthy", None, {"/global/health": HEALTHY, "/health": page(b"ok"), "/status": page(b"ok")}),
    Sample("another service with its status", None, {"/status": page({"status": "stable", "agent_type": "snmp"}), "/openapi.json": page(openapi("Monitor"))}),
    Sample("a card without an address", None, {"/.well-known/agent-card.json": page({"name": "x", "skills": [], "capabilities": {}})}),
    Sample("a card that is none", None, {"/.well-known/agent-card.json": page([1]), "/.well-known/agent.json": page("card")}),
    Sample("a web site about ACP", None, {"/acp": page(b"<title>ACP: text/event-stream and Acp-Connection-Id</title>")}),
    Sample("another single page with an interface", None, {"/": SPA, "/api/v1/healthz": KIMI_HEALTH}),
]  # fmt: skip
