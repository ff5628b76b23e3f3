"""A lock over all processes of the user: a file that one of them holds, and that its end lets go."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from modelport.adapters.system.private_files import FILE_MODE, private_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

POLL_S = 0.05


@asynccontextmanager
async def file_lock(path: Path, timeout_s: float) -> AsyncGenerator[bool]:
    """Holds a lock for the block; yields whether it was to be had in time, and where files can be written at all."""
    from filelock import FileLock

    lock = FileLock(os.fspath(path), mode=FILE_MODE, thread_local=False)
    try:
        yield await _acquired(lock, path.parent, timeout_s)
    finally:
        if lock.is_locked:
            lock.release(force=True)


async def _acquired(lock: BaseFileLock, folder: Path, timeout_s: float) -> bool:
    from filelock import Timeout

    with anyio.move_on_after(timeout_s):
        try:
            await anyio.to_thread.run_sync(private_folder, folder)
            while True:
                try:
                    await anyio.to_thread.run_sync(partial(lock.acquire, blocking=False))
                except Timeout:
                    await anyio.sleep(POLL_S)
                else:
                    return True
        except OSError:
            return False
    return False
