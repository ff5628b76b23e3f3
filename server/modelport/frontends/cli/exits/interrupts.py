"""Ctrl-C: where nothing has to be cleaned up it ends the process at once, elsewhere it is an exception."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130


def exit_on_interrupts() -> None:
    """From here on Ctrl-C ends the process with 130.

    An exception could be raised in an import, where it is a traceback, or in a callback, where it is lost.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


@contextmanager
def interruptible() -> Generator[None]:
    """In the block Ctrl-C raises ``KeyboardInterrupt``: for what has to be undone, such as a prompt or an engine."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not _exit:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _exit)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    if sys.stderr is not None and os.isatty(2):
        # The terminal has shown ^C.
        os.write(2, b"\n")
    os._exit(INTERRUPTED)
