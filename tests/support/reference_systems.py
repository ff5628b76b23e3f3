"""One server for the addresses that the pages in docs/from assume: Ollama at its root, others below it by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from support.http_server import Answer, Received
from support.local_answers import SERVERS
from support.sse import JSON, refused
from support.vendors import FORMATS

VARIABLES = {
    "OPENAI_BASE_URL": "URL/openai/v1",
    "OPENAI_API_KEY": "sk-0123456789abcdef",
    "ANTHROPIC_BASE_URL": "URL/anthropic",
    "ANTHROPIC_API_KEY": "sk-ant-0123456789abcdef",
    "OPENROUTER_API_BASE": "URL/openrouter/v1",
    "OPENROUTER_API_KEY": "sk-or-0123456789abcdef",
    "GROQ_BASE_URL": "URL/groq/v1",
    "GROQ_API_KEY": "gsk_0123456789abcdef",
    "OPENCODE_API_BASE": "URL/opencode/v1",
    "OLLAMA_HOST": "URL",
}
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
OLLAMA = next(sample for sample in SERVERS if sample.name == "ollama")
HALF = b'{"status":"pulling aa","digest":"aa","total":4000,"completed":%d}\n'


def _model(name: str, about: str, price: str) -> dict[str, Any]:
    return {"id": name, "name": name, "description": about, "pricing": {"prompt": price, "completion": price}}


MODELS = {
    "/openai/v1/models": [{"id": "gpt-4"}, {"id": "gpt-4o"}, {"id": "gpt-4o-mini"}],
    "/anthropic/v1/models": [{"id": "claude-sonnet-4-6", "type": "model"}],
    "/openrouter/v1/models": [
        _model("openai/gpt-4", "A large model", "0.00003"),
        _model("openai/gpt-5-codex", "For coding", "0.00000125"),
        _model("openai/gpt-5-codex-mini", "For coding, cheap", "0.00000025"),
        _model("qwen/qwen3-coder", "For coding", "0.0000002"),
    ],
    "/groq/v1/models": [{"id": "llama-3.3-70b-versatile"}],
    "/opencode/v1/models": [{"id": "glm-5.3"}, {"id": "big-pickle"}],
}
REPLIES: dict[str, Callable[[Any], Any]] = {
    "/embeddings": lambda body: {"data": [{"index": n, "embedding": [0.6, 0.8]} for n, _ in enumerate(body["input"])]},
    "/images/generations": lambda _: {"data": [{"url": "https://images.example/1.png"}]},
    "/moderations": lambda body: {
        "results": [{"flagged": False, "categories": {}, "category_scores": {}} for _ in body["input"]]
    },
    "/count_tokens": lambda _: {"input_tokens": 9},
    "/responses/input_tokens": lambda _: {"input_tokens": 9},
}


def answer_all(request: Received) -> Answer:
    """Answers a request as the service at its path does."""
    path = request.path.partition("?")[0]
    if request.method != "POST":
        return _listed(path) or OLLAMA.behave(request)
    if path == "/api/pull":
        return Answer(chunks=[HALF % 2000, HALF % 4000, b'{"status":"success"}\n'])
    body = json.loads(request.body or b"null")
    if isinstance(body, dict) and body.get("model") == "missing-model":
        return refused(404, {"error": "model 'missing-model' not found"})
    for end, reply in REPLIES.items():
        if path.endswith(end):
            return _json(reply(body))
    for name in ("openai_chat", "anthropic_messages", "ollama"):
        if path.endswith(FORMATS[name].path):
            return Answer(chunks=FORMATS[name].answer)
    return OLLAMA.behave(request)


def _listed(path: str) -> Answer | None:
    if path in MODELS:
        return _json({"object": "list", "data": MODELS[path]})
    if path == "/openrouter/v1/credits":
        return _json({"data": {"total_credits": 10, "total_usage": 2.5}})
    return None


def _json(value: Any) -> Answer:
    return Answer(headers=JSON, chunks=[json.dumps(value).encode()])
