"""Times of the contract as a person reads them: in the zone of this machine."""

from __future__ import annotations

from datetime import datetime


def local_time(at: str) -> str:
    """An RFC 3339 time as ``16:45:07``, or with its date where that is not today."""
    moment = datetime.fromisoformat(at).astimezone()
    today = datetime.now().astimezone().date()
    return f"{moment:%H:%M:%S}" if moment.date() == today else f"{moment:%Y-%m-%d %H:%M}"
