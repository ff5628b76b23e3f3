"""Collects events into batches and sends them: at most 512 spans, at most 5 seconds after the first."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from modelport.adapters.telemetry.delivery import Delivered, Delivery
from modelport.adapters.telemetry.documents import metrics_request, spans_request
from modelport.domain.ports import Log
from modelport.domain.telemetry.destination import Destination, NoDestination
from modelport.domain.telemetry.events import EndedCall, Event
from modelport.domain.telemetry.metrics import Measurements
from modelport.domain.telemetry.spans import span_of
from modelport.domain.telemetry.status import TelemetryStatus

BATCH_SPANS = 512
BATCH_INTERVAL_S = 5.0
MAX_PENDING = 2048
"""The most spans that wait for the collector. Beyond it the oldest is dropped."""
MIN_BACKOFF_S = 1.0
MAX_BACKOFF_S = 60.0
UNSET_BACKOFF_S = 300.0
"""Before a missing address or header is looked up again: its command may ask a person."""


class Inflow(Protocol):
    """Where events come from."""

    @property
    def closing(self) -> bool:
        """Whether there will be no more events, so that what is there is to be sent at once."""
        ...

    @property
    def overflow(self) -> int:
        """How many events did not fit so far."""
        ...

    def take(self) -> Sequence[Event]:
        """The events since the last call."""
        ...

    async def wait(self, limit_s: float) -> None:
        """Returns when there are events, when it is closing, or after a time."""
        ...


class Destinations(Protocol):
    """Where to send to."""

    async def destination(self) -> Destination | None:
        """The destination in force; None where telemetry is off.

        Raises:
            NoDestination: it is on, and something is missing.
        """
        ...

    def refused(self) -> None:
        """The headers were not accepted."""
        ...


class Exporter:
    """Sends what comes in until it is closing. Runs in one event loop, and ``status`` may be read from any thread."""

    def __init__(
        self,
        destinations: Destinations,
        delivery: Delivery,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = TelemetryStatus()
        self._destinations = destinations
        self._delivery = delivery
        self._log = log
        self._clock = clock
        self._pending: deque[Event] = deque()
        self._calls: list[EndedCall] = []
        """Those that are not in ``_measured`` yet."""
        self._measured: Measurements | None = None
        self._unsent_metrics = False
        self._due_s = float("inf")
        """When the batch is to be sent, on the monotonic clock; infinite while there is nothing to send."""
        self._not_before_s = 0.0
        self._failures = 0
        self._sent = 0
        self._dropped = 0
        self._overflow = 0
        self._logged: set[str] = set()

    async def run(self, inflow: Inflow) -> None:
        """Sends batches until there are no more events, and then what is left, once.

        A caller that cancels it loses what was not sent.
        """
        try:
            await self._run(inflow)
        finally:
            self._drop(len(self._pending))

    async def _run(self, inflow: Inflow) -> None:
        while not inflow.closing:
            self._take(inflow)
            now_s = self._clock()
            due_s = now_s if len(self._pending) >= BATCH_SPANS else self._due_s
            delay_s = max(due_s, self._not_before_s) - now_s if due_s < float("inf") else due_s
            if delay_s <= 0:
                await self._send()
            else:
                await inflow.wait(delay_s)
        self._take(inflow)
        await self._send()
        while self._pending and self._failures == 0:
            await self._send()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._delivery.aclose()

    def _take(self, inflow: Inflow) -> None:
        events = inflow.take()
        if events and self._due_s == float("inf"):
            self._due_s = self._clock() + BATCH_INTERVAL_S
        self._pending.extend(events)
        self._calls += [event for event in events if isinstance(event, EndedCall)]
        # They wait only while there is no destination.
        del self._calls[:-MAX_PENDING]
        lost = inflow.overflow - self._overflow
        self._overflow += lost
        excess = max(0, len(self._pending) - MAX_PENDING)
        for _ in range(excess):
            self._pending.popleft()
        self._drop(lost + excess)

    async def _send(self) -> None:
        """Sends one batch of spans, and the metrics."""
        self._due_s = float("inf")
        try:
            destination = await self._destinations.destination()
        except NoDestination as error:
            self._failed(str(error), UNSET_BACKOFF_S)
            return
        if destination is None:
            self._pending.clear()
            self._calls, self._measured, self._unsent_metrics = [], None, False
            return
        self._measure(destination)
        if await self._sent_spans(destination) and await self._sent_metrics(destination):
            self._failures = 0
        if self._pending or self._unsent_metrics:
            self._due_s = self._clock()

    def _measure(self, destination: Destination) -> None:
        """Adds the calls to the sums, which begin anew where the names have changed."""
        calls, self._calls = self._calls, []
        if "metrics" not in destination.urls or not (calls or self._measured):
            return
        if self._measured is None or self._measured.names is not destination.names:
            start_ms = min((call.record.started_at_ms for call in calls), default=_now_ns() // 1_000_000)
            self._measured = Measurements(destination.names, start_ms * 1_000_000)
        for call in calls:
            self._measured.add(call)
        self._unsent_metrics = self._unsent_metrics or bool(calls)

    async def _sent_spans(self, destination: Destination) -> bool:
        """Sends a batch of spans; whether the collector can take more requests now."""
        if "traces" not in destination.urls:
            self._pending.clear()
        batch = list(islice(self._pending, BATCH_SPANS))
        if not batch:
            return True
        body = spans_request(destination, [span_of(event, destination.names) for event in batch])
        delivered = await self._delivery.post(destination, "traces", body)
        lost = 0
        if not delivered.retry:
            for _ in batch:
                self._pending.popleft()
            lost = min(len(batch), delivered.rejected) if delivered.accepted else len(batch)
            self._sent += len(batch) - lost
        # The reason is told before the loss.
        accepts_more = self._took(delivered)
        self._drop(lost)
        return accepts_more

    async def _sent_metrics(self, destination: Destination) -> bool:
        if not self._unsent_metrics or self._measured is None:
            return True
        now_ns = _now_ns()
        body = metrics_request(destination, self._measured, now_ns)
        delivered = await self._delivery.post(destination, "metrics", body)
        if not delivered.retry:
            self._unsent_metrics = False
            if destination.delta:
                self._measured = Measurements(destination.names, now_ns)
        return self._took(delivered)

    def _took(self, delivered: Delivered) -> bool:
        if delivered.unauthorized:
            self._destinations.refused()
        if delivered.retry:
            self._failed(delivered.problem or "", delivered.wait_s)
            return False
        self._tell(delivered.problem)
        return True

    def _failed(self, problem: str, wait_s: float | None) -> None:
        """Puts the next try off: as long as the collector says, else longer after each failure, with some chance."""
        self._failures += 1
        backoff_s = min(MAX_BACKOFF_S, MIN_BACKOFF_S * 2 ** min(self._failures - 1, 10)) * random.uniform(0.8, 1.2)  # noqa: S311  it spreads load, and is no secret
        self._not_before_s = self._clock() + (backoff_s if wait_s is None else wait_s)
        self._due_s = self._not_before_s
        self._tell(problem)

    def _drop(self, spans: int) -> None:
        self._dropped += spans
        if spans:
            self._log_once("Spans of telemetry were dropped: check that the collector runs and keeps up.", "dropped")
        self._tell(self.status.problem)

    def _tell(self, problem: str | None) -> None:
        """Keeps the trouble there is now for diagnostics, and logs it the first time."""
        self.status = TelemetryStatus(self._sent, self._dropped, problem)
        if problem is not None:
            self._log_once(problem, problem)

    def _log_once(self, sentence: str, key: str) -> None:
        if key not in self._logged:
            self._logged.add(key)
            self._log.warning("%s", sentence)


def _now_ns() -> int:
    return time.time_ns()
