"""The result streams of the synchronous client: plain iterators over operations in the background."""

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
    """An iterator over the items of an operation, with the result of the whole at its end.

    The operation begins when the first item is read. It is stopped by ``close``, at the end of a ``with`` block, and
    when the iterator is freed, as after a loop that was left early.
    """

    def __init__(self, background: Background, begin: Callable[[], Operation[Any, Result]]) -> None:
        self._background = background
        self._begin = begin
        self._items: deque[Item] = deque()
        self._opened: _Opened[Item, Result] | None = None
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        if not self._items:
            stream = self._open().stream
            try:
                self._items.extend(self._background.wait(stream.take))
            except BaseException:
                self.close()
                raise
        if not self._items:
            self._open().stop()
            raise StopIteration
        return self._items.popleft()

    def result(self) -> Result:
        """The result of the whole, once it is done; unread items are dropped.

        Raises:
            ModelportError: the operation failed.
            RuntimeError: the operation was stopped before it was done.
        """
        self._items.clear()
        try:
            return self._background.wait(self._open().stream.result)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Cancels the operation, and returns when it has ended, connections included."""
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
        # Does not wait: this may run on any thread, at any time.
        if self._opened is not None:
            self._opened.stop()

    def _open(self) -> _Opened[Item, Result]:
        if self._opened is None:
            if self._closed:
                raise RuntimeError("This stream is closed: call the client again for a new one.")
            self._opened = _Opened(self._background, self._begin)
        return self._opened


class SyncStream(SyncResultStream[Update, Completion]):
    """The updates of an answer as they arrive. The text of ``result()`` is that of all text updates together."""

    def texts(self) -> Iterator[str]:
        """The text deltas of the answer alone.

        Raises:
            RequestFailed: the provider failed; raised after the deltas that had arrived.
        """
        return (update.text for update in self if isinstance(update, TextUpdate))


class _Opened(Generic[Item, Result]):
    """An operation under way in the background; it does not refer to its reader, so that the reader can be freed."""

    def __init__(self, background: Background, begin: Callable[[], Operation[Any, Result]]) -> None:
        self.gone = threading.Event()
        entered: Future[ResultStream[Item, Result]] = Future()
        self._task = background.start(lambda: _hold(begin, entered, self.gone))
        try:
            self.stream = entered.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Cancels the operation without waiting for its end."""
        if not self._task.done():
            self._task.cancel()


async def _hold(begin: Callable[[], Operation[Any, Any]], entered: Future[Any], gone: threading.Event) -> None:
    """Keeps an operation open until it is cancelled."""
    try:
        async with begin() as stream:
            entered.set_result(stream)
            await anyio.sleep_forever()
    except Exception as error:
        if not entered.done():
            entered.set_exception(error)
        raise
    finally:
        if not entered.done():
            entered.set_exception(RuntimeError("This client is closed: make another."))
        gone.set()
