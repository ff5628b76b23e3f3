"""Telemetry from a request to a collector, read with OpenTelemetry's own messages."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from blockbuster import blockbuster_ctx

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.errors import RequestFailed
from modelport.engine.calls.recorder import Caller, Origin
from modelport.protocol import types
from support.builders import CANARY, RecordingListener
from support.collector import Collector, attributes, decoded_spans
from support.http_server import Answer, LocalServer, Received
from support.sse import JSON, SSE, delta, end, event, refused, streamed

SENTINEL = "zyzzyva"
ORIGIN = Origin("vim", f"/home/me/{SENTINEL}")
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "prompt_tokens_details": {"cached_tokens": 200},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
PRICED = '\n[providers.acme.prices]\n"*" = { input = 1.0, output = 2.0 }\n'
Started = Callable[[str], AbstractAsyncContextManager[App]]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """Starts an app with a configuration, and closes it."""
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("ACME_KEY", CANARY)

    @asynccontextmanager
    async def start(configuration: str) -> AsyncIterator[App]:
        (tmp_path / "config.toml").write_text(configuration, encoding="utf-8")
        app = App(await anyio.to_thread.run_sync(Core))
        assert app.core.configuration.problems == ()
        try:
            with blockbuster_ctx("modelport"):
                yield app
        finally:
            await app.core.aclose()

    return start


def provider(url: str, name: str = "acme") -> str:
    return f'[providers.{name}]\nbase_url = "{url}"\napi_key_env = "ACME_KEY"\n'


def telemetry(collector: Collector, more: str = "") -> str:
    return f'[telemetry]\notlp_endpoint = "{collector.url}"\n{more}\n'


async def ask(app: App, model: str = "acme/m-1", **more: object) -> types.Completion:
    params = types.CreateCompletionParams(model=model, prompt=f"{SENTINEL} says", **more)  # type: ignore[arg-type]
    return await (await app.completions.get()).create(params, RecordingListener(), ORIGIN)


async def test_a_call_is_a_span_below_its_request(started: Started) -> None:
    def behaviour(_: Received) -> Answer:
        counts = event({"model": "m-1-2026", "choices": [], "usage": USAGE})
        return Answer(headers=SSE, chunks=[delta("fine"), counts, end()])

    with LocalServer(behaviour) as upstream, Collector() as collector:
        async with started(provider(upstream.url) + PRICED + telemetry(collector)) as app:
            await ask(app, parameters={"temperature": 0, "max_tokens": 64, "stop": [SENTINEL]})
        call, request = collector.spans()
        assert (call.name, call.kind, request.name, request.kind) == ("chat m-1", 3, "modelport.completion", 1)
        assert (call.trace_id, call.parent_span_id) == (request.trace_id, request.span_id)
        assert (request.parent_span_id, call.status.code, request.status.code) == (b"", 0, 0)
        assert call.start_time_unix_nano <= call.end_time_unix_nano
        said = attributes(call)
        assert said.pop("gen_ai.response.time_to_first_chunk") > 0
        assert said == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "acme",
            "gen_ai.request.model": "m-1",
            "gen_ai.request.temperature": 0.0,
            "gen_ai.request.max_tokens": 64,
            "gen_ai.response.model": "m-1-2026",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read.input_tokens": 200,
            "gen_ai.usage.reasoning.output_tokens": 20,
            "gen_ai.usage.cost": 0.0011,
            "modelport.cost.usd_micros": 1100,
            "modelport.outcome": "ok",
            "modelport.role": "chat",
            "modelport.attempt": 0,
            "server.address": "127.0.0.1",
            "server.port": upstream.port,
        }
        assert attributes(request) == {"modelport.attempts": 1, "modelport.outcome": "ok", "modelport.role": "chat"}
        (resource,) = decoded_spans(collector.bodies("traces")[0]).resource_spans
        process = attributes(resource.resource)
        assert process["service.name"] == "modelport"
        assert set(process) == {"service.name", "service.instance.id", "service.version"}


async def test_metrics_add_up_over_calls(started: Started) -> None:
    with LocalServer(lambda _: streamed("fine", usage=USAGE)) as upstream, Collector() as collector:
        async with started(provider(upstream.url) + PRICED + telemetry(collector, "traces = false")) as app:
            await ask(app)
            await ask(app)
            await ask(app, model="acme/m-2")
        assert collector.bodies("traces") == []
        metrics = collector.metrics()
        assert set(metrics) == {
            "gen_ai.client.operation.duration",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.client.token.usage",
            "modelport.cost.usd_micros",
        }
        cost = metrics["modelport.cost.usd_micros"].sum
        by_model = {attributes(point)["gen_ai.request.model"]: point.as_int for point in cost.data_points}
        assert (by_model, cost.is_monotonic, cost.aggregation_temporality) == ({"m-1": 2200, "m-2": 1100}, True, 2)
        tokens = metrics["gen_ai.client.token.usage"].histogram.data_points
        found = {
            (said["gen_ai.request.model"], said["gen_ai.token.type"]): (point.count, point.sum, point.max)
            for point in tokens
            for said in [attributes(point)]
        }
        assert found["m-1", "input"] == (2, 2000, 1000)
        assert found["m-2", "output"] == (1, 50, 50)
        for point in tokens:
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
            assert sum(point.bucket_counts) == point.count
            assert 0 < point.start_time_unix_nano < point.time_unix_nano


async def test_each_attempt_has_a_span_and_the_failed_one_its_type(started: Started) -> None:
    with (
        LocalServer(lambda _: refused(500, {"error": {"message": f"{SENTINEL} is down"}})) as broken,
        LocalServer(lambda _: streamed("fine")) as whole,
        Collector() as collector,
    ):
        configuration = provider(broken.url) + provider(whole.url, "backup") + telemetry(collector)
        async with started(configuration) as app:
            await ask(app, fallbacks=("backup/m-2",))
        *failed, whole_call, request = collector.spans()
        assert failed
        calls = [*failed, whole_call]
        assert {span.trace_id for span in calls} == {request.trace_id}
        assert {span.parent_span_id for span in calls} == {request.span_id}
        assert len({span.span_id for span in (*calls, request)}) == len(calls) + 1
        for span in failed:
            assert attributes(span)["error.type"] == "provider_unavailable"
            assert (span.status.code, span.status.message) == (2, "")
        assert [attributes(span)["modelport.attempt"] for span in calls] == list(range(len(calls)))
        assert attributes(request)["modelport.attempts"] == len(calls)
        assert "error.type" not in attributes(request)


async def test_no_content_and_no_key_is_ever_sent(started: Started) -> None:
    def behaviour(request: Received) -> Answer:
        if b"fail" in request.body:
            return refused(400, {"error": {"message": f"{SENTINEL}: {request.headers}"}})
        call = {"index": 0, "id": SENTINEL, "function": {"name": SENTINEL, "arguments": f'{{"a":"{SENTINEL}"}}'}}
        deltas = {"content": SENTINEL, "reasoning_content": SENTINEL, "tool_calls": [call]}
        return Answer(
            headers=SSE, chunks=[event({"choices": [{"index": 0, "delta": deltas}]}), end("tool_calls", USAGE)]
        )

    header = 'headers = { Authorization = { env = "ACME_KEY" } }\n'
    with LocalServer(behaviour) as upstream, Collector() as collector:
        async with started(provider(upstream.url) + telemetry(collector, header)) as app:
            tool = types.Tool(name=SENTINEL, description=SENTINEL, parameters={"type": "object"})
            messages = (
                types.Message(role="system", content=SENTINEL),
                types.Message(role="user", content=f"ok {SENTINEL}"),
            )
            params = types.CreateCompletionParams(
                model="acme/m-1", messages=messages, tools=(tool,), parameters={"user": SENTINEL, "stop": [SENTINEL]}
            )
            await (await app.completions.get()).create(params, RecordingListener(), ORIGIN)
            with pytest.raises(RequestFailed, match=SENTINEL):
                await ask(app, parameters={"user": "fail"})
        assert len(collector.spans()) == 4
        for request in collector.requests:
            assert request.headers["authorization"] == CANARY
            assert SENTINEL.encode() not in request.body
            assert CANARY.encode() not in request.body
            assert b"/home/me" not in request.body


async def test_embeddings_are_spans_of_their_own(started: Started) -> None:
    reply = {"data": [{"index": 0, "embedding": [1.0, 2.0]}], "usage": {"prompt_tokens": 7, "total_tokens": 7}}
    with (
        LocalServer(lambda _: Answer(headers=JSON, chunks=[json.dumps(reply).encode()])) as upstream,
        Collector() as collector,
    ):
        base = f'[providers.mistral]\nbase_url = "{upstream.url}"\napi_key_env = "ACME_KEY"\n'
        async with started(base + telemetry(collector)) as app:
            operations = await app.operations.get()
            params = types.CreateEmbeddingParams(model="mistral/mistral-embed", input=(SENTINEL,))
            await operations.embeddings.create(params, Caller(ORIGIN, lambda *_: None))
        (span,) = collector.spans()
        said = attributes(span)
        assert (span.name, span.parent_span_id) == ("embeddings mistral-embed", b"")
        assert (said["gen_ai.provider.name"], said["gen_ai.usage.input_tokens"]) == ("mistral_ai", 7)
        assert SENTINEL.encode() not in b"".join(collector.bodies("traces"))


async def test_a_cancelled_request_is_no_error(started: Started) -> None:
    held, came = threading.Event(), threading.Event()

    def behaviour(_: Received) -> Answer:
        came.set()
        held.wait(20)
        return streamed("late")

    with LocalServer(behaviour) as upstream, Collector() as collector:
        async with started(provider(upstream.url) + telemetry(collector)) as app, anyio.create_task_group() as tasks:
            tasks.start_soon(ask, app)
            await anyio.to_thread.run_sync(came.wait)
            tasks.cancel_scope.cancel()
        held.set()
        call, request = collector.spans()
        for span in (call, request):
            assert (attributes(span)["modelport.outcome"], span.status.code) == ("cancelled", 0)
            assert "error.type" not in attributes(span)


async def test_without_the_table_nothing_is_sent_whatever_the_environment_says(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(lambda _: streamed("fine")) as upstream, Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with started(provider(upstream.url)) as app:
            await ask(app)
            check = await app.core.check_telemetry()
        assert collector.requests == []
        assert (check.status, check.detail) == ("ok", "off: nothing is sent about calls")
        assert not any(thread.name == "modelport-telemetry" for thread in threading.enumerate())


async def test_the_table_alone_takes_the_environments_address_and_headers(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(lambda _: streamed("fine")) as upstream, Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue%20one")
        async with started(provider(upstream.url) + "[telemetry]\n") as app:
            await ask(app)
        assert {request.headers["x-team"] for request in collector.requests} == {"blue one"}


async def test_a_collector_that_never_answers_delays_neither_a_reply_nor_the_end(started: Started) -> None:
    held = threading.Event()

    def hold(_: Received) -> Answer:
        held.wait(60)
        return Answer(chunks=[b"{}"])

    try:
        with LocalServer(lambda _: streamed("fine")) as upstream, Collector(hold) as collector:
            async with started(provider(upstream.url) + telemetry(collector)) as app:
                for _ in range(3):
                    assert (await ask(app)).text == "fine"
            # The app is closed by now, and the collector still holds what it got.
            assert not held.is_set()
            collector.wait(1)
    finally:
        held.set()


async def test_a_header_that_is_missing_is_told_by_doctor_and_spoils_no_call(started: Started) -> None:
    with LocalServer(lambda _: streamed("fine")) as upstream, Collector() as collector:
        header = 'headers = { Authorization = { env = "NOT_SET_ANYWHERE" } }'
        async with started(provider(upstream.url) + telemetry(collector, header)) as app:
            assert (await ask(app)).text == "fine"
        check = await app.core.check_telemetry()
        assert collector.requests == []
        assert check.status == "warn"
        assert "Authorization of [telemetry] comes from NOT_SET_ANYWHERE, which is not set" in check.detail
