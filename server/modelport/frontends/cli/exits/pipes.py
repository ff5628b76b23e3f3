"""The end of an output whose reader has gone, such as head."""

from __future__ import annotations

import os
import sys


def close_output() -> int:
    """Drops what is left to print, so that nothing complains at the end; returns the exit code for it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 1


def unusable(error: OSError) -> str:
    """The sentence for an error of the system that no command expects, such as an output that is full."""
    return f"The output or a file cannot be used: {error.strerror or type(error).__name__}."
