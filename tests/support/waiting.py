"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_S = 10.0


def until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
