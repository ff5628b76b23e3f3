"""Telemetry on a thread of its own, so that neither a reply nor the event loop ever waits for a collector."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modelport.domain.ports import Log
from modelport.domain.telemetry.events import Event
from modelport.domain.telemetry.status import TelemetryStatus

if TYPE_CHECKING:
    import anyio

    from modelport.adapters.telemetry.exporter import Exporter

MAX_QUEUED = 2048
"""The most events that wait for the thread."""
WAKE_AT = 512
"""So many events are a whole batch."""
FLUSH_S = 0.9
"""How long the thread goes on sending once it is closed."""
CLOSE_S = 1.0
"""How long closing waits for the thread."""


class BackgroundTelemetry:
    """Hands events to an exporter on a thread, which is started by the first. ``put`` is called in one thread only.

    ``load`` makes the exporter there, since it imports what sends.
    """

    def __init__(self, load: Callable[[], Exporter], log: Log) -> None:
        self._load = load
        self._log = log
        self._events: deque[Event] = deque()
        self._overflow = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._exporter: Exporter | None = None
        self._signal: Callable[[], None] | None = None
        self._woken: anyio.Event | None = None

    @property
    def status(self) -> TelemetryStatus:
        """What has become of the spans so far."""
        return TelemetryStatus() if self._exporter is None else self._exporter.status

    def put(self, event: Event) -> None:
        """Takes an event over; one beyond ``MAX_QUEUED`` is counted and dropped."""
        if self._closing or len(self._events) >= MAX_QUEUED:
            self._overflow += 1
            return
        self._events.append(event)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="modelport-telemetry", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # The system gives no more threads; the calls go on.
                self._closing = True
        elif len(self._events) in (1, WAKE_AT):
            self._wake()

    def close(self) -> None:
        """Takes no more events, and has the rest sent within ``FLUSH_S``. Returns at once; ``join`` waits."""
        self._closing = True
        self._wake()

    def join(self) -> None:
        """Waits for the thread, ``CLOSE_S`` at most. Blocks."""
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join(CLOSE_S)

    @property
    def closing(self) -> bool:
        """Whether there will be no more events."""
        return self._closing

    @property
    def overflow(self) -> int:
        """How many events did not fit so far."""
        return self._overflow

    def take(self) -> Sequence[Event]:
        """The events since the last call."""
        taken: list[Event] = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._events.popleft())
        return taken

    async def wait(self, limit_s: float) -> None:
        """Returns when there are events, when it is closing, or after a time."""
        import anyio

        self._woken = anyio.Event()
        if not self._events and not self._closing:
            with anyio.move_on_after(limit_s):
                await self._woken.wait()

    def _wake(self) -> None:
        if self._signal is not None:
            # The loop may have ended by now.
            with contextlib.suppress(RuntimeError):
                self._signal()

    def _run(self) -> None:
        import anyio

        try:
            self._exporter = exporter = self._load()
            anyio.run(self._export, exporter)
        except Exception as error:  # noqa: BLE001  whatever happens here, calls go on
            self._log.warning("Telemetry has ended (%s): report it, and restart to go on.", type(error).__name__)

    async def _export(self, exporter: Exporter) -> None:
        import asyncio

        import anyio

        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:

            def react() -> None:
                if self._closing:
                    scope.deadline = min(scope.deadline, anyio.current_time() + FLUSH_S)
                if self._woken is not None:
                    self._woken.set()

            self._signal = lambda: loop.call_soon_threadsafe(react) and None
            react()
            await exporter.run(self)
        await exporter.aclose()
