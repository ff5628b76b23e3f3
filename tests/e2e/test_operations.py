"""``embedding/*``, ``image/*``, ``moderation/*``, ``token/*`` and ``usage/credits`` through the started server."""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import JSON, held, refused

KEY = "good-key-0123456789"


def behave(request: Received) -> Answer:
    """An OpenAI-compatible server that requires the key and has one model for each operation."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return refused(401, {"error": {"message": "bad key"}})
    if request.path == "/v1/credits":
        return refused(403, {"error": {"message": "a management key is needed"}})
    if request.path == "/v1/key":
        return answer({"data": {"limit": 20, "limit_remaining": 15.5, "usage": 4.5}})
    body = json.loads(request.body)
    if body["model"] == "missing":
        return refused(404, {"error": {"message": "The model missing does not exist"}})
    replies = {
        "/v1/embeddings": lambda: {
            "data": [{"index": n, "embedding": [len(text), n]} for n, text in enumerate(body["input"])],
            "usage": {"prompt_tokens": len(body["input"])},
        },
        "/v1/images/generations": lambda: {"data": [{"url": "https://x.example/1.png"}] * body["n"]},
        "/v1/chat/completions": lambda: {
            "choices": [{"message": {"images": [{"image_url": {"url": "https://x.example/1.png"}}]}}]
        },
        "/v1/moderations": lambda: {
            "results": [
                {"flagged": "bad" in text, "categories": {"hate": "bad" in text}, "category_scores": {"hate": 0.5}}
                for text in body["input"]
            ]
        },
        "/v1/responses/input_tokens": lambda: {"object": "response.input_tokens", "input_tokens": 42},
    }
    return answer(replies[request.path]())


def answer(value: Any) -> Answer:
    return Answer(headers=JSON, chunks=[json.dumps(value).encode()])


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(behave) as running:
        yield running


def connect(server: ServerProcess, upstream: LocalServer, provider: str, key: str = KEY) -> None:
    place = {"provider": provider, "baseUrl": f"{upstream.url}/v1", "apiKey": key, "verify": False}
    server.result("provider/connect", place)


def sent(upstream: LocalServer) -> Any:
    return json.loads(upstream.requests[-1].body)


@pytest.mark.parametrize("provider", ["openai", "openai-compatible"])
def test_embeddings(shared: ServerProcess, upstream: LocalServer, provider: str) -> None:
    connect(shared, upstream, provider)
    params = {"input": ["a", "bbb"], "model": f"{provider}/vectors", "dimensions": 2}
    result = shared.result("embedding/create", params)
    assert result["embeddings"] == [[1.0, 0.0], [3.0, 1.0]]
    assert (result["model"], result["provider"]) == ("vectors", provider)
    assert result["usage"]["inputTokens"] == 2
    assert result["usage"]["estimated"] is False
    assert sent(upstream) == {"model": "vectors", "input": ["a", "bbb"], "dimensions": 2}
    (update,) = shared.claim("usage/updated")
    assert update["call"]["usage"] == result["usage"]
    assert "streamId" not in update
    last = shared.result("usage/history", {"limit": 1})["calls"][0]
    assert (last["provider"], last["model"], last["outcome"]) == (provider, "vectors", "ok")
    health = shared.result("provider/status")["health"]
    assert [entry["ok"] for entry in health if entry["provider"] == provider] == [True]


def test_more_texts_than_a_request_may_have(shared: ServerProcess, upstream: LocalServer) -> None:
    connect(shared, upstream, "openai")
    texts = [f"{number:05}" for number in range(3000)]
    result = shared.result("embedding/create", {"input": texts, "provider": "openai"})
    assert len(result["embeddings"]) == 3000
    assert [len(json.loads(request.body)["input"]) for request in upstream.requests] == [2048, 952]
    together = [text for request in upstream.requests for text in json.loads(request.body)["input"]]
    assert together == texts
    assert result["usage"]["inputTokens"] == 3000
    assert len(shared.claim("usage/updated")) == 1


def test_a_large_result_arrives_whole(shared: ServerProcess) -> None:
    params = {"input": [f"text {n}" for n in range(300)], "model": "mock/mock", "dimensions": 100}
    result = shared.result("embedding/create", params)
    assert [len(vector) for vector in result["embeddings"]] == [100] * 300
    assert result["usage"]["inputTokens"] == 600
    shared.claim("usage/updated")


def test_images(shared: ServerProcess, upstream: LocalServer) -> None:
    connect(shared, upstream, "openai")
    params = {"prompt": "a harbour", "model": "openai/gpt-image-1", "size": "1024x1024", "count": 2}
    result = shared.result("image/create", params)
    assert result["images"] == [{"url": "https://x.example/1.png"}] * 2
    assert result["usage"]["estimated"] is True
    assert sent(upstream) == {"model": "gpt-image-1", "prompt": "a harbour", "n": 2, "size": "1024x1024"}
    connect(shared, upstream, "openrouter")
    assert len(shared.result("image/create", {"prompt": "a harbour", "count": 2})["images"]) == 2
    assert sent(upstream)["modalities"] == ["image", "text"]
    shared.claim("usage/updated")


def test_moderation(shared: ServerProcess, upstream: LocalServer) -> None:
    connect(shared, upstream, "openai")
    result = shared.result("moderation/create", {"input": ["good", "bad"]})
    assert (result["flagged"], result["categories"], result["scores"]) == (True, {"hate": True}, {"hate": 0.5})
    assert [entry["flagged"] for entry in result["results"]] == [False, True]
    assert sent(upstream)["model"] == result["model"] == "omni-moderation-latest"
    shared.claim("usage/updated")


def test_token_counts(shared: ServerProcess, upstream: LocalServer) -> None:
    connect(shared, upstream, "openai")
    messages = [{"role": "user", "content": "Hi"}]
    params = {"messages": messages, "model": "openai/gpt-5.6-terra", "system": "Be brief."}
    assert shared.result("token/count", params) == {"inputTokens": 42, "estimated": False}
    assert upstream.requests[-1].path == "/v1/responses/input_tokens"
    assert sent(upstream)["instructions"] == "Be brief."
    estimate = shared.result("token/count", {"text": "x" * 40, "model": "groq/openai/gpt-oss-120b"})
    assert estimate == {"inputTokens": 10, "estimated": True}
    assert len(upstream.requests) == 1


def test_credit(shared: ServerProcess, upstream: LocalServer) -> None:
    connect(shared, upstream, "openrouter")
    result = shared.result("usage/credits", {"provider": "openrouter"})
    assert (result["remainingUsdMicros"], result["totalUsdMicros"]) == (15_500_000, 20_000_000)
    assert (result["usedUsdMicros"], result["scope"]) == (4_500_000, "key")


def test_the_mock_does_everything(shared: ServerProcess) -> None:
    first = shared.result("embedding/create", {"input": ["a", "b", "a"], "model": "mock/mock"})["embeddings"]
    again = shared.result("embedding/create", {"input": "a", "provider": "mock"})["embeddings"]
    assert first[0] == first[2] == again[0]
    assert first[0] != first[1]
    assert sum(number * number for number in first[0]) == pytest.approx(1)
    (image,) = shared.result("image/create", {"prompt": "a", "model": "mock/mock", "size": "3x2"})["images"]
    data = base64.b64decode(image["data"])
    assert image["mimeType"] == "image/png"
    assert struct.unpack(">II", data[16:24]) == (3, 2)
    assert shared.result("moderation/create", {"input": "No violence!", "model": "mock/mock"})["flagged"] is True
    counted = shared.result("token/count", {"text": "one two three", "model": "mock/mock"})
    assert counted == {"inputTokens": 3, "estimated": False}
    assert shared.result("usage/credits", {"provider": "mock"})["remainingUsdMicros"] == 7_500_000
    assert len(shared.claim("usage/updated")) == 4


def test_the_mock_fails_on_request(shared: ServerProcess) -> None:
    before = shared.result("usage/snapshot")
    for method, params in (
        ("embedding/create", {"input": "a"}),
        ("image/create", {"prompt": "a"}),
        ("moderation/create", {"input": "a"}),
        ("token/count", {"text": "a"}),
    ):
        error = shared.error(method, {**params, "model": "mock/mock:fail=rate_limited"})
        assert (error["code"], error["data"]["kind"]) == (-32803, "rate_limited")
    assert len(shared.claim("usage/updated")) == 3
    totals = shared.result("usage/delta", {"before": before})
    assert (totals["totalCalls"], totals["failedCalls"]) == (3, 3)
    unsure = shared.result("embedding/create", {"input": "a b c d e", "model": "mock/mock:nousage"})
    assert unsure["usage"] | {"inputTokens": 3, "estimated": True} == unsure["usage"]
    shared.claim("usage/updated")


@pytest.mark.parametrize(
    ("method", "params", "code", "kind", "field"),
    [
        ("embedding/create", {}, -32602, None, "input"),
        ("embedding/create", {"input": []}, -32602, None, "input"),
        ("embedding/create", {"input": [1]}, -32602, None, "input[0]"),
        ("embedding/create", {"input": "a"}, -32602, None, "model"),
        ("embedding/create", {"input": "a", "model": "mock/mock", "inputType": "poem"}, -32602, None, "inputType"),
        ("embedding/create", {"input": "a", "model": "anthropic/claude-sonnet-5-5"}, -32803, "unsupported", None),
        ("image/create", {"prompt": "a", "model": "groq/m"}, -32803, "unsupported", None),
        ("image/create", {"prompt": "a", "model": "fireworks/m"}, -32803, "unsupported", None),
        ("image/create", {"prompt": "a", "model": "mock/mock", "count": 100}, -32602, None, "count"),
        ("moderation/create", {"input": "a", "provider": "gemini"}, -32803, "unsupported", None),
        ("moderation/create", {"input": "a", "provider": "openai"}, -32803, "auth_required", None),
        ("token/count", {}, -32602, None, "messages"),
        ("usage/credits", {}, -32602, None, "provider"),
        ("usage/credits", {"provider": "unknown"}, -32602, "unknown_provider", "provider"),
        ("usage/credits", {"provider": "groq"}, -32803, "unsupported", None),
    ],
)
def test_refused_requests(
    shared: ServerProcess, method: str, params: dict[str, Any], code: int, kind: str | None, field: str | None
) -> None:
    before = shared.result("usage/snapshot")
    error = shared.error(method, params)
    assert (error["code"], error["data"].get("kind"), error["data"].get("field")) == (code, kind, field)
    assert error["message"].endswith(".")
    assert shared.result("usage/snapshot") == before


def failures(server: ServerProcess, provider: str) -> int:
    """How many calls of a provider have failed since one succeeded."""
    health = server.result("provider/status")["health"]
    return next((entry["failures"] for entry in health if entry["provider"] == provider), 0)


def test_a_refused_key_and_a_missing_model(shared: ServerProcess, upstream: LocalServer) -> None:
    before = failures(shared, "openai-compatible")
    connect(shared, upstream, "openai-compatible")
    error = shared.error("embedding/create", {"input": "a", "model": "openai-compatible/missing"})
    assert (error["data"]["kind"], error["data"]["httpStatus"]) == ("model_not_found", 404)
    connect(shared, upstream, "openai-compatible", key="wrong-key-0123456789")
    error = shared.error("embedding/create", {"input": "a", "model": "openai-compatible/vectors"})
    assert error["data"]["kind"] == "auth_rejected"
    assert "wrong-key-0123456789" not in json.dumps(error)
    assert len(shared.claim("usage/updated")) == 2
    assert failures(shared, "openai-compatible") == before + 2


def test_a_cancelled_request_ends_its_connection(shared: ServerProcess) -> None:
    released, asked = threading.Event(), threading.Event()

    def stall(request: Received) -> Answer:
        asked.set()
        return held([b"{"], released)

    with LocalServer(stall) as upstream:
        connect(shared, upstream, "openai-compatible")
        number = shared.begin("embedding/create", {"input": "a", "model": "openai-compatible/vectors"})
        assert asked.wait(10)
        shared.notify("$/cancelRequest", {"id": number})
        assert shared.reply(number)["error"]["code"] == -32800
        assert upstream.closed_by_client.wait(10)
        released.set()
    (update,) = shared.claim("usage/updated")
    assert update["call"]["outcome"] == "cancelled"
