"""Detects that the client's process has ended, even when another process keeps standard input open.

Source: Language Server Protocol 3.18, ``InitializeParams.processId``.
"""

from __future__ import annotations

import os
from collections.abc import Callable

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
        from modelport.windows_processes import is_running

        return is_running(process_id)
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
