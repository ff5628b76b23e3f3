"""Whether the server of model files runs in the Windows Subsystem for Linux."""

from __future__ import annotations

import os
from collections.abc import Callable

from modelport.domain.providers.configuration import LocalModelsEntry

PROGRAM = "wsl.exe"


def runs_in_wsl(
    entry: LocalModelsEntry,
    *,
    which: Callable[[str], str | None],
    windows: bool = os.name == "nt",
) -> bool:
    """What the setting says; without it, whether Windows has no such program and WSL is installed. Blocks."""
    if not windows or entry.wsl is not None:
        return windows and bool(entry.wsl)
    return which(entry.command[0]) is None and which(PROGRAM) is not None
