"""The time of one request: a single deadline, of which each attempt gets what is left."""

from __future__ import annotations

import anyio

from modelport.domain.completions.timeouts import is_own_server
from modelport.domain.failover.steps import DEFAULT_TIME_S
from modelport.domain.providers.connection import Endpoint
from modelport.engine.time_limit import TimeLimit

SHARE = 0.5
"""The part of the time left within which a target has to begin its answer, where another one follows and the request
has no limit of its own."""


class Deadline:
    """When a request has to be answered.

    ``timeoutMs`` limits all of it. Without one, other targets are tried for ``DEFAULT_TIME_S`` seconds; the last target
    is not limited, since to cut it would gain nothing, and neither is one that the user runs, or whose idle timeout the
    user has set: their time does not count.
    """

    def __init__(self, limit: TimeLimit) -> None:
        self.limit = limit
        self._exempt_s = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether the request has a limit of its own."""
        return self.limit.timeout_ms is not None

    @property
    def left_s(self) -> float:
        """Seconds until nothing more is tried."""
        exempt_s = 0.0 if self.is_limited else self._exempt_s
        return self.limit.ends_by_default(DEFAULT_TIME_S * 1000) + exempt_s - anyio.current_time()

    @property
    def is_over(self) -> bool:
        """Whether the limit of the request has passed."""
        return self.limit.is_over

    def first_delta_s(self, endpoint: Endpoint, *, is_last: bool) -> float:
        """Seconds within which an attempt has to begin its answer; infinity where only its provider limits it."""
        return float("inf") if self.is_limited or is_last or is_patient(endpoint) else self.left_s * SHARE

    def spend(self, endpoint: Endpoint, seconds: float, *, committed: bool) -> None:
        """Leaves out the time of an attempt that may take as long as it needs, or whose answer had begun."""
        if committed or is_patient(endpoint):
            self._exempt_s += seconds


def is_patient(endpoint: Endpoint) -> bool:
    """Whether a target may take as long as it needs: the user runs it, or has set its idle timeout."""
    return endpoint.idle_timeout_s is not None or is_own_server(endpoint)
