"""Work whose pieces are told while it goes on. It runs in a task of its own, which ends with its context."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

MOST_WAITING = 256
"""Pieces that wait for their reader before the provider is left unread."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ResultStream(Generic[Item, Result]):
    """An async iterator over the pieces of some work, with the result of the whole at its end.

    It has one reader. Iterating raises what the work raises, after every piece that came before.
    """

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._news = anyio.Event()
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
        """All pieces that wait, as soon as there is one; none when the work is done.

        Raises:
            ModelportError: the work failed.
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
        """The result of the whole, once it is done; pieces that were not read are dropped.

        Raises:
            ModelportError: the work failed.
            RuntimeError: it was stopped before it was done.
        """
        while await self.take():
            pass
        return self._ended()

    def ignore(self) -> None:
        """Nobody is going to read the pieces."""
        self._unread = True

    def add(self, item: Item) -> None:
        """For the work: another piece."""
        if not self._unread:
            self._waiting.append(item)
            self._news.set()

    @property
    def congested(self) -> bool:
        """For the work: whether it should wait for ``drained`` before it goes on."""
        return len(self._waiting) >= MOST_WAITING

    async def drained(self) -> None:
        """For the work: returns when there is room again."""
        while self.congested:
            self._room = anyio.Event()
            await self._room.wait()

    def finish(self, end: Callable[[], Result]) -> None:
        """For the work: it is over, and this returns its result or raises what went wrong. The first word counts."""
        if self._end is None:
            self._end = end
            self._news.set()

    async def _wait(self) -> None:
        while not self._waiting and self._end is None:
            self._news = anyio.Event()
            await self._news.wait()

    def _make_room(self) -> None:
        if not self.congested:
            self._room.set()

    def _ended(self) -> Result:
        if self._end is None:
            raise AssertionError("unreachable: the work is over")
        return self._end()


FeedT = TypeVar("FeedT", bound=ResultStream[Any, Any])


class Operation(Generic[FeedT, Result]):
    """Work that has not begun. It begins once, in one of two ways.

    ``async with job as feed`` starts it and gives its pieces as they come; leaving the block stops what is not done
    and returns when that is gone, connections included. ``await job`` returns the result and drops the pieces.
    """

    def __init__(self, feed: FeedT, work: Callable[[FeedT], Awaitable[Result]]) -> None:
        self._feed = feed
        self._work = work
        self._tasks: TaskGroup | None = None
        self._begun = False

    def __await__(self) -> Generator[Any, None, Result]:
        self._begin()
        self._feed.ignore()
        return self._work(self._feed).__await__()

    async def __aenter__(self) -> FeedT:
        self._begin()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._run)
        return self._feed

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tasks is not None:
            tasks, self._tasks = self._tasks, None
            tasks.cancel_scope.cancel()
            # The group is not told of the block's own error, which it would wrap: that goes on as it is.
            await tasks.__aexit__(None, None, None)

    def _begin(self) -> None:
        if self._begun:
            raise RuntimeError("This has been begun before: call the client again.")
        self._begun = True

    async def _run(self) -> None:
        try:
            result = await self._work(self._feed)
        except Exception as error:  # noqa: BLE001  it is raised where the feed is read
            self._feed.finish(_raising(error))
        else:
            self._feed.finish(lambda: result)
        finally:
            self._feed.finish(_raising(RuntimeError("It was stopped before it was done, so there is no result.")))


def _raising(error: Exception) -> Callable[[], Any]:
    def end() -> Any:
        raise error

    return end
