"""Operations with a stream of partial results. Each runs in a task of its own, which ends with its context."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

MAX_WAITING_ITEMS = 256
"""Items that may wait for their reader; beyond them the provider is left unread."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ResultStream(Generic[Item, Result]):
    """An async iterator over the items of an operation, with the result of the whole at its end.

    It has one reader. Iterating raises the operation's error, after every item that came before it.
    """

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._changed = anyio.Event()
        self._room = anyio.Event()
        self._unread = False
        self._end: Callable[[], Result] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        if not self._waiting:
            await self._wait()
        if self._waiting:
            item = self._waiting.popleft()
            self._make_room()
            return item
        self._ended()
        raise StopAsyncIteration

    async def take(self) -> Sequence[Item]:
        """All items that wait, as soon as there is one; empty when the operation is done.

        Raises:
            ModelportError: the operation failed.
        """
        if not self._waiting:
            await self._wait()
        items = tuple(self._waiting)
        self._waiting.clear()
        self._make_room()
        if not items:
            self._ended()
        return items

    async def result(self) -> Result:
        """The result of the whole, once it is done; unread items are dropped.

        Raises:
            ModelportError: the operation failed.
            RuntimeError: the operation was stopped before it was done.
        """
        while await self.take():
            pass
        return self._ended()

    def ignore(self) -> None:
        """For the operation: items are dropped from now on, since only the result is awaited."""
        self._unread = True

    def add(self, item: Item) -> None:
        """For the operation: adds an item."""
        if not self._unread:
            self._waiting.append(item)
            self._changed.set()

    @property
    def congested(self) -> bool:
        """For the operation: whether to wait for ``drained`` before the next item."""
        return len(self._waiting) >= MAX_WAITING_ITEMS

    async def drained(self) -> None:
        """For the operation: returns when there is room again."""
        while self.congested:
            self._room = anyio.Event()
            await self._room.wait()

    def finish(self, end: Callable[[], Result]) -> None:
        """For the operation: sets its end, a function that returns the result or raises. The first call counts."""
        if self._end is None:
            self._end = end
            self._changed.set()

    async def _wait(self) -> None:
        while not self._waiting and self._end is None:
            self._changed = anyio.Event()
            await self._changed.wait()

    def _make_room(self) -> None:
        if not self.congested:
            self._room.set()

    def _ended(self) -> Result:
        if self._end is None:
            raise AssertionError("unreachable: the operation is over")
        return self._end()


StreamT = TypeVar("StreamT", bound=ResultStream[Any, Any])


class Operation(Generic[StreamT, Result]):
    """Work that has not begun. It begins once, in one of two ways.

    ``async with operation as stream`` starts it and gives its items as they arrive; leaving the block cancels the
    unfinished work and returns when it has ended, connections included. ``await operation`` returns the result and
    drops the items.
    """

    def __init__(self, stream: StreamT, work: Callable[[StreamT], Awaitable[Result]]) -> None:
        self._stream = stream
        self._work = work
        self._tasks: TaskGroup | None = None
        self._begun = False

    def __await__(self) -> Generator[Any, None, Result]:
        self._begin()
        self._stream.ignore()
        return self._work(self._stream).__await__()

    async def __aenter__(self) -> StreamT:
        self._begin()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._run)
        return self._stream

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tasks is not None:
            tasks, self._tasks = self._tasks, None
            tasks.cancel_scope.cancel()
            # The block's own error is not passed to the group, which would wrap it: it is raised unchanged.
            await tasks.__aexit__(None, None, None)

    def _begin(self) -> None:
        if self._begun:
            raise RuntimeError("This operation has begun already: call the client again for a new one.")
        self._begun = True

    async def _run(self) -> None:
        try:
            result = await self._work(self._stream)
        except Exception as error:  # noqa: BLE001  it is raised where the stream is read
            self._stream.finish(_raising(error))
        else:
            self._stream.finish(lambda: result)
        finally:
            self._stream.finish(_raising(RuntimeError("The operation was stopped early: there is no result.")))


def _raising(error: Exception) -> Callable[[], Any]:
    def end() -> Any:
        raise error

    return end
