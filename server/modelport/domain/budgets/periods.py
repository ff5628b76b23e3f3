"""When the periods of budgets begin and end, in a time zone, over the changes between summer and winter time."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from modelport.protocol.types import BudgetPeriod


class Span(Struct, frozen=True):
    """A stretch of time, in milliseconds since 1970, UTC. The end is not in it; None: it has none."""

    since_ms: int
    until_ms: int | None


def time_zone(name: str | None) -> tzinfo | None:
    """The zone of a name such as ``Europe/Berlin``; None stands for this machine's own.

    Raises:
        ValueError: no such zone is known here.
    """
    if name is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(name) from error


def span_of(period: BudgetPeriod, now_ms: int, zone: tzinfo | None, *, session_ms: int = 0) -> Span:
    """The period that a moment is in; ``session_ms`` is when the session began.

    A midnight that a clock skips is the moment of the change, and of one that it shows twice the first counts.
    """
    if period == "session":
        return Span(session_ms, None)
    today = local(now_ms, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "day":
        first, after = today, today + timedelta(days=1)
    elif period == "week":
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return Span(_milliseconds(first, zone), _milliseconds(after, zone))


def local(moment_ms: int, zone: tzinfo | None) -> datetime:
    """What the clock of a zone shows at a moment, without the zone."""
    return datetime.fromtimestamp(moment_ms / 1000, zone).replace(tzinfo=None)


def midnight_after(now_ms: int, days: int, zone: tzinfo | None) -> int:
    """The midnight that begins the day so many days later, in milliseconds since 1970."""
    day = local(now_ms, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return _milliseconds(day + timedelta(days=days), zone)


def _milliseconds(clock: datetime, zone: tzinfo | None) -> int:
    # Arithmetic on what the clock shows comes first, and the zone last: a day of 23 hours is a day.
    return round(clock.replace(tzinfo=zone).timestamp() * 1000)
