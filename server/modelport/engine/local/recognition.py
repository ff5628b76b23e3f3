"""Recognises a server by requests in waves, so that one that is known early is asked for nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio

from modelport.domain.local.fingerprints import (
    Recognition,
    Reply,
    Row_co,
    Rows,
    answers_all_alike,
    open_paths,
    recognise,
)

Request = Callable[[str], Awaitable[None]]
Wave = Callable[[Sequence[str]], Awaitable[None]]


async def recognise_in_waves(
    book: Rows[Row_co], answers: Mapping[str, Reply], send: Wave, *, compare_waves: bool
) -> Recognition[Row_co] | None:
    """The row that fits a server, or None. ``send`` requests the paths of one wave and adds to ``answers`` by path.

    It ends early where no answer comes, and where a server gives the same page for every path: of one wave with
    ``compare_waves``, of all waves so far without.
    """
    sent: set[str] = set()
    for wave in book.waves:
        undecided = open_paths(book, answers, sent)
        paths = [path for path in wave if path in undecided]
        await send(paths)
        sent.update(paths)
        if not answers:
            return None
        if match := recognise(book, answers):
            return match
        if answers_all_alike(answers, wave if compare_waves else list(answers)):
            break
    return recognise(book, answers, final=True)


async def request_each(paths: Sequence[str], request: Request, *, at_once: int) -> None:
    """Makes the request of every path, some of them at once."""
    if len(paths) == 1:
        # The first wave at most addresses, where nothing listens: a task would cost more than the request.
        await request(paths[0])
        return
    limiter = anyio.CapacityLimiter(at_once)

    async def one(path: str) -> None:
        async with limiter:
            await request(path)

    async with anyio.create_task_group() as tasks:
        for path in paths:
            tasks.start_soon(one, path)
