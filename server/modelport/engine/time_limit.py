"""The time limit of a request, from its arrival: whatever it has to wait for counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from modelport.domain.errors import InvalidParams, RequestFailed

T = TypeVar("T")


class TimeLimit:
    """``timeoutMs`` of a request, which has just arrived; None for no limit.

    Raises:
        InvalidParams: it is not more than 0.
    """

    def __init__(self, timeout_ms: int | None) -> None:
        if timeout_ms is not None and timeout_ms <= 0:
            raise InvalidParams("timeoutMs must be more than 0.", field="timeoutMs")
        self.timeout_ms = timeout_ms
        self._arrived_s = anyio.current_time()

    @property
    def ends_s(self) -> float:
        """Its end on the loop's clock; infinity for none."""
        return self.ends_by_default(float("inf"))

    def ends_by_default(self, default_ms: float) -> float:
        """Its end on the loop's clock, where a request without a limit has this one."""
        return self._arrived_s + (default_ms if self.timeout_ms is None else self.timeout_ms) / 1000

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return anyio.current_time() >= self.ends_s

    async def within(self, work: Callable[[], Awaitable[T]], failure: Callable[[], RequestFailed] | None = None) -> T:
        """The result of work that is cancelled when the time is up.

        Raises:
            RequestFailed: the time was up: what ``failure`` makes, else one that names no provider.
        """
        if self.timeout_ms is None:
            return await work()
        if not self.is_over:
            with anyio.CancelScope(deadline=self.ends_s):
                return await work()
        raise failure() if failure else self._failure()

    def _failure(self) -> RequestFailed:
        return RequestFailed(
            "timeout",
            f"Nothing could be requested within {self.timeout_ms} ms, since keys, log-ins or servers were waited for: "
            "allow more with timeoutMs.",
            action="allow more time",
        )
