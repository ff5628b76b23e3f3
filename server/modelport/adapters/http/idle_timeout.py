"""Ends a call whose provider sends nothing for too long.

A provider may think for minutes before its first word, but a stream that has begun and then sends nothing for half a
minute is dead. One timer handle per call measures that; a chunk costs it one clock reading.
"""

from __future__ import annotations

import asyncio

import anyio

from modelport.domain.providers.connection import Endpoint

FIRST_DELTA_TIMEOUT_S = 300.0
"""How long a provider may take to begin its answer."""
GAP_TIMEOUT_S = 30.0
"""How long a provider may pause once it has begun."""


class IdleTimeout:
    """Cancels a scope when a provider has sent nothing for too long. ``pause`` stops the clock."""

    def __init__(self, endpoint: Endpoint, scope: anyio.CancelScope) -> None:
        self.limit_s = endpoint.idle_timeout_s or FIRST_DELTA_TIMEOUT_S
        self.expired = False
        self._gap_s = endpoint.idle_timeout_s or GAP_TIMEOUT_S
        self._scope = scope
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self.limit_s, self._look)

    def touch(self) -> None:
        """Restarts the clock: something arrived."""
        self._last = self._loop.time()

    def begun(self) -> None:
        """The answer has begun: from now on only the shorter gap is allowed."""
        if self.limit_s != self._gap_s:
            self.limit_s = self._gap_s
            self._rearm(self._last + self._gap_s)

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
