"""Answers of local model servers to GETs, from running ones or their sources; and answers of other servers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from support.http_server import Answer, Received

NOT_FOUND = (404, {"content-type": "application/json"}, b'{"detail":"Not Found"}')
UVICORN = {"server": "uvicorn", "content-type": "application/json"}

Raw = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Sample:
    """A server by its answers. ``provider`` is None where no provider may be identified."""

    name: str
    provider: str | None
    answers: dict[str, Raw]
    version: str | None = None
    models: tuple[str, ...] = ()
    base_path: str = "/v1"
    other: Raw = NOT_FOUND
    tags: frozenset[str] = field(default_factory=frozenset)

    def answer(self, path: str) -> Raw:
        return self.answers.get(path, self.other)

    def behave(self, request: Received) -> Answer:
        """For ``support.http_server.LocalServer``."""
        status, headers, body = self.answer(request.path)
        return Answer(status=status, headers=headers, chunks=[body] if body else [])


def page(value: Any, status: int = 200, **headers: str) -> Raw:
    """A page of JSON as Python writes it, of text, or of bytes."""
    if isinstance(value, bytes):
        return status, {name.replace("_", "-"): text for name, text in headers.items()}, value
    kind = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return status, kind, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def models(*ids: str, owner: str | None = None, **more: Any) -> dict[str, Any]:
    """A model list as OpenAI writes it."""
    entry: dict[str, Any] = {"object": "model", "created": 1795183049}
    if owner is not None:
        entry["owned_by"] = owner
    return {"object": "list", "data": [{"id": name} | entry | more for name in ids]}


def openapi(title: str, *paths: str, version: str = "0.1.0") -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": {path: {} for path in paths}}


UNAUTHORIZED = page({"error": "Unauthorized"}, 401)
OK = page({"status": "ok"})
BASE_HTTP = {"server": "BaseHTTP/0.6 Python/3.11.7"}
LLAMA = {"server": "llama.cpp"}
KOBOLD = {"server": "ConcedoLlamaForKoboldServer"}
TAGS = {"models": [{"name": "qwen3:8b", "model": "qwen3:8b"}, {"name": "gemma3:4b", "model": "gemma3:4b"}]}
LLAMA_LIST = {
    "models": [{"name": "tiny.gguf", "model": "tiny.gguf", "type": "model", "capabilities": ["completion"]}],
    **models("tiny.gguf", owner="llamacpp", meta={"n_ctx_train": 512}),
}
TGI_INFO = {
    "model_id": "HuggingFaceH4/zephyr-7b-beta", "model_sha": "abc", "model_pipeline_tag": "text-generation",
    "max_concurrent_requests": 128, "max_best_of": 2, "max_stop_sequences": 4, "max_input_tokens": 1024,
    "max_total_tokens": 2048, "validation_workers": 2, "max_client_batch_size": 4,
    "router": "text-generation-router", "version": "3.3.4", "sha": None, "docker_label": "sha-1",
}  # fmt: skip
TEI_INFO = {
    "model_id": "BAAI/bge-large-en", "model_sha": "abc", "model_dtype": "float16", "model_type": {"embedding": {}},
    "max_concurrent_requests": 512, "max_input_length": 512, "max_batch_tokens": 16384, "max_client_batch_size": 32,
    "tokenization_workers": 8, "version": "1.8.0", "sha": "abc", "docker_label": "sha-1",
}  # fmt: skip
LEMONADE_HEALTH = {"status": "ok", "version": "9.3.3", "model_loaded": None, "all_models_loaded": [], "max_models": {}}
LOCALAI = {"version": "v2.28.0", "endpoints": {"models": "/v1/models"}, "endpoint_groups": {}, "capabilities": {}}
FOUNDRY = {"endpoints": ["http://127.0.0.1:5273"], "modelDirPath": "/models", "pipeName": "inference_agent"}
WEBUI = openapi(
    "FastAPI", "/v1/completions", "/v1/models", "/v1/internal/token-count", "/v1/internal/logits", "/v1/internal/model/info"
)  # fmt: skip
TRANSFORMERS = openapi("FastAPI", "/v1/chat/completions", "/v1/responses", "/load_model", "/reset", "/v1/models", "/health")  # fmt: skip
UNEXPECTED = page({"error": "Unexpected endpoint or method. (GET /x). Returning 200 anyway"}, x_powered_by="Express")

SERVERS = [
    Sample("ollama", "ollama", {"/": page(b"Ollama is running"), "/api/version": page({"version": "0.14.1"}), "/api/tags": page(TAGS), "/v1/models": page(models("qwen3:8b", "gemma3:4b", owner="library"))}, "0.14.1", ("qwen3:8b", "gemma3:4b"), "", page(b"404 page not found", 404)),
    Sample("ollama without models", "ollama", {"/": page(b"Ollama is running"), "/api/version": page({"version": "0.14.1"}), "/api/tags": page({"models": []}), "/v1/models": page({"object": "list", "data": None})}, "0.14.1", (), ""),
    Sample("Docker Model Runner", "docker-model-runner", {"/": page(b"Docker Model Runner is running"), "/version": page({"version": "1.0.4"}), "/api/tags": page(TAGS), "/v1/models": page(models("docker.io/ai/gemma3:latest", owner="docker")), "/engines/v1/models": page(models("docker.io/ai/gemma3:latest", owner="docker"))}, "1.0.4", ("docker.io/ai/gemma3:latest",), "/engines/v1"),
    Sample("LM Studio", "lmstudio", {"/v1/models": page(models("phi-4", owner="organization_owner"), x_powered_by="Express"), "/lmstudio-greeting": page({"lmstudio": True}, x_powered_by="Express")}, None, ("phi-4",), other=UNEXPECTED),
    Sample("LM Studio without models", "lmstudio", {"/v1/models": page(models(), x_powered_by="Express"), "/lmstudio-greeting": page({"lmstudio": True})}, other=UNEXPECTED),
    Sample("LM Studio with a token", "lmstudio", {"/v1/models": UNAUTHORIZED, "/lmstudio-greeting": page({"lmstudio": True})}, other=UNEXPECTED, tags=frozenset({"locked"})),
    Sample("llama.cpp", "llama-cpp", {"/v1/models": page(LLAMA_LIST, **LLAMA), "/health": page({"status": "ok"}, **LLAMA), "/props": page({"default_generation_settings": {}, "build_info": "b1-0c1e570"}, **LLAMA)}, "b1-0c1e570", ("tiny.gguf",), other=page({"error": {"code": 404, "message": "File Not Found"}}, 404, **LLAMA)),
    Sample("llama.cpp with a key", "llama-cpp", {"/health": page({"status": "ok"}, **LLAMA)}, other=page({"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}, 401, **LLAMA), tags=frozenset({"locked"})),
    Sample("llama.cpp while it loads", "llama-cpp", {}, other=page({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503, **LLAMA), tags=frozenset({"busy"})),
    Sample("llama.cpp behind a proxy", "llama-cpp", {"/v1/models": page(LLAMA_LIST, server="nginx")}, None, ("tiny.gguf",)),
    Sample("vLLM", "vllm", {"/v1/models": page(models("Qwen/Qwen3-0.6B", owner="vllm", root="Qwen/Qwen3-0.6B", parent=None, max_model_len=8192, permission=[]), **UVICORN), "/version": page({"version": "0.11.2"}), "/metrics": page(b"# HELP vllm:num x\nvllm:num 1.0\n")}, "0.11.2", ("Qwen/Qwen3-0.6B",)),
    Sample("vLLM with a key", "vllm", {"/v1/models": UNAUTHORIZED, "/version": page({"version": "0.11.2"}), "/metrics": page(b"# HELP python_gc x\npython_gc 1\nvllm:num_requests_running 1.0\n")}, "0.11.2", tags=frozenset({"locked"})),
    Sample("SGLang", "sglang", {"/v1/models": page(models("Qwen/Qwen3-0.6B", owner="sglang", root="Qwen/Qwen3-0.6B", max_model_len=8192), **UVICORN), "/server_info": page({"mem_fraction_static": 0.9, "version": "0.5.23"})}, "0.5.23", ("Qwen/Qwen3-0.6B",)),
    Sample("SGLang with a key", "sglang", {"/metrics": page(b"# TYPE sglang:num gauge\nsglang:num 1.0\n")}, other=UNAUTHORIZED, tags=frozenset({"locked"})),
    Sample("llama-cpp-python", "llama-cpp-python", {"/v1/models": page({"object": "list", "data": [{"id": "/m/tiny.gguf", "object": "model", "owned_by": "me", "permissions": []}]}, **UVICORN), "/openapi.json": page(openapi("🦙 llama.cpp Python API", version="0.3.36"))}, "0.3.36", ("/m/tiny.gguf",)),
    Sample("llama-cpp-python with a key", "llama-cpp-python", {"/v1/models": page({"detail": "Invalid API key"}, 401, **UVICORN), "/openapi.json": page(openapi("🦙 llama.cpp Python API", version="0.3.36"))}, "0.3.36", tags=frozenset({"locked"})),
    Sample("KoboldCpp", "koboldcpp", {"/": page(b"<!doctype html><title>KoboldAI Lite", **KOBOLD), "/v1/models": page(models("koboldcpp/phi-4", owner="koboldcpp", permission=[], root="koboldcpp"), **KOBOLD), "/api/extra/version": page({"result": "KoboldCpp", "version": "1.99", "protected": False, "llm": True}), "/api/tags": page(TAGS), "/api/version": page({"version": "0.7.0"}), "/props": page({"default_generation_settings": {"n_ctx": 4096}})}, "1.99", ("koboldcpp/phi-4",), other=page(b"Error: KoboldCpp HTTP Server is running, but this endpoint does not exist.", 404)),
    Sample("GPT4All", "gpt4all", {"/v1/models": page(models("Llama 3 8B Instruct", owner="humanity", root="Llama 3 8B Instruct", parent=None, permissions=[]))}, None, ("Llama 3 8B Instruct",)),
    Sample("Lemonade 10", "lemonade", {"/": page(b"<!doctype html>"), "/v1/models": page(models("Qwen3-0.6B-GGUF", owner="lemonade", recipe="llamacpp")), "/api/v1/models": page(models("Qwen3-0.6B-GGUF", owner="lemonade")), "/api/v1/health": page(LEMONADE_HEALTH), "/api/tags": page(TAGS)}, "9.3.3", ("Qwen3-0.6B-GGUF",), "/api/v1"),
    Sample("Lemonade 9", "lemonade", {"/": page(b"<!doctype html>"), "/api/v1/models": page(models("Qwen3-0.6B-GGUF", owner="lemonade")), "/api/v1/health": page(LEMONADE_HEALTH), "/api/tags": page(TAGS)}, "9.3.3", ("Qwen3-0.6B-GGUF",), "/api/v1"),
    Sample("LiteLLM", "litellm", {"/": page(b"<!DOCTYPE html><title>LiteLLM API - Swagger UI</title>"), "/v1/models": page(models("mock-chat", owner="openai")), "/health/liveliness": page("I'm alive!"), "/health/readiness": page({"status": "healthy", "db": "Not connected", "litellm_version": "1.106.2"})}, "1.106.2", ("mock-chat",)),
    Sample("LiteLLM with a key", "litellm", {"/v1/models": page({"error": {"message": "No api key passed in."}}, 401), "/health/liveliness": page("I'm alive!"), "/health/readiness": page({"status": "healthy", "db": "Not connected"})}, tags=frozenset({"locked"})),
    Sample("LiteLLM that cannot check a key", "litellm", {"/v1/models": page(b"Internal Server Error", 500), "/health/liveliness": page("I'm alive!"), "/health/readiness": page({"status": "healthy"})}, tags=frozenset({"busy"})),
    Sample("LocalAI", "localai", {"/v1/models": page({"object": "list", "data": [{"id": "gpt-4", "object": "model"}]}), "/.well-known/localai.json": page(LOCALAI), "/version": page({"version": "v2.28.0"}), "/api/version": page({"version": "0.9.0"}), "/api/tags": page(TAGS)}, "v2.28.0", ("gpt-4",)),
    Sample("LocalAI with a key", "localai", {"/.well-known/localai.json": page(LOCALAI)}, "v2.28.0", other=UNAUTHORIZED, tags=frozenset({"locked"})),
    Sample("an old LocalAI", "localai", {"/v1/models": page({"object": "list", "data": [{"id": "gpt-4", "object": "model"}]}), "/metrics": page(b"# HELP localai_api_call x\nlocalai_api_call 1\n")}, None, ("gpt-4",)),
    Sample("TGI 3", "tgi", {"/": page(b""), "/info": page(TGI_INFO), "/v1/models": page(models("HuggingFaceH4/zephyr-7b-beta", owner="HuggingFaceH4/zephyr-7b-beta"))}, "3.3.4", ("HuggingFaceH4/zephyr-7b-beta",)),
    Sample("TGI 1", "tgi", {"/": page(b"", 405), "/info": page(TGI_INFO | {"version": "1.4.0", "max_batch_total_tokens": 16000}), }, "1.4.0", ("HuggingFaceH4/zephyr-7b-beta",), tags=frozenset({"busy"})),
    Sample("mlx", "mlx", {"/v1/models": page(b'{"object": "list", "data": [{"id": "tiny", "object": "model", "created": 1}]}', **BASE_HTTP), "/health": page(b'{"status": "ok"}', **BASE_HTTP)}, None, ("tiny",), other=page(b"Not Found", 404, **BASE_HTTP)),
    Sample("mlx without downloads", "mlx", {"/v1/models": page(b"", **BASE_HTTP), "/health": page(b'{"status": "ok"}', **BASE_HTTP)}, other=page(b"Not Found", 404, **BASE_HTTP), tags=frozenset({"busy"})),
    Sample("Foundry Local", "foundry-local", {"/openai/status": page(FOUNDRY), "/openai/models": page(["phi-4-mini"]), "/v1/models": page(models("phi-4-mini", owner="Microsoft"))}, None, ("phi-4-mini",)),
    Sample("Foundry Local as its page says", "foundry-local", {"/openai/status": page({"Endpoints": [], "ModelDirPath": "/m", "PipeName": "p"}), "/openai/models": page([])}, tags=frozenset({"busy"})),
    Sample("Jan", "jan", {"/": page(b"<!DOCTYPE html><title>API Docs</title>"), "/openapi.json": page(b'{\n  "openapi": "3.0.0",\n  "info": {\n    "title": "Jan API Server Endpoints",\n    "version": "1.0"\n  }\n}'), "/v1/models": page(b"Missing authorization header", 401)}, other=page(b"Missing authorization header", 401), tags=frozenset({"locked"})),
    Sample("Jan without a key", "jan", {"/openapi.json": page(b'{"info": {"title": "Jan API Server Endpoints"}}'), "/v1/models": page(models("jan-v3", owner="user"))}, None, ("jan-v3",)),
    Sample("text-generation-webui", "text-generation-webui", {"/openapi.json": page(WEBUI, **UVICORN), "/v1/models": page(models("phi", owner="user"), **UVICORN), "/v1/internal/model/info": page({"model_name": "phi"})}, None, ("phi",)),
    Sample("text-generation-webui with a key", "text-generation-webui", {"/openapi.json": page(WEBUI, **UVICORN), "/v1/models": page({"detail": "Unauthorized"}, 401)}, tags=frozenset({"locked"})),
    Sample("transformers", "transformers", {"/openapi.json": page(TRANSFORMERS, **UVICORN), "/v1/models": page(models("Qwen/Qwen3-0.6B", owner="Qwen"), **UVICORN), "/health": OK}, None, ("Qwen/Qwen3-0.6B",)),
    Sample("transformers without downloads", "transformers", {"/openapi.json": page(TRANSFORMERS, **UVICORN), "/v1/models": page(b"Internal Server Error", 500), "/health": OK}, tags=frozenset({"busy"})),
    Sample("aimock", "openai-compatible", {"/": page({"error": {"message": "Not found", "type": "not_found"}}, 404), "/v1/models": page(models("gpt-4", owner="aimock")), "/api/tags": page(TAGS), "/health": OK}, None, ("gpt-4",)),
    Sample("an imitator of KoboldCpp", "openai-compatible", {"/v1/models": page(models("m", owner="tabbyAPI")), "/api/extra/version": page({"result": "KoboldCpp", "version": "1.74"}), "/openapi.json": page(openapi("FastAPI", "/v1/models", "/v1/internal/model/info"))}, None, ("m",)),
    Sample("a gateway to many", "openai-compatible", {"/v1/models": page({"object": "list", "data": [*models("a", owner="vllm")["data"], *models("b", owner="me")["data"]]})}, None, ("a", "b")),
    Sample("a list without its kind", "openai-compatible", {"/v1/models": page({"data": [{"id": "m", "object": "model"}]})}, None, ("m",)),
    Sample("a list without models", "openai-compatible", {"/v1/models": page(models())}),
]  # fmt: skip

OTHERS = [
    Sample("a web server", None, {"/": page(b"<!doctype html><title>Welcome to nginx!", server="nginx")}),
    Sample("a 200 for everything", None, {}, other=page(b"<!doctype html><div id=app></div>")),
    Sample("a JSON 200 for everything", None, {}, other=page({"status": "ok", "version": "1.0"})),
    Sample("a 401 for everything", None, {}, other=UNAUTHORIZED),
    Sample("Ollama's paths and nothing else", None, {"/api/tags": page(TAGS), "/api/version": page({"version": "0.9.0"}), "/version": page({"version": "1"})}),
    Sample("a web page for Ollama", None, {"/": page(b"<p>Ollama is running</p>")}),
    Sample("text-embeddings-inference", None, {"/info": page(TEI_INFO), "/health": page(b"")}),
    Sample("an application of Spring", None, {"/info": page({"app": {"name": "billing", "version": "4"}}), "/health": page({"status": "UP"})}),
    Sample("a service that is healthy", None, {"/health": OK, "/health/liveliness": page({"status": "alive"}), "/metrics": page(b"process_cpu_seconds_total 1\n")}),
    Sample("an application of FastAPI", None, {"/openapi.json": page(openapi("FastAPI", "/items", "/reset")), "/v1/models": page({"data": {"cars": ["a"]}})}),
    Sample("a redirect", None, {}, other=(302, {"location": "http://192.0.2.1/"}, b"")),
    Sample("a list of something else", None, {"/v1/models": page([1, 2, 3])}),
]  # fmt: skip
