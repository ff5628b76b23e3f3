"""A thread that does one thing after another for the event loop.

A thread of its own costs half of what a turn in the shared pool of worker threads does, and a call
is recorded at the end of every request.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs functions in the order they were handed over. The thread starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._running = False

    @property
    def running(self) -> bool:
        """Whether there is a thread that takes functions."""
        return self._running

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function, run on the thread. When the caller is cancelled, it is run all the same.

        Raises:
            BaseException: whatever the function raises.
        """
        return await self.start(work)

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Hands a function over; what comes of it. Cancelling that does not keep the function from running."""
        if not self._running:
            self._running = True
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()
        job = _Job(work, asyncio.get_running_loop())
        self._work.put(job)
        return job.done

    def stop(self) -> None:
        """Ends the thread when it has done what it was given."""
        if self._running:
            self._running = False
            self._work.put(None)

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job.do()


class _Job:
    """A function and the future that waits for it."""

    def __init__(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self._work = work
        self._loop = loop
        self.done: asyncio.Future[Any] = loop.create_future()

    def do(self) -> None:
        """Runs on the thread."""
        try:
            result, error = self._work(), None
        except BaseException as failure:  # noqa: BLE001  it is raised where the function was handed over
            result, error = None, failure
        try:
            self._loop.call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:
            # The loop has closed: no caller waits any more.
            return

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.done.cancelled():
            return
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)
