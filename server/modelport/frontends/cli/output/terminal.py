"""What a terminal can show: its width, and whether it takes colours and moves its cursor."""

from __future__ import annotations

import os
import sys
from typing import TextIO

BOLD, DIM = 1, 2
"""Source: ECMA-48, select graphic rendition."""
VIRTUAL_TERMINAL_PROCESSING = 0x0004
"""Source: Microsoft, SetConsoleMode."""


def width(stream: TextIO) -> int | None:
    """The columns of the terminal, or those that ``COLUMNS`` says it has; None for a pipe or a file, which has none."""
    if not stream.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def is_animated(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can print over what it shows."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO) -> bool:
    """Whether the stream is a terminal that takes colours and whose user wants them. Source: no-color.org."""
    return is_animated(stream) and not os.environ.get("NO_COLOR") and _takes_escapes(stream)


def styled(text: str, code: int, stream: TextIO) -> str:
    """The text in a style, where the stream has such."""
    return f"\x1b[{code}m{text}\x1b[0m" if has_colours(stream) else text


def _takes_escapes(stream: TextIO) -> bool:
    if sys.platform != "win32":
        return True
    # A console of Windows shows escape sequences as characters until a program asks it not to.
    import ctypes
    import msvcrt
    from ctypes import wintypes

    console = wintypes.HANDLE(msvcrt.get_osfhandle(stream.fileno()))
    mode = wintypes.DWORD()
    kernel = ctypes.windll.kernel32
    known = kernel.GetConsoleMode(console, ctypes.byref(mode))
    return bool(known and kernel.SetConsoleMode(console, mode.value | VIRTUAL_TERMINAL_PROCESSING))
