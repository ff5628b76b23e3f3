"""The async client: every call, through the engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import keyring
import pytest
from blockbuster import blockbuster_ctx

import modelport
from support.builders import CANARY
from support.file_keyring import FileKeyring
from support.http_server import Answer, LocalServer
from support.sse import JSON, SSE, streamed
from support.vendors import FORMATS, SAID

WEATHER = modelport.Tool(
    name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)


async def read(deltas: AsyncIterator[str], into: list[str]) -> None:
    async for delta in deltas:
        into.append(delta)  # noqa: PERF401  what came before the error is to be seen


@pytest.fixture
async def client() -> AsyncIterator[modelport.Client]:
    async with modelport.Client(name="tests", project="site") as client:
        yield client


async def test_a_completion_is_counted_under_the_clients_name(client: modelport.Client) -> None:
    with blockbuster_ctx("modelport"):
        before = await client.usage_snapshot()
        completion = await client.complete("hi there", model="mock/mock")
        used = await client.usage_delta(before)
        (call,) = await client.usage_history()
    assert (completion.text, completion.finish_reason) == ("You said: hi there", "stop")
    assert (used.total_calls, used.input_tokens, used.output_tokens) == (1, 2, 4)
    assert (call.client, call.project, call.outcome) == ("tests", "site", "ok")
    day_ago = datetime.now(UTC) - timedelta(days=1)
    summary = await client.usage_summary(since=day_ago, group_by=["project", "model"])
    assert [(group.key, [part.key for part in group.groups or ()]) for group in summary.groups] == [("site", ["mock"])]
    assert (await client.usage_summary(until="2020-01-01")).totals.total_calls == 0
    after = await client.usage_snapshot()
    await client.complete("hi", model="mock/mock")
    assert await client.usage_delta(before, after) == used


async def test_parameters_reach_the_model(client: modelport.Client) -> None:
    completion = await client.complete("one two three", model="mock/mock", max_length=2)
    assert (completion.text, completion.finish_reason) == ("You said:", "length")
    with pytest.raises(modelport.InvalidParams) as raised:
        await client.complete("hi", model="mock/mock", warmth=1)
    assert raised.value.field == "parameters.warmth"


async def test_a_conversation_with_tools(client: modelport.Client) -> None:
    asked = modelport.Message(role="user", content="Rain?")
    first = await client.complete([asked], model="mock/mock:tools", tools=[WEATHER], system="Be brief.")
    (call,) = first.tool_calls
    answer = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    second = await client.complete(
        [asked, modelport.as_message(first), answer], model="mock/mock:tools", tools=[WEATHER], tool_choice="none"
    )
    assert (call.name, list(call.arguments or ())) == ("weather", ["city"])
    assert "sunny" in second.text
    assert not second.tool_calls


async def test_updates_of_every_kind(client: modelport.Client) -> None:
    models = ["mock/mock:think,tools"]
    async with client.stream("hi", model="mock/mock:fail=rate_limited", fallbacks=models, tools=[WEATHER]) as stream:
        updates = [update async for update in stream]
        completion = await stream.result()
    kinds = [type(update) for update in updates]
    assert kinds[0] is modelport.AttemptUpdate
    assert set(kinds) == {modelport.AttemptUpdate, modelport.ReasoningUpdate, modelport.ToolCallUpdate}
    assert "".join(u.text for u in updates if isinstance(u, modelport.ReasoningUpdate)) == completion.reasoning
    calls = [update for update in updates if isinstance(update, modelport.ToolCallUpdate)]
    assert json.loads("".join(call.arguments_delta for call in calls)) == completion.tool_calls[0].arguments
    assert [attempt.outcome for attempt in completion.attempts] == ["failed", "ok"]


async def test_texts_alone(client: modelport.Client) -> None:
    async with client.stream("a b", model="mock/mock:think") as stream:
        assert "".join([text async for text in stream.texts()]) == (await stream.result()).text == "You said: a b"


async def test_a_stream_that_breaks_off(client: modelport.Client) -> None:
    texts: list[str] = []
    async with client.stream("a b", model="mock/mock:cut=2") as stream:
        with pytest.raises(modelport.RequestFailed) as raised:
            await read(stream.texts(), texts)
    assert (raised.value.kind, raised.value.text) == ("stream_interrupted", "".join(texts))


async def test_an_answer_that_begins_again(client: modelport.Client, tmp_path: Path, monkeypatch: Any) -> None:
    text = '[chains]\nagent = ["mock/mock"]\n[failover]\nafter_commit = "restart"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    async with client.stream("a b", model="mock/mock:cut=2", role="agent") as stream:
        updates = [update async for update in stream]
        completion = await stream.result()
    begun = max(n for n, update in enumerate(updates) if isinstance(update, modelport.ResetUpdate))
    texts = [update.text for update in updates[begun:] if isinstance(update, modelport.TextUpdate)]
    assert "".join(texts) == completion.text == "You said: a b"
    assert [attempt.model for attempt in completion.attempts] == ["mock:cut=2", "mock:cut=2", "mock"]


async def test_leaving_a_stream_closes_the_connection(client: modelport.Client, endless: LocalServer) -> None:
    async with client.stream("hi", model="vllm/m") as stream:
        async for text in stream.texts():
            assert text == "Hello"
            break
        assert not endless.closed_by_client.is_set()
    assert await anyio.to_thread.run_sync(endless.closed_by_client.wait, 5)
    assert (await client.usage_history())[0].outcome == "cancelled"


async def test_cancelling_a_completion_closes_the_connection(client: modelport.Client, endless: Any) -> None:
    async def ask() -> None:
        await client.complete("hi", model="vllm/m")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        assert await anyio.to_thread.run_sync(endless.asked.acquire, True, 5)
        tasks.cancel_scope.cancel()
    assert await anyio.to_thread.run_sync(endless.closed_by_client.wait, 5)


async def test_a_time_limit(client: modelport.Client) -> None:
    with pytest.raises(modelport.RequestFailed) as raised:
        await client.complete("hi", model="mock/mock:stall=1", timeout_ms=50)
    assert raised.value.kind == "timeout"
    assert raised.value.retryable


async def test_many_tasks_share_a_client(client: modelport.Client) -> None:
    texts: set[str] = set()

    async def ask(number: int) -> None:
        texts.add((await client.complete(str(number), model="mock/mock")).text)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, number)
    assert texts == {f"You said: {number}" for number in range(20)}


async def test_looking_providers_up(client: modelport.Client) -> None:
    local = await client.providers(connection_type="local")
    assert {"ollama", "mock"} <= {provider.id for provider in local}
    assert {provider.connection_type for provider in local} == {"local"}
    assert "openai" not in {provider.id for provider in await client.providers(configured_only=True)}
    assert {p.category for p in await client.providers(category="us labs")} == {"US Labs"}
    assert (await client.provider("Claude")).id == "anthropic"
    with pytest.raises(modelport.InvalidParams) as raised:
        await client.provider("anthropik")
    assert raised.value.kind == "unknown_provider"


@pytest.mark.parametrize(
    ("provider", "model", "name"),
    [
        (None, "claude/claude-opus-4-6", "anthropic/claude-opus-4-6"),
        ("openai", "openai/gpt-4o", "openai/gpt-4o"),
        ("openrouter", "anthropic/claude-sonnet-4", "openrouter/anthropic/claude-sonnet-4"),
    ],
)
async def test_what_a_name_means(client: modelport.Client, provider: str | None, model: str, name: str) -> None:
    resolved = await client.resolve(model, provider=provider)
    assert str(resolved) == f"{resolved.provider}/{resolved.model}" == name


async def test_a_connection_is_asked_when_nothing_is_named(client: modelport.Client) -> None:
    def behave(request: Any) -> Answer:
        if request.method == "GET":
            return Answer(headers=JSON, chunks=[b'{"data":[{"id":"m"}]}'])
        return streamed("From here.")

    with LocalServer(behave) as server:
        connection = await client.connect(
            "vllm", model="m", base_url=f"{server.url}/v1", api_key=CANARY, headers={"X-Team": "blue"}, timeout_ms=5000
        )
        completion = await client.complete("hi")
        status = await client.status()
        await client.disconnect()
    assert (connection.verified, connection.credential.source) == (True, "session")
    assert (completion.text, completion.provider, completion.model) == ("From here.", "vllm", "m")
    asked = server.requests[-1]
    assert (asked.headers["x-team"], asked.headers["authorization"]) == ("blue", f"Bearer {CANARY}")
    assert CANARY not in repr((connection, status, completion))
    assert [health.ok for health in status.health] == [True]
    assert (await client.status()).active is None


async def test_a_connection_that_fails_changes_nothing(client: modelport.Client) -> None:
    with pytest.raises(modelport.RequestFailed) as raised:
        await client.connect("openai")
    assert raised.value.kind == "auth_required"
    assert (await client.status()).active is None
    unchecked = await client.connect("openai", api_key=f"sk-{CANARY}", verify=False, verify_tls=False)
    assert (unchecked.verified, unchecked.provider) == (False, "openai")


async def test_servers_all_at_once_and_one_by_one(client: modelport.Client, ollama: LocalServer) -> None:
    (server,) = await client.discover(ports=[ollama.port], timeout_ms=10_000)
    assert (server.provider, server.base_url) == ("ollama", ollama.url)
    async with client.discover(ports=[ollama.port], timeout_ms=10_000, providers=["ollama"]) as search:
        assert [found.base_url async for found in search] == [ollama.url]
        assert [found.models for found in await search.result()] == [server.models]
    with pytest.raises(modelport.InvalidParams):
        await client.discover(timeout_ms=0)


async def test_models(client: modelport.Client, ollama: LocalServer) -> None:
    listed = await client.models("ollama")
    assert [model.id for model in listed.models] == ["qwen3:8b", "gemma3:4b"]
    assert len((await client.models("ollama", refresh=True, limit=1)).models) == 1
    found = await client.search_models("sonnet", provider="anthropic", requires=["vision"], sort="price", limit=2)
    assert [model.provider for model in found.models] == ["anthropic"] * 2


async def test_downloading_and_deleting(client: modelport.Client, ollama: LocalServer) -> None:
    async with client.pull_model("ollama", "tiny") as progress:
        steps = [step.percentage async for step in progress]
    assert steps[-1] == 100
    await client.pull_model("ollama", "tiny")
    with pytest.raises(modelport.RequestFailed):
        await client.delete_model("ollama", "tiny")
    assert [r.method for r in ollama.requests if r.path == "/api/delete"] == ["DELETE"]
    with pytest.raises(modelport.InvalidParams):
        await client.pull_model("openai", "gpt-4o")


async def test_what_else_models_do(client: modelport.Client) -> None:
    embedded = await client.embed(["a", "b"], model="mock/mock", dimensions=4, input_type="query")
    assert [len(vector) for vector in embedded.embeddings] == [4, 4]
    assert len((await client.embed("a", model="mock/mock")).embeddings) == 1
    drawn = await client.create_image("a cat", model="mock/mock", size="64x64", count=2)
    assert [image.mime_type for image in drawn.images] == ["image/png"] * 2
    assert (await client.moderate(["violence", "peace"], model="mock/mock")).flagged
    assert (await client.count_tokens("one two", model="mock/mock")).input_tokens == 2
    counted = await client.count_tokens(
        [{"role": "user", "content": "one two"}], model="mock/mock", system="three", tools=[WEATHER]
    )
    assert counted.input_tokens >= 3
    assert (await client.credits("mock")).remaining_usd_micros is not None


async def test_keys(client: modelport.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    try:
        kept = await client.set_credential("groq", f"gsk_{CANARY}")
        found = await client.credentials()
        named = await client.set_credential("groq", f"gsk_work-{CANARY}", name="work")
        both = await client.credentials()
        used = await client.delete_credential("groq", name="work")
        left = await client.delete_credential("groq")
        bound = await client.set_credential("vllm", modelport.Secret(CANARY), base_url="http://localhost:1/v1")
        (checked,) = await client.test_credentials("vllm")
        gone = await client.delete_credential("vllm", everywhere=True)
    finally:
        keyring.set_keyring(before)
    assert (kept.source, kept.last4) == ("keyring", CANARY[-4:])
    assert [status.provider for status in found] == ["groq"]
    assert (named.name, used.name, used.location) == ("work", None, kept.location)
    assert [(status.provider, status.name) for status in both] == [("groq", None), ("groq", "work")]
    assert left.source == "none"
    assert bound.base_url == "http://localhost:1/v1"
    assert checked.error is not None
    assert (checked.location, checked.ok, checked.error.kind) == ("modelport/vllm", False, "network")
    assert gone.source == "notRequired"
    assert CANARY not in repr((kept, found, bound, checked))


async def test_diagnostics(client: modelport.Client) -> None:
    assert {"usageLedger", "configuration"} <= {check.id for check in await client.run_diagnostics()}


async def test_a_change_of_the_configuration_is_seen_and_what_is_wrong_with_it_logged(
    client: modelport.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    monkeypatch.setattr("modelport.engine.providers.configuration.LOOK_INTERVAL_S", 0.0)
    assert (await client.providers())[0].id
    (tmp_path / "config.toml").write_text('default_model = "mock/mock"\n', encoding="utf-8")
    assert (await client.complete("hi")).provider == "mock"
    assert not caplog.records
    (tmp_path / "config.toml").write_text("default_model = 3\n", encoding="utf-8")
    await client.complete("hi")
    assert {record.name for record in caplog.records} == {"modelport.configuration"}


async def test_explicit_resolution_refuses_a_call_that_names_no_provider(client: modelport.Client) -> None:
    answer = await client.complete("hi", model="mock/mock", resolution="explicit")
    assert (answer.text, answer.resolved_by) == ("You said: hi", "request")
    for model in (None, "gpt-5"):
        with pytest.raises(modelport.InvalidParams, match="Name the provider too"):
            await client.complete("hi", model=model, resolution="explicit")


async def test_a_closed_client() -> None:
    client = modelport.Client()
    await client.complete("hi", model="mock/mock")
    await client.aclose()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await client.complete("hi", model="mock/mock")
    async with modelport.Client() as unused:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await unused.status()


async def test_what_may_be_cached_is_marked_unless_the_caller_says_no(client: modelport.Client) -> None:
    with LocalServer(lambda _: Answer(headers=SSE, chunks=FORMATS["anthropic_messages"].answer)) as upstream:
        await client.connect("anthropic", base_url=upstream.url, api_key="k-0123456789", verify=False)
        for cache in (True, False):
            assert (await client.complete("hi", model="anthropic/claude-opus-5", cache=cache)).text == SAID
    assert [b"cache_control" in request.body for request in upstream.requests] == [True, False]
