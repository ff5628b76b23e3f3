"""Every recorded exchange of the built dialects, replayed by a real HTTP server that cuts it anywhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import pytest

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.completions.listener import NullListener
from modelport.domain.errors import RequestFailed
from modelport.engine.calls.recorder import Origin
from modelport.protocol import types
from modelport.protocol.secret import Secret
from support.http_server import Answer, LocalServer, Received
from support.recordings import ROOT, ROWS, Recording, find
from support.shipped import shipped_registry

RECORDINGS = find()
EXCEPTIONS = {
    "anthropic/anthropic-sync-nousage-nofin-1.json": "a skill upload, not a completion",
    "openai/anthropic-sync-nousage-nofin-1.json": "an assistants thread listing, not a completion",
    "openai/openai-chat-sync-nousage-nofin-1.json": "a skill upload, not a completion",
    "gemini/gemini-sync-nousage-nofin-1.json": "a batch job, not a completion",
    "azure/responses-stream-ptools-reason-1.json": "several replies of an agent run joined into one body",
    "openai/responses-stream-ptools-reason-1.json": "several replies of an agent run joined into one body",
}
FINISH: dict[str | int | None, str] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "incomplete:max_output_tokens": "length",
    "tool_calls": "toolCalls",
    "tool_use": "toolCalls",
    "queued": "other",
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "TOOL_CALL": "toolCalls",
    "STOP": "stop",
    1: "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "contentFilter",
    "UNEXPECTED_TOOL_CALL": "other",
    None: "other",
}
SERVED = re.compile(rb'"name": ?"(\w+)"[^{}]*"type": ?"server_tool_use"')
PLANS = re.compile(rb'"tool_plan": ?("(?:[^"\\]|\\.)*")')
CANARY = "canary-7f3a9c51d2e84b60"


class Listener(NullListener):
    """Keeps the deltas."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def text(self, text: str) -> None:
        self.pieces.append(text)

    def recorded(self, call: types.Call, budgets: Sequence[types.BudgetStatus]) -> None:
        self.call = call


def test_recordings_are_there_in_ci() -> None:
    if not RECORDINGS:
        message = f"no recordings at {ROOT}: set MODELPORT_RECORDINGS"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert len(EXCEPTIONS) < len(RECORDINGS) * 0.02
    assert set(EXCEPTIONS) <= {recording.name for recording in RECORDINGS}


def test_the_rows_say_themselves_that_there_are_recordings_of_them() -> None:
    if not RECORDINGS:
        pytest.skip("no recordings: test_recordings_are_there_in_ci shows the folder")
    index = json.loads((ROOT / "index.json").read_text(encoding="utf-8"))
    recorded = {ROWS.get(row["provider"], row["provider"]) for row in index}
    assert {row.id for row in shipped_registry().all() if "recordings" in row.tested} == recorded


@pytest.fixture(scope="module")
def server() -> Any:
    by_path = {f"/{index}/": recording for index, recording in enumerate(RECORDINGS)}

    def replay(request: Received) -> Answer:
        recording = by_path[request.path[: request.path.index("/", 1) + 1]]
        return Answer(recording.status, recording.headers, recording.chunks())

    with LocalServer(replay) as running:
        yield running


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for all recordings, so that they share connections as calls of one server do."""
    return "asyncio"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELPORT_DATA_DIR", str(tmp_path_factory.mktemp("replay")))
        app = App(Core())
    yield app
    await app.core.aclose()


async def play(app: App, server: LocalServer, recording: Recording, listener: Listener) -> types.Completion:
    index = RECORDINGS.index(recording)
    model = requested_model(recording)
    await app.connections.connect(
        types.ConnectProviderParams(
            provider=recording.provider,
            base_url=f"{server.url}/{index}",
            dialect=recording.dialect,  # type: ignore[arg-type]
            api_key=Secret(CANARY),
            verify=False,
        )
    )
    params = types.CreateCompletionParams(provider=recording.provider, model=model, prompt="replayed")
    with anyio.fail_after(15):
        return await (await app.completions.get()).create(params, listener, Origin())


def requested_model(recording: Recording) -> str:
    try:
        return json.loads(recording.data["request"]["body"])["model"] or "some-model"
    except (KeyError, TypeError, ValueError):
        return "some-model"


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
async def test_recording(app: App, server: LocalServer, recording: Recording) -> None:
    if recording.name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[recording.name])
    listener = Listener()
    if recording.fails:
        with pytest.raises(RequestFailed) as failed:
            await play(app, server, recording, listener)
        check_failure(recording, failed.value)
        return
    completion = await play(app, server, recording, listener)
    assert completion.text == (recording.expected.get("text") or "")
    assert "".join(listener.pieces) == completion.text
    assert completion.finish_reason in finish_reasons(recording)
    assert calls_of(completion) == calls_expected(recording)
    if reasoning_is_known(recording):
        assert completion.reasoning == reasoning_expected(recording)
    if "sig" in recording.data["features"]:
        # The signed reasoning has to be sent back with the next turn.
        assert completion.provider_state is not None
    check_usage(recording, completion.usage)
    assert listener.call.usage == completion.usage


def check_failure(recording: Recording, failure: RequestFailed) -> None:
    assert failure.message.endswith((".", "?"))
    assert "\n" not in failure.message
    assert CANARY not in failure.message
    if recording.status >= 400:
        assert failure.http_status == recording.status
    expected_kinds = {
        401: {"auth_rejected"},
        402: {"quota_exhausted"},
        403: {"forbidden"},
        429: {"rate_limited", "quota_exhausted"},
        500: {"provider_unavailable"},
        502: {"invalid_response", "provider_unavailable"},
    }
    assert failure.kind in expected_kinds.get(recording.status, {failure.kind})
    assert failure.provider == recording.provider
    if recording.blocked:
        assert failure.kind == "content_filtered"


def finish_reasons(recording: Recording) -> set[str]:
    raw = recording.expected.get("finish_reason")
    mapped = FINISH[raw]
    if recording.expected.get("tool_calls") and mapped in ("stop", "other"):
        return {"toolCalls"}
    if mapped == "toolCalls" and not recording.expected.get("tool_calls"):
        # Calls that are only announced are none.
        return {"other"}
    if raw is None and recording.dialect == "ollama":
        # A line that says done and gives no reason comes from older versions, which had only one.
        return {"stop"}
    if raw is None and b'"error":{"code"' in recording.body:
        return {"contentFilter"}
    return {mapped}


def calls_of(completion: types.Completion) -> list[tuple[str, Any]]:
    return [(c.name, c.arguments if c.arguments is not None else c.arguments_text) for c in completion.tool_calls]


def calls_expected(recording: Recording) -> list[tuple[str, Any]]:
    """The recordings' own reading of Bedrock takes what the service ran itself for calls of the client's tools."""
    served = set(SERVED.findall(recording.body))
    calls = recording.expected.get("tool_calls") or []
    return [(call["name"], _arguments(call["arguments"])) for call in calls if call["name"].encode() not in served]


def _arguments(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("__unparsed__", value)
    try:
        return json.loads(value or "{}")
    except ValueError:
        return value


def reasoning_is_known(recording: Recording) -> bool:
    """The recordings' own reading leaves out the fields ``reasoning_text`` and Responses' full reasoning."""
    return recording.expected.get("reasoning") is not None or b"reasoning_text" not in recording.body


def reasoning_expected(recording: Recording) -> str:
    """The recordings' own reading leaves out the plans that Cohere's models make for their tools."""
    plans = PLANS.findall(recording.body) if recording.dialect == "cohere_chat" else []
    return (recording.expected.get("reasoning") or "") + "".join(map(json.loads, plans))


def check_usage(recording: Recording, usage: types.Usage) -> None:
    counts = recording.expected.get("usage_norm")
    if not counts:
        assert usage.estimated
        return
    raw = recording.expected.get("usage") or {}
    read, written = counts.get("input") or 0, counts.get("output") or 0
    if recording.dialect == "bedrock_converse":
        read += (raw.get("cacheReadInputTokens") or 0) + (raw.get("cacheWriteInputTokens") or 0)
    if recording.dialect == "anthropic_messages":
        read += (raw.get("cache_read_input_tokens") or 0) + (raw.get("cache_creation_input_tokens") or 0)
    if recording.dialect == "cohere_chat":
        # Images are counted apart.
        read += raw["tokens"].get("image_tokens") or 0
    reasoning = counts.get("reasoning") or raw.get("reasoning_tokens")
    if reasoning and raw.get("total_tokens") == read + written + reasoning:
        # xAI's chat and some gateways leave reasoning out of the output count.
        written += reasoning
    if recording.dialect == "gemini":
        written += counts.get("reasoning") or 0
        # For videos the input stands in the total only.
        read = read or raw["totalTokenCount"] - written
    assert not usage.estimated
    assert (usage.input_tokens, usage.output_tokens) == (read, written)
    assert (usage.cache_read_tokens or 0) == (counts.get("cached") or 0)
    if "reasoning" in counts:
        assert (usage.reasoning_tokens or 0) == (counts["reasoning"] or 0)
