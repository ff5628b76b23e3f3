"""An event loop on a thread of its own, with an async client in it, for callers without one."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from modelport.frontends.python.client import Client

POLL_INTERVAL_S = 0.5
"""The interval at which the thread checks whether the program has ended without closing it."""

T = TypeVar("T")


class Background:
    """Runs calls for any thread. Its own thread starts with the first call."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._portal: Future[BlockingPortal] = Future()

    def start(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        """Begins some work; cancelling the future cancels the work.

        Raises:
            RuntimeError: the client is closed.
        """
        portal = self._open()
        try:
            return portal.start_task_soon(work)
        except RuntimeError as error:
            raise self._refusal(error) from error

    def wait(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of some work. When the wait is interrupted, as by ctrl-C, the work is cancelled.

        Raises:
            RuntimeError: the client is closed, or was closed meanwhile.
            BaseException: the work raised it.
        """
        future = self.start(work)
        try:
            return future.result()
        except CancelledError as error:
            raise self._refusal(error) from error
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancels what is under way, closes the client, and returns when the thread has ended."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        try:
            portal = self._portal.result()
            portal.call(portal.stop, True)  # what is left is cancelled
        except RuntimeError:
            # Another thread has closed it before, or the program is ending.
            pass
        thread.join()

    def _open(self) -> BlockingPortal:
        with self._lock:
            if self._closed:
                raise RuntimeError("This client is closed: make another.")
            if self._thread is None:
                # A daemon, so that a client that is never closed does not keep the program from ending.
                self._thread = threading.Thread(target=self._run, name="modelport", daemon=True)
                self._thread.start()
        return self._portal.result()

    def _run(self) -> None:
        try:
            anyio.run(self._serve)
        except BaseException as error:
            if self._portal.done():
                raise
            self._portal.set_exception(error)

    async def _serve(self) -> None:
        async with self.client, BlockingPortal() as portal:
            self._portal.set_result(portal)
            while threading.main_thread().is_alive():
                with anyio.move_on_after(POLL_INTERVAL_S):
                    await portal.sleep_until_stopped()
                    break
            await portal.stop(cancel_remaining=True)

    def _refusal(self, error: BaseException) -> RuntimeError:
        if isinstance(error, RuntimeError) and not self._closed:
            return error
        return RuntimeError("This client is closed: make another.")
