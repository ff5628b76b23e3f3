"""Opens a page in the user's browser. It is the one program that is theirs and not ours: it stays when we end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress

TIMEOUT_S = 20.0
"""A browser of the terminal would keep what opens it waiting."""


def open_page(uri: str, environment: Mapping[str, str], secret_env_vars: Collection[str]) -> None:
    """Has the system open a page, without the variables that hold keys. Blocks until it is opened, or for a while.

    A system without a browser opens nothing: whoever asks for it shows the address as well.
    """
    clean = {name: value for name, value in environment.items() if name not in secret_env_vars}
    # In a process of its own, which finds the browser as Python does, and ends where that hangs.
    argv = [sys.executable, "-I", "-m", "webbrowser", "-t", uri]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603  the address is that of a log-in, which ``is_safe`` has looked at
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean,
            timeout=TIMEOUT_S,
            check=False,
        )
