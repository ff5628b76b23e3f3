"""Batches, retries, limits and what is told, with a real collector on loopback and a clock of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

import anyio.to_thread
import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.telemetry.background import MAX_QUEUED, BackgroundTelemetry
from modelport.adapters.telemetry.delivery import Delivery
from modelport.adapters.telemetry.exporter import BATCH_INTERVAL_S, BATCH_SPANS, MAX_PENDING, Exporter
from modelport.domain.telemetry.conventions import USUAL
from modelport.domain.telemetry.destination import Destination, NoDestination
from modelport.domain.telemetry.events import Event
from modelport.protocol.secret import Secret
from support.builders import CANARY, Lines
from support.collector import Collector
from support.ended_calls import ended_call
from support.http_server import Answer, Received


class Clock:
    """Stands still until an ``Inflow`` waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Inflow:
    """Events in groups: each wait brings the next; after the last it is closing. Waits take no real time.

    A number among the groups is how long the wait before the next one takes, in seconds.
    """

    def __init__(self, clock: Clock, *groups: Sequence[Event] | float, waits: int = 0) -> None:
        self.waited: list[float] = []
        self.overflow = 0
        self._clock = clock
        self._groups = list(groups)
        self._waits = waits

    @property
    def closing(self) -> bool:
        return not self._groups and self._waits <= 0

    def take(self) -> Sequence[Event]:
        if self._groups and not isinstance(self._groups[0], float):
            return self._groups.pop(0)  # type: ignore[return-value]
        return []

    async def wait(self, limit_s: float) -> None:
        self.waited.append(limit_s)
        if self._groups and isinstance(self._groups[0], float):
            self._clock.now_s += self._groups.pop(0)  # type: ignore[operator]
        elif not self._groups:
            self._waits -= 1
            self._clock.now_s += min(limit_s, 3600)


class Fixed:
    """Destinations that are always the same, or never there."""

    def __init__(self, collector: Collector | None, *, delta: bool = False, problem: str = "") -> None:
        self.refusals = 0
        self.value = collector and Destination(
            urls={name: f"{collector.url}/v1/{name}" for name in ("traces", "metrics")},  # type: ignore[arg-type]
            headers={"Authorization": Secret(CANARY)},
            resource={"service.name": "tests"},
            names=USUAL,
            delta=delta,
        )
        self._problem = problem

    async def destination(self) -> Destination | None:
        if self._problem:
            raise NoDestination(self._problem)
        return self.value

    def refused(self) -> None:
        self.refusals += 1


def calls(count: int) -> list[Event]:
    return [ended_call(entry=number) for number in range(1, count + 1)]


async def export(inflow: Inflow, destinations: Fixed, clock: Clock | None = None, log: Lines | None = None) -> Exporter:
    exporter = Exporter(destinations, Delivery(HttpPool()), log or Lines(), clock or Clock())  # type: ignore[arg-type]
    await exporter.run(inflow)
    await exporter.aclose()
    return exporter


def answers(*given: Answer) -> Collector:
    """A collector that gives these answers to spans, then that all is well."""
    left = list(given)

    def answer(request: Received) -> Answer:
        return left.pop(0) if left and request.path == "/v1/traces" else Answer(chunks=[b"{}"])

    return Collector(answer)


async def test_a_batch_has_512_spans_at_most() -> None:
    with Collector() as collector:
        exporter = await export(Inflow(Clock(), calls(BATCH_SPANS + 10)), Fixed(collector))
        sizes = [body.count(b'"spanId"') for body in collector.bodies("traces")]
    assert (sizes, exporter.status.sent, exporter.status.dropped) == ([BATCH_SPANS, 10], BATCH_SPANS + 10, 0)


async def test_a_small_batch_waits_five_seconds_for_others() -> None:
    clock = Clock()
    with Collector() as collector:
        inflow = Inflow(clock, [], calls(1), calls(1), waits=2)
        await export(inflow, Fixed(collector), clock)
        assert inflow.waited == [float("inf"), BATCH_INTERVAL_S, BATCH_INTERVAL_S, float("inf")]
        assert len(collector.bodies("traces")) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_busy_collector_is_tried_again_when_it_says(status: int) -> None:
    clock, log = Clock(), Lines()
    with answers(Answer(status=status, headers={"Retry-After": "7"})) as collector:
        inflow = Inflow(clock, calls(2), waits=3)
        exporter = await export(inflow, Fixed(collector), clock, log)
        assert inflow.waited == [BATCH_INTERVAL_S, pytest.approx(7), float("inf")]
        assert len(collector.spans()) == 4, "the same two spans twice"
    assert (exporter.status.sent, exporter.status.dropped, exporter.status.problem) == (2, 0, None)
    assert len(log.warnings) == 1


async def test_without_a_time_it_waits_longer_after_each_failure_and_tells_once() -> None:
    clock, log = Clock(), Lines()
    with answers(*[Answer(status=503)] * 3) as collector:
        inflow = Inflow(clock, calls(1), waits=5)
        await export(inflow, Fixed(collector), clock, log)
    first, second, third = inflow.waited[1:4]
    assert 0.8 <= first <= 1.2
    assert 1.6 <= second <= 2.4
    assert 3.2 <= third <= 4.8
    assert log.warnings == [f"The collector at {collector.url} is busy or down (503): it is tried again."]


@pytest.mark.parametrize(
    ("status", "words", "refusals"),
    [(400, "check otlp_endpoint", 0), (404, "set traces = false", 0), (401, "correct headers", 1), (307, "check", 0)],
)
async def test_a_refused_batch_is_dropped_and_the_next_one_sent(status: int, words: str, refusals: int) -> None:
    log = Lines()
    with answers(Answer(status=status, headers={"Location": "http://127.0.0.1:9"})) as collector:
        destinations = Fixed(collector)
        exporter = await export(Inflow(Clock(), calls(BATCH_SPANS + 1)), destinations, log=log)
    assert (exporter.status.sent, exporter.status.dropped) == (1, BATCH_SPANS)
    assert destinations.refusals == refusals
    assert words in " ".join(log.warnings)


async def test_a_partial_success_is_read_and_its_words_are_without_the_key() -> None:
    said = json.dumps({"partialSuccess": {"rejectedSpans": "2", "errorMessage": f"no\nroom for {CANARY}"}})
    log = Lines()
    with answers(Answer(chunks=[said.encode()])) as collector:
        exporter = await export(Inflow(Clock(), calls(5)), Fixed(collector), log=log)
    assert (exporter.status.sent, exporter.status.dropped) == (3, 2)
    assert "has not kept everything (no room for [redacted])" in " ".join(log.warnings)
    assert CANARY not in " ".join(log.warnings)


@pytest.mark.parametrize("body", [b"", b"\x0a\x00", b"[]", b'{"partialSuccess": 3}', b"<html>"])
async def test_an_answer_in_another_form_is_no_failure(body: bytes) -> None:
    with answers(Answer(chunks=[body])) as collector:
        exporter = await export(Inflow(Clock(), calls(1)), Fixed(collector))
    assert (exporter.status.sent, exporter.status.problem) == (1, None)


async def test_a_collector_that_takes_no_json_gets_protobuf_from_then_on() -> None:
    partial = ExportTracePartialSuccess(rejected_spans=1, error_message="full")

    def answer(request: Received) -> Answer:
        if request.headers["content-type"] == "application/json":
            return Answer(status=415)
        if request.path == "/v1/metrics":
            return Answer()
        return Answer(chunks=[ExportTraceServiceResponse(partial_success=partial).SerializeToString()])

    with Collector(answer) as collector:
        exporter = await export(Inflow(Clock(), calls(BATCH_SPANS + 1)), Fixed(collector))
        forms = [request.headers["content-type"] for request in collector.requests if request.path == "/v1/traces"]
        sent = [ExportTraceServiceRequest.FromString(body) for body in collector.bodies("traces")[1:]]
    assert forms == ["application/json", "application/x-protobuf", "application/x-protobuf"]
    assert [len(message.resource_spans[0].scope_spans[0].spans) for message in sent] == [BATCH_SPANS, 1]
    assert (exporter.status.sent, exporter.status.dropped) == (BATCH_SPANS - 1, 2)


async def test_a_collector_that_takes_neither_form_is_told() -> None:
    log = Lines()
    with Collector(lambda _: Answer(status=415)) as collector:
        exporter = await export(Inflow(Clock(), calls(1)), Fixed(collector), log=log)
    assert exporter.status.dropped == 1
    assert "neither in JSON nor in protobuf" in log.warnings[0]


async def test_nothing_at_the_address_is_told_once_and_the_spans_are_counted() -> None:
    with Collector() as collector:
        gone = Fixed(collector)
    clock, log = Clock(), Lines()
    exporter = await export(Inflow(clock, calls(3), waits=4), gone, clock, log)
    assert (exporter.status.sent, exporter.status.dropped) == (0, 3)
    assert [line for line in log.warnings if "cannot be reached" in line] == [exporter.status.problem]


async def test_the_oldest_are_dropped_when_the_collector_is_away_for_long() -> None:
    clock, log = Clock(), Lines()
    exporter = await export(
        Inflow(clock, calls(MAX_PENDING), calls(10)), Fixed(None, problem="A header is missing: set it."), clock, log
    )
    assert exporter.status.dropped == MAX_PENDING + 10
    assert log.warnings.count("Spans of telemetry were dropped: check that the collector runs and keeps up.") == 1


async def test_sums_go_on_or_begin_anew_as_the_temporality_says() -> None:
    for delta, counts in ((False, [1, 3]), (True, [1, 2])):
        clock = Clock()
        with Collector() as collector:
            await export(Inflow(clock, calls(1), 6.0, [], calls(2)), Fixed(collector, delta=delta), clock)
            sent = [msgspec.json.decode(body) for body in collector.bodies("metrics")]
        points = [
            metric["histogram"]
            for body in sent
            for metric in body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
            if metric["name"] == "gen_ai.client.operation.duration"
        ]
        assert [int(point["dataPoints"][0]["count"]) for point in points] == counts
        starts = [point["dataPoints"][0]["startTimeUnixNano"] for point in points]
        assert (starts[1] == points[0]["dataPoints"][0]["timeUnixNano"]) is delta
        assert {point["aggregationTemporality"] for point in points} == {1 if delta else 2}


async def test_off_in_the_meantime_means_that_nothing_is_sent() -> None:
    log = Lines()
    exporter = await export(Inflow(Clock(), calls(3)), Fixed(None), log=log)
    assert (exporter.status.sent, exporter.status.dropped, log.warnings) == (0, 0, [])


async def test_a_full_queue_counts_what_it_drops_and_never_waits() -> None:
    loading, loaded = threading.Event(), threading.Event()
    log = Lines()
    with Collector() as collector:

        def load() -> Exporter:
            loading.set()
            loaded.wait(20)
            return Exporter(Fixed(collector), Delivery(HttpPool()), log)  # type: ignore[arg-type]

        telemetry = BackgroundTelemetry(load, log)  # type: ignore[arg-type]
        assert telemetry.status.sent == 0
        for call in calls(MAX_QUEUED + 7):
            telemetry.put(call)
        await anyio.to_thread.run_sync(loading.wait)
        loaded.set()
        await anyio.to_thread.run_sync(collector.wait, 1)
        telemetry.close()
        await anyio.to_thread.run_sync(telemetry.join)
    assert (telemetry.overflow, telemetry.status.dropped) == (7, 7)
    telemetry.put(ended_call())
    assert telemetry.overflow == 8


async def test_an_exporter_that_cannot_be_loaded_spoils_nothing() -> None:
    log = Lines()

    def load() -> Exporter:
        raise ImportError("broken")

    telemetry = BackgroundTelemetry(load, log)  # type: ignore[arg-type]
    telemetry.put(ended_call())
    telemetry.close()
    await anyio.to_thread.run_sync(telemetry.join)
    assert log.warnings == ["Telemetry has ended (ImportError): report it, and restart to go on."]
