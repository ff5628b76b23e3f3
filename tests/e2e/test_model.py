"""``model/*`` through the started server."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import JSON

KEY = "good-key-canary-0123456789"


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {**JSON, **headers}, [json.dumps(value).encode()])


class Upstream:
    """An OpenAI-compatible service and an Ollama in one, which may be down and pulls where a test lets it."""

    def __init__(self) -> None:
        self.down = False
        self.go_on = threading.Event()
        self.models: list[dict[str, Any]] = [{"name": "qwen3:8b", "digest": "d1"}]
        self.server = LocalServer(self._answer)

    def _answer(self, request: Received) -> Answer:
        body = json.loads(request.body or b"{}")
        if self.down:
            return json_answer({"error": "out of order"}, 503)
        match request.path:
            case "/models":
                if request.headers.get("if-none-match") == '"v1"':
                    return Answer(304)
                return json_answer({"data": [{"id": "zeta", "context_length": 4096}, {"id": "gpt-4o"}]}, ETag='"v1"')
            case "/api/tags":
                return json_answer({"models": self.models})
            case "/api/show":
                return json_answer({"capabilities": ["completion", "tools"], "model_info": {"q.context_length": 40960}})
            case "/api/pull":
                return Answer(chunks=self._pull(body["model"]))
            case "/api/delete":
                self.models = [model for model in self.models if model["name"] != body["model"]]
                return Answer()
            case "/api/chat":
                return json_answer({"error": f'model "{body["model"]}" not found, try pulling it first'}, 404)
            case _:
                return json_answer(
                    {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, 404
                )

    def _pull(self, model: str) -> Iterator[bytes]:
        if model == "nobodys":
            yield b'{"error":"pull model manifest: file does not exist"}\n'
            return
        yield b'{"status":"pulling manifest"}\n'
        yield b'{"status":"pulling aa","digest":"aa","total":2000000}\n'
        yield b'{"status":"pulling aa","digest":"aa","total":2000000,"completed":500000}\n'
        if model == "endless":
            while not self.go_on.wait(0.01):
                yield b'{"status":"pulling aa","digest":"aa","total":2000000,"completed":500000}\n'
        yield b'{"status":"pulling aa","digest":"aa","total":2000000,"completed":2000000}\n'
        yield b'{"status":"success"}\n'
        self.models.append({"name": model, "digest": "new"})

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.server.requests)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    running = Upstream()
    yield running
    running.go_on.set()
    running.server.close()


def connect(server: ServerProcess, upstream: Upstream, provider: str = "openai-compatible", **more: Any) -> None:
    params = {"provider": provider, "baseUrl": upstream.server.url, "verify": False, **more}
    server.result("provider/connect", params)


def ids(result: dict[str, Any]) -> list[str]:
    return [model["id"] for model in result["models"]]


def test_providers_that_are_not_in_use_get_no_request(server: ServerProcess) -> None:
    assert server.result("model/list") == {"models": [], "errors": []}


def test_list_of_a_provider_without_a_key_is_the_catalog_with_the_reason(shared: ServerProcess) -> None:
    result = shared.result("model/list", {"provider": "DeepSeek"})
    (failed,) = result["errors"]
    assert (failed["provider"], failed["error"]["kind"]) == ("deepseek", "auth_required")
    assert "DEEPSEEK_API_KEY" in failed["error"]["message"]
    by_id = {model["id"]: model for model in result["models"]}
    assert ids(result)[:2] == ["deepseek-ai/DeepSeek-V3.2", "deepseek-ai/DeepSeek-R1"]
    old = by_id["deepseek-chat"]
    assert old["source"] == "curated"
    assert (old["retired"], old["retiresOn"], old["successor"]) == (True, "2026-07-24", "deepseek-v4-flash")
    assert "retired" not in by_id["deepseek-v4-flash"]
    assert by_id["deepseek-v4-flash"]["price"]["inputUsdPerMtok"] > 0


def test_without_a_key_a_provider_with_free_models_lists_those(shared: ServerProcess) -> None:
    def listed(**more: Any) -> list[dict[str, Any]]:
        return shared.result("model/list", {"provider": "opencode", "cached": True} | more)["models"]

    free = listed()
    assert "big-pickle" in [model["id"] for model in free]
    assert all(model["price"]["inputUsdPerMtok"] == 0 == model["price"]["outputUsdPerMtok"] for model in free)
    found = shared.result("model/search", {"query": "sonnet", "provider": "opencode"})["models"]
    assert found == []
    shared.result("provider/connect", {"provider": "opencode", "apiKey": KEY, "verify": False})
    assert "claude-sonnet-5-5" in [model["id"] for model in listed()]


def test_list_is_requested_once_and_then_revalidated(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "groq", apiKey=KEY)
    first = shared.result("model/list", {"provider": "groq"})
    live = [model for model in first["models"] if model["source"] == "live"]
    assert live == [
        {"id": "zeta", "provider": "groq", "contextWindow": 4096, "source": "live"},
        {"id": "gpt-4o", "provider": "groq", "source": "live"},
    ]
    assert shared.result("model/list") == first, "it is connected, so it is among all"
    assert upstream.asked("/models") == 1
    assert shared.result("model/list", {"provider": "groq", "refresh": True}) == first
    assert upstream.asked("/models") == 2


def test_the_list_is_kept_for_the_next_process_and_the_key_is_not(upstream: Upstream, tmp_path: Path) -> None:
    env = {"MODELPORT_DATA_DIR": str(tmp_path)}
    for _ in range(2):
        with ServerProcess(env=env) as server:
            server.initialize()
            connect(server, upstream, "groq", apiKey=KEY)
            assert "zeta" in ids(server.result("model/list", {"provider": "groq"}))
            assert server.close() == 0
    assert upstream.asked("/models") == 1
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"zeta" in content for content in kept)
    assert not any(KEY.encode() in content for content in kept)


def test_a_provider_that_fails_is_reported_beside_the_others(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "groq", apiKey=KEY)
    before = ids(shared.result("model/list"))
    connect(shared, upstream, "ollama")
    upstream.down = True
    result = shared.result("model/list", {"refresh": True})
    assert [failed["provider"] for failed in result["errors"]] == ["ollama", "groq"]
    assert {failed["error"]["kind"] for failed in result["errors"]} == {"provider_unavailable"}
    groq = [model for model in result["models"] if model["provider"] == "groq"]
    assert [model["id"] for model in groq] == before, "the older list stands in"


def test_the_list_of_a_local_server_is_never_cached(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    assert shared.result("model/list")["models"] == [
        {
            "id": "qwen3:8b",
            "provider": "ollama",
            "contextWindow": 40960,
            "inputModalities": ["text"],
            "tools": True,
            "reasoning": False,
            "price": {"inputUsdPerMtok": 0.0, "outputUsdPerMtok": 0.0},
            "source": "live",
        }
    ]
    upstream.models.append({"name": "new", "digest": "d2"})
    assert ids(shared.result("model/list")) == ["qwen3:8b", "new"]
    assert upstream.asked("/api/show") == 2, "what has not changed is not asked again"


def test_a_cached_list_needs_no_request(upstream: Upstream, tmp_path: Path) -> None:
    env = {"MODELPORT_DATA_DIR": str(tmp_path)}
    with ServerProcess(env=env) as server:
        server.initialize()
        connect(server, upstream, "groq", apiKey=KEY)
        connect(server, upstream, "ollama")
        before = server.result("model/list", {"cached": True})
        assert not {model["source"] for model in before["models"]} & {"live"}
        assert upstream.server.requests == []
        live = server.result("model/list")
        assert {"zeta", "qwen3:8b"} <= set(ids(live))
        asked = len(upstream.server.requests)
        assert server.result("model/list", {"cached": True}) == live
        assert len(upstream.server.requests) == asked
        assert server.close() == 0
    with ServerProcess(env=env) as server:
        server.initialize()
        connect(server, upstream, "groq", apiKey=KEY)
        connect(server, upstream, "ollama")
        assert server.result("model/list", {"cached": True}) == live, "kept by an earlier process"
        error = server.error("model/list", {"cached": True, "refresh": True})
        assert (error["code"], error["data"]["field"]) == (-32602, "cached")
        assert server.close() == 0
    assert len(upstream.server.requests) == asked


def test_limit(shared: ServerProcess) -> None:
    assert len(shared.result("model/list", {"provider": "openai", "limit": 3})["models"]) == 3
    for method in ("model/list", "model/search"):
        error = shared.error(method, {"limit": 0})
        assert (error["code"], error["data"]["field"]) == (-32602, "limit")


def test_search_over_everything_that_is_known(server: ServerProcess, upstream: Upstream) -> None:
    connect(server, upstream, "groq", apiKey=KEY)
    found = server.result("model/search", {"query": "zeta"})
    assert found == {"models": [{"id": "zeta", "provider": "groq", "contextWindow": 4096, "source": "live"}]}
    cheap = server.result(
        "model/search", {"query": "claude", "requires": ["tools", "vision"], "maxInputUsdPerMtok": 3, "sort": "price"}
    )["models"]
    prices = [model["price"]["inputUsdPerMtok"] for model in cheap if not model.get("retired")]
    assert len(prices) > 3
    assert prices == sorted(prices)
    assert all(price <= 3 for price in prices)
    assert all(model["tools"] and "image" in model["inputModalities"] for model in cheap)
    only = server.result("model/search", {"provider": "xai", "sort": "context", "limit": 2})["models"]
    assert [model["provider"] for model in only] == ["xai", "xai"]
    assert upstream.asked("/models") == 1


@pytest.mark.parametrize(
    ("params", "field"),
    [({"requires": ["x"]}, "requires[0]"), ({"sort": "x"}, "sort"), ({"maxInputUsdPerMtok": -1}, "maxInputUsdPerMtok")],
)
def test_search_explains_an_unknown_requirement(shared: ServerProcess, params: dict[str, Any], field: str) -> None:
    error = shared.error("model/search", params)
    assert (error["code"], error["data"]["field"]) == (-32602, field)


@pytest.mark.parametrize("method", ["model/list", "model/search", "model/pull", "model/delete"])
def test_an_unknown_provider(shared: ServerProcess, method: str) -> None:
    error = shared.error(method, {"provider": "olama", "model": "x"})
    assert (error["code"], error["data"]["kind"]) == (-32602, "unknown_provider")
    assert "ollama" in error["message"]


def test_pull_reports_percent_and_bytes(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    pull = {"provider": "ollama", "model": "ollama/llama3.2:3b", "workDoneToken": "p"}
    assert shared.result("model/pull", pull) == {}
    begin, *reports, end = [note["value"] for note in shared.claim("$/progress")]
    assert begin == {"kind": "begin", "title": "Downloading ollama/llama3.2:3b", "percentage": 0}
    assert end == {"kind": "end"}
    assert [report["percentage"] for report in reports] == [0, 0, 25, 100, 100]
    assert reports[2] == {
        "kind": "report",
        "message": "pulling aa: 500.0 kB of 2.0 MB",
        "percentage": 25,
        "completedBytes": 500000,
        "totalBytes": 2000000,
    }
    assert ids(shared.result("model/list", {"provider": "ollama"})) == ["llama3.2:3b", "qwen3:8b"]


def test_cancel_stops_the_download(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    request = shared.begin("model/pull", {"provider": "ollama", "model": "endless", "workDoneToken": 1})
    shared.take(lambda m: m.get("method") == "$/progress" and m["params"]["value"].get("percentage") == 25)
    shared.notify("$/cancelRequest", {"id": request})
    assert shared.reply(request)["error"]["code"] == -32800
    assert upstream.server.closed_by_client.wait(5)
    kinds = [note["value"]["kind"] for note in shared.claim("$/progress")]
    assert kinds == ["begin", *itertools.repeat("report", len(kinds) - 2), "end"]
    assert shared.alive()


def test_pull_of_an_unknown_model(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    error = shared.error("model/pull", {"provider": "ollama", "model": "nobodys"})
    assert (error["code"], error["data"]["kind"]) == (-32803, "model_not_found")


@pytest.mark.parametrize("provider", ["openai", "lmstudio", "ollama-cloud"])
@pytest.mark.parametrize("method", ["model/pull", "model/delete"])
def test_providers_that_do_not_download_say_so(shared: ServerProcess, method: str, provider: str) -> None:
    error = shared.error(method, {"provider": provider, "model": "x"})
    assert (error["code"], error["data"]["kind"], error["data"]["field"]) == (-32602, "unsupported", "provider")


def test_delete(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    params = {"provider": "ollama", "model": "qwen3:8b", "workDoneToken": "d"}
    assert shared.result("model/delete", params) == {}
    begin, end = (params["value"] for params in shared.claim("$/progress"))
    assert (begin["kind"], begin["title"], end["kind"]) == ("begin", "Deleting qwen3:8b", "end")
    assert shared.result("model/list", {"provider": "ollama"})["models"] == []


def test_a_missing_model_names_the_command_that_pulls_it(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "ollama")
    shared.result("model/list", {"provider": "ollama"})
    error = shared.error("completion/create", {"model": "ollama/qwen3:80b", "prompt": "hi"})
    assert error["data"]["kind"] == "model_not_found"
    assert "modelport pull ollama/qwen3:80b" in error["message"]
    assert "or use qwen3:8b" in error["message"]
    assert error["data"]["action"] == "run modelport pull ollama/qwen3:80b"


def test_an_unknown_model_names_the_nearest_ones(shared: ServerProcess, upstream: Upstream) -> None:
    connect(shared, upstream, "openai-compatible", model="gpt-4oo")
    shared.result("model/list")
    error = shared.error("completion/create", {"prompt": "hi"})
    assert error["data"]["kind"] == "model_not_found"
    assert error["message"].endswith("; the nearest it has is gpt-4o.")
    other = shared.error("completion/create", {"model": "openai-compatible/www", "prompt": "hi"})
    assert other["message"].endswith("; it has zeta, gpt-4o.")


def test_a_retired_model_says_what_replaced_it(upstream: Upstream) -> None:
    env = {"DEEPSEEK_API_BASE": upstream.server.url, "DEEPSEEK_API_KEY": KEY}
    with ServerProcess(env=env) as server:
        server.initialize()
        error = server.error("completion/create", {"model": "deepseek/deepseek-chat", "prompt": "hi"})
        assert server.close() == 0
    assert error["data"]["kind"] == "model_not_found"
    assert "it was retired on 2026-07-24: use deepseek-v4-flash." in error["message"]
    assert error["data"]["action"] == "use deepseek-v4-flash"
