"""The machine: its environment variables, its clock, its folders."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import anyio.to_thread


class ProcessEnvironment:
    """The environment of this process."""

    def variables(self) -> Mapping[str, str]:
        """The variables as they are now."""
        return os.environ


class SystemClock:
    """The system's wall clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


class LocalFolder:
    """A folder on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self._path)

    async def problem(self) -> str | None:
        """Why nothing can be written to it, or None."""
        return await anyio.to_thread.run_sync(self._try)

    def _try(self) -> str | None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._path):
                return None
        except OSError as error:
            return error.strerror or type(error).__name__
