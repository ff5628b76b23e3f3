"""What has become of the spans so far."""

from __future__ import annotations

from msgspec import Struct


class TelemetryStatus(Struct, frozen=True):
    """Counts of spans since the process began, and the last trouble as a sentence; None where there is none now."""

    sent: int = 0
    dropped: int = 0
    problem: str | None = None
