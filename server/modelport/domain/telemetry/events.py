"""Ended calls and requests, as telemetry gets them. Neither holds a prompt, an answer, a tool, a key or a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from modelport.domain.spending.usage import CallRecord, Operation
from modelport.protocol.types import CallOutcome, CompletionRole


class EndedCall(Struct, frozen=True, kw_only=True):
    """One call to a provider, which is one attempt of a completion or one other operation."""

    record: CallRecord
    operation: Operation
    provider_name: str
    """The provider as the conventions name it."""
    base_url: str
    """Where the call went; empty for a model inside of this process."""
    parameters: Mapping[str, Any] = {}
    """The sampling parameters of the request, by our names."""
    answered_model: str | None = None
    """The model that the provider says has answered; None where it does not say."""
    in_request: bool = False
    """Whether there is an ``EndedRequest`` for it, which comes after its calls."""


class EndedRequest(Struct, frozen=True, kw_only=True):
    """One request for a completion, with everything that was tried for it."""

    first_entry: int
    """The entry of its first call in the ledger; a random number where none was made."""
    calls: int
    started_at_ms: int
    """Milliseconds since 1970, UTC."""
    duration_ms: float
    outcome: CallOutcome
    error_type: str | None = None
    role: CompletionRole | None = None


Event = EndedCall | EndedRequest


class Telemetry(Protocol):
    """The port that ended calls and requests are reported to."""

    def put(self, event: Event) -> None:
        """Takes an event over. Never waits and never raises; an event beyond a limit is counted and dropped."""
        ...
