"""Keeps what a task raises inside it: two kinds of errors go through asyncio's loop, and would end the process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class ExitInTask(RuntimeError):
    """A task raised SystemExit or KeyboardInterrupt, as a library does that takes the process for its own."""


def contain_exits(loop: asyncio.AbstractEventLoop) -> None:
    """Makes a SystemExit or KeyboardInterrupt in any task of the loop begun from now on an error of that task.

    Ctrl-C is a signal with a handler of its own, so nothing else has a meaning that would be lost.
    """
    loop.set_task_factory(_make)


def _make(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
) -> asyncio.Task[T]:
    return asyncio.Task(_contained(coroutine), loop=loop, **options)  # type: ignore[arg-type]


async def _contained(coroutine: Any) -> Any:
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise ExitInTask(type(error).__name__) from error
