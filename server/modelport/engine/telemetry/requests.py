"""Times a request and reports its end to telemetry."""

from __future__ import annotations

import secrets
import time
from types import TracebackType
from typing import Protocol

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Clock
from modelport.domain.telemetry.events import EndedRequest, Telemetry
from modelport.protocol.types import CallOutcome, CompletionRole


class RequestCalls(Protocol):
    """The calls that were made for a request so far."""

    @property
    def first(self) -> int | None:
        """The first one's entry in the ledger; None where none was made."""
        ...

    @property
    def count(self) -> int:
        """How many there were."""
        ...


class TracedRequest:
    """A context manager around the work on a request; at its end the request is reported."""

    def __init__(self, telemetry: Telemetry, clock: Clock, calls: RequestCalls, role: CompletionRole | None) -> None:
        self._telemetry = telemetry
        self._calls = calls
        self._role: CompletionRole | None = role
        self._started_at_ms, self._started_s = clock.now_ms(), time.monotonic()

    def __enter__(self) -> None:
        """Nothing is left to do: the time began with the object."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Reports the request, however it ended; an error goes on."""
        outcome, error_type = _outcome(error)
        self._telemetry.put(
            EndedRequest(
                first_entry=self._calls.first or secrets.randbits(62),
                calls=self._calls.count,
                started_at_ms=self._started_at_ms,
                duration_ms=(time.monotonic() - self._started_s) * 1000,
                outcome=outcome,
                error_type=error_type,
                role=self._role,
            )
        )


def _outcome(error: BaseException | None) -> tuple[CallOutcome, str | None]:
    """How a request ended, and the type of its error; the words of an error may repeat a prompt, so they are left."""
    if error is None:
        return "ok", None
    if isinstance(error, RequestFailed):
        return "failed", error.kind
    if isinstance(error, InvalidParams):
        return "failed", "invalid_params"
    return ("failed", "_OTHER") if isinstance(error, Exception) else ("cancelled", None)
