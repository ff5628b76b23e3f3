"""What became of the targets of a request, and the error where all have failed."""

from __future__ import annotations

from modelport.domain.completions.listener import Listener
from modelport.domain.errors import RequestFailed
from modelport.protocol import types


class Outcomes:
    """The attempts of a request in order, those that were skipped included."""

    def __init__(self, listener: Listener) -> None:
        self.attempts: list[types.Attempt] = []
        self.calls = 0
        """Attempts that were sent."""
        self._listener = listener
        self._failures: list[tuple[RequestFailed, bool]] = []
        self._untold: list[types.Attempt] = []

    def add(self, attempt: types.Attempt, failure: RequestFailed | None, *, counts: bool = True) -> None:
        """Adds an attempt.

        Without ``counts`` the failure is told only where there is no other: the target was skipped for something that
        the model is known to lack.
        """
        self.attempts.append(attempt)
        self.calls += attempt.skipped is None
        if failure is not None:
            self._failures.append((failure, counts))
            self._untold.append(attempt)

    def announce(self) -> None:
        """Reports the failures so far to the listener, now that another attempt follows."""
        for attempt in self._untold:
            if attempt.error is not None:
                self._listener.attempt(attempt.provider, attempt.model, attempt.error.kind)
        self._untold.clear()

    def error(self, *, out_of_time: bool = False) -> RequestFailed:
        """The error of the first target, with the shortest wait of all and every attempt.

        ``out_of_time``: that of the last, which the limit of the request has ended.
        """
        if out_of_time:
            return self.completed(self._failures[-1][0])
        counting = [failure for failure, counts in self._failures if counts]
        first = (counting or [failure for failure, _ in self._failures])[0]
        return self.completed(first)

    def completed(self, failure: RequestFailed) -> RequestFailed:
        """A failure as the request ends with it."""
        waits = [one.retry_after_ms for one, _ in self._failures if one.retry_after_ms is not None]
        failure.retry_after_ms = min(waits, default=None)
        failure.attempts = self.attempts
        return failure
