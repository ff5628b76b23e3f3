"""The feeds of the synchronous client: plain iterators over work that goes on in the background."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio

from modelport.frontends.python.background import Background
from modelport.frontends.python.completions import Update
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol.types import Completion, TextUpdate

Item = TypeVar("Item")
Result = TypeVar("Result")


class SyncResultStream(Generic[Item, Result]):
    """An iterator over the pieces of some work, with the result of the whole at its end.

    The work begins with the first piece that is asked for. It is stopped by ``close``, at the end of a ``with``
    block, and when nobody holds the feed any more, as after a loop that was left early.
    """

    def __init__(self, background: Background, begin: Callable[[], Operation[Any, Result]]) -> None:
        self._background = background
        self._begin = begin
        self._pieces: deque[Item] = deque()
        self._opened: _Opened[Item, Result] | None = None
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        if not self._pieces:
            feed = self._open().feed
            try:
                self._pieces.extend(self._background.wait(feed.take))
            except BaseException:
                self.close()
                raise
        if not self._pieces:
            self._open().stop()
            raise StopIteration
        return self._pieces.popleft()

    def result(self) -> Result:
        """The result of the whole, once it is done; pieces that were not read are dropped.

        Raises:
            ModelportError: the work failed.
            RuntimeError: it was stopped before it was done.
        """
        self._pieces.clear()
        try:
            return self._background.wait(self._open().feed.result)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stops what is not done, and returns when that is gone, connections included."""
        self._closed = True
        if self._opened is not None:
            self._opened.stop()
            self._opened.gone.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Nothing is waited for here: this may run on any thread, at any time.
        if self._opened is not None:
            self._opened.stop()

    def _open(self) -> _Opened[Item, Result]:
        if self._opened is None:
            if self._closed:
                raise RuntimeError("This was closed before it had begun: call the client again.")
            self._opened = _Opened(self._background, self._begin)
        return self._opened


class SyncStream(SyncResultStream[Update, Completion]):
    """The pieces of an answer as they come. The text of ``result()`` is that of all text pieces together."""

    def texts(self) -> Iterator[str]:
        """The pieces of the answer's text alone.

        Raises:
            RequestFailed: the provider failed, after what had arrived.
        """
        return (update.text for update in self if isinstance(update, TextUpdate))


class _Opened(Generic[Item, Result]):
    """A job under way in the background, which does not know its reader, so that it cannot keep it alive."""

    def __init__(self, background: Background, begin: Callable[[], Operation[Any, Result]]) -> None:
        self.gone = threading.Event()
        entered: Future[ResultStream[Item, Result]] = Future()
        self._task = background.start(lambda: _hold(begin, entered, self.gone))
        try:
            self.feed = entered.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Has the job stopped, and does not wait for it."""
        if not self._task.done():
            self._task.cancel()


async def _hold(begin: Callable[[], Operation[Any, Any]], entered: Future[Any], gone: threading.Event) -> None:
    """Keeps a job open until it is cancelled."""
    try:
        async with begin() as feed:
            entered.set_result(feed)
            await anyio.sleep_forever()
    except Exception as error:
        if not entered.done():
            entered.set_exception(error)
        raise
    finally:
        if not entered.done():
            entered.set_exception(RuntimeError("This client is closed: make another."))
        gone.set()
