"""Ends a call whose provider sends nothing for too long.

One timer handle per call measures that; a chunk costs it one clock reading.
"""

from __future__ import annotations

import asyncio

import anyio

from modelport.domain.completions.timeouts import FIRST_DELTA_TIMEOUT_S, GAP_TIMEOUT_S
from modelport.domain.providers.connection import Endpoint


class IdleTimeout:
    """Cancels a scope when a provider has sent nothing for too long. ``pause`` stops the clock."""

    def __init__(self, endpoint: Endpoint, scope: anyio.CancelScope) -> None:
        self.limit_s = endpoint.idle_timeout_s or FIRST_DELTA_TIMEOUT_S
        self.gap_s = endpoint.idle_timeout_s or GAP_TIMEOUT_S
        """How long the provider may send nothing once text has come."""
        self.expired = False
        self._scope = scope
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self.limit_s, self._look)

    def touch(self) -> None:
        """Restarts the clock: something arrived."""
        self._last = self._loop.time()

    def allow(self, seconds: float) -> None:
        """Changes how long the provider may send nothing, from what arrived last."""
        if self.limit_s != seconds:
            self.limit_s = seconds
            self._rearm(self._last + seconds)

    def pause(self) -> None:
        """Stops the clock: nothing is read for now."""
        self._timer.cancel()

    def resume(self) -> None:
        """Starts the clock again: reading goes on."""
        self.touch()
        self._rearm(self._last + self.limit_s)

    def close(self) -> None:
        """Stops the clock for good."""
        self._timer.cancel()

    def _rearm(self, when: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        due = self._last + self.limit_s
        if due > self._loop.time():
            self._rearm(due)
        else:
            self.expired = True
            self._scope.cancel()
