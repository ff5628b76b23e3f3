"""The time of day, in the form of records."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """This moment, RFC 3339, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
