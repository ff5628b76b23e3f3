"""Detects that the client's process has ended, even when another process keeps standard input open.

Source: Language Server Protocol 3.18, ``InitializeParams.processId``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import anyio

INTERVAL_S = 1.0


class ParentWatch:
    """Watches the parent process and, once ``initialize`` gives it, the client's ``processId``."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._client: int | None = None

    def also(self, process_id: object) -> None:
        """Watches this process too, unless it cannot be seen from here, as from inside a container."""
        if isinstance(process_id, int) and process_id > 0 and process_id != os.getpid() and _alive(process_id):
            self._client = process_id

    async def run(self, on_gone: Callable[[], None]) -> None:
        """Calls ``on_gone`` once, when either is gone."""
        while True:
            await anyio.sleep(INTERVAL_S)
            orphaned = self._parent > 1 and os.getppid() != self._parent
            if orphaned or (self._client is not None and not _alive(self._client)):
                on_gone()
                return


def _alive(process_id: int) -> bool:
    if os.name == "nt":
        return _alive_on_windows(process_id)
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _alive_on_windows(process_id: int) -> bool:
    # Signal 0 would end the process there, so its handle is checked instead.
    import ctypes

    synchronize, timeout = 0x00100000, 0x00000102
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  it exists on Windows only
    handle = kernel.OpenProcess(synchronize, False, process_id)
    if not handle:
        return False
    alive = kernel.WaitForSingleObject(handle, 0) == timeout
    kernel.CloseHandle(handle)
    return bool(alive)
