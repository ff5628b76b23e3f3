"""Recorded embeddings, images and token counts, replayed by a real HTTP server that cuts them anywhere.

The README of the recordings says what is expected: for embeddings a count and a dimension. Where the index has
none, it is read from the body itself by means other than the code under test.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.errors import RequestFailed
from modelport.engine.calls.recorder import Caller, Origin
from modelport.protocol import types
from modelport.protocol.secret import Secret
from support.http_server import Answer, LocalServer
from support.recordings import Recording, find

KINDS = dict.fromkeys(("embeddings", "images", "count_tokens", "rerank"), "")
RECORDINGS = find(KINDS)
EXCEPTIONS = {"cohere/rerank-sync-2.json": "ranking documents is no method of the contract"}
CANARY = "canary-5d1f0a77c3e94b26"
KINDS_OF_STATUS = {
    400: {"auth_rejected", "model_not_found", "unsupported"},
    401: {"auth_rejected"},
    404: {"model_not_found"},
}
# The request, where the index has no expectation: texts, and the length of a vector.
VECTORS = {
    "azure/embeddings-sync-1.json": (1, 1536),
    "cohere/embeddings-sync-1.json": (1, 1024),
    "cohere/embeddings-sync-2.json": (6, 384),
    "perplexity/embeddings-sync-1.json": (3, 256),
    "vertex/embeddings-sync-1.json": (1, 768),
}
TOKENS = {"cohere/embeddings-sync-1.json": 7, "cohere/embeddings-sync-2.json": 208, "vertex/embeddings-sync-1.json": 10}
SETTINGS = {"GOOGLE_CLOUD_PROJECT": "some-project", "AZURE_RESOURCE_NAME": "some-resource"}


def recordings(*kinds: str) -> Any:
    """The recordings of some kinds, as parameters."""
    chosen = [r for r in RECORDINGS if r.data["kind"] in kinds and r.name not in EXCEPTIONS]
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording.name)


@pytest.fixture
async def app(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    app = App(Core())
    yield app
    await app.core.aclose()


@pytest.fixture
def recorded() -> list[types.Call]:
    """The calls recorded in the ledger."""
    return []


@pytest.fixture
def caller(recorded: list[types.Call]) -> Caller:
    return Caller(Origin("tests"), lambda call, _: recorded.append(call))


async def connect(app: App, server: LocalServer, recording: Recording) -> None:
    """Connects the recording's provider to the server, in the row's own wire format."""
    await app.connections.connect(
        types.ConnectProviderParams(
            provider=recording.provider, base_url=f"{server.url}/base", api_key=Secret(CANARY), verify=False
        )
    )


def serving(recording: Recording) -> LocalServer:
    """A server that answers everything with the recording."""
    return LocalServer(lambda _: Answer(recording.status, recording.headers, recording.chunks()))


def asked(recording: Recording) -> dict[str, Any]:
    return json.loads(recording.data["request"]["body"])


def model_of(recording: Recording) -> str:
    """The model in the body, or in the path as Google has it."""
    path = recording.data["request"]["url"].rpartition("/models/")[2]
    return asked(recording).get("model") or path.partition(":")[0]


def texts_of(recording: Recording) -> tuple[str, ...]:
    body = asked(recording)
    given = body.get("input") or body.get("texts") or [entry["content"] for entry in body["instances"]]
    return (given,) if isinstance(given, str) else tuple(given)


def test_every_recording_of_these_kinds_is_played() -> None:
    if not RECORDINGS:
        pytest.skip("no recordings: set MODELPORT_RECORDINGS")
    assert set(EXCEPTIONS) < {recording.name for recording in RECORDINGS}
    kinds = [recording.data["kind"] for recording in RECORDINGS]
    assert {kind: kinds.count(kind) for kind in KINDS} == {"embeddings": 9, "images": 5, "count_tokens": 8, "rerank": 1}


@recordings("embeddings")
async def test_embeddings(app: App, caller: Caller, recorded: list[types.Call], recording: Recording) -> None:
    cases = await app.operations.get()
    with serving(recording) as server:
        await connect(app, server, recording)
        if recording.fails:
            # A prediction that was refused: Imagen's, which has the path of Vertex's embeddings.
            params = types.CreateImageParams(
                prompt=asked(recording)["instances"][0]["prompt"],
                provider=recording.provider,
                model=model_of(recording),
            )
            with pytest.raises(RequestFailed) as failed:
                await cases.images.create(params, caller)
            check_failure(recording, failed.value, recorded)
            return
        texts = texts_of(recording)
        dimensions = asked(recording).get("dimensions") or asked(recording).get("output_dimension")
        params = types.CreateEmbeddingParams(
            input=texts, provider=recording.provider, model=model_of(recording), dimensions=dimensions
        )
        with anyio.fail_after(15):
            result = await cases.embeddings.create(params, caller)
    expected = (recording.expected.get("vectors"), recording.expected.get("dim"))
    count, dimension = VECTORS[recording.name] if None in expected else expected
    assert (len(result.embeddings), {len(vector) for vector in result.embeddings}) == (count, {dimension})
    assert all(isinstance(number, float) and -2 < number < 2 for vector in result.embeddings for number in vector)
    tokens = (recording.expected.get("usage_norm") or {}).get("input") or TOKENS[recording.name]
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.estimated) == (tokens, 0, False)
    assert recorded[0].usage == result.usage
    sent = json.loads(server.requests[0].body)
    original = asked(recording)
    if "instances" in original:
        assert sent == original
    assert sent.get("texts") == original.get("texts")
    assert server.requests[0].path.partition("?")[0].endswith(path_of(recording))


def path_of(recording: Recording) -> str:
    """The end of the path that was called, without what the address of an account puts in front."""
    return "/" + recording.data["request"]["url"].partition("?")[0].rpartition("/")[2]


@recordings("images")
async def test_images(app: App, caller: Caller, recorded: list[types.Call], recording: Recording) -> None:
    """All of them are refusals; one is of an edit, whose refusal has the same shape."""
    cases = await app.operations.get()
    with serving(recording) as server:
        await connect(app, server, recording)
        params = types.CreateImageParams(
            prompt=asked(recording)["prompt"], provider=recording.provider, model=model_of(recording)
        )
        with pytest.raises(RequestFailed) as failed, anyio.fail_after(15):
            await cases.images.create(params, caller)
    check_failure(recording, failed.value, recorded)
    sent = json.loads(server.requests[0].body)
    assert {name: sent[name] for name in ("model", "prompt")} == {
        name: asked(recording)[name] for name in ("model", "prompt")
    }


def check_failure(recording: Recording, failure: RequestFailed, recorded: list[types.Call]) -> None:
    assert recording.fails
    assert failure.http_status == recording.status
    assert failure.kind in KINDS_OF_STATUS[recording.status]
    assert failure.provider == recording.provider
    assert failure.message.endswith((".", "?"))
    assert CANARY not in failure.message
    if recorded:
        assert (recorded[0].outcome, recorded[0].error_kind) == ("failed", failure.kind)


@recordings("count_tokens")
async def test_token_counts(app: App, recording: Recording, caller: Caller) -> None:
    cases = await app.operations.get()
    original = asked(recording)
    inner = original.get("generateContentRequest", original)
    params = types.CountTokenParams(
        provider=recording.provider,
        model=model_of(recording),
        text=text_in(inner),
        system=system_in(inner),
        tools=tools_in(inner),
    )
    with serving(recording) as server:
        await connect(app, server, recording)
        if recording.fails:
            with pytest.raises(RequestFailed) as failed:
                await cases.token_counts.count(params, caller)
            check_failure(recording, failed.value, [])
            return
        with anyio.fail_after(15):
            result = await cases.token_counts.count(params, caller)
    counts = json.loads(recording.body)
    assert result.input_tokens == (counts.get("input_tokens") or counts.get("totalTokens"))
    assert not result.estimated
    assert server.requests[0].path.partition("?")[0].endswith(path_of(recording))
    sent = json.loads(server.requests[0].body)
    if "generateContentRequest" in original or recording.provider != "gemini":
        assert sent.keys() - {"tools", "toolConfig"} <= original.keys()
    assert not {"stream", "max_tokens"} & sent.keys()


def text_in(body: dict[str, Any]) -> str:
    message = (body.get("messages") or body["contents"])[0]
    return (message.get("content") or message["parts"])[0]["text"]


def system_in(body: dict[str, Any]) -> str | None:
    system = body.get("system") or (body.get("systemInstruction") or {}).get("parts")
    return system[0]["text"] if system else None


def tools_in(body: dict[str, Any]) -> tuple[types.Tool, ...] | None:
    """The tools of the user's own; those that a provider runs itself are no part of the contract."""
    declared = [tool for entry in body.get("tools") or () for tool in entry.get("functionDeclarations", [entry])]
    tools = [t for t in declared if "input_schema" in t or "parameters" in t]
    return (
        tuple(
            types.Tool(
                name=tool["name"],
                description=tool.get("description"),
                parameters=tool.get("input_schema") or {"type": "object", "properties": {"city": {"type": "string"}}},
            )
            for tool in tools
        )
        or None
    )
