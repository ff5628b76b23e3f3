"""Times as a person writes them on the command line: ``7d``, ``today``, ``tomorrow``, or a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from modelport.domain.budgets.periods import local, midnight_after
from modelport.domain.errors import InvalidParams

_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def since(text: str, now: datetime) -> str:
    """An RFC 3339 time for one such as ``7d``, ``today`` or ``yesterday``; any other is left as it is."""
    if found := _AGO.fullmatch(text.strip()):
        return (now - _duration(found)).isoformat()
    if (days := _DAYS.get(text.strip().lower())) is not None:
        midnight_ms = midnight_after(round(now.timestamp() * 1000), days, None)
        return datetime.fromtimestamp(midnight_ms / 1000, now.tzinfo).isoformat()
    return text


def until_ms(text: str, now_ms: int, zone: tzinfo | None) -> int:
    """The moment that a raise ends, in milliseconds since 1970.

    ``tomorrow`` is its first moment by the clock of the zone, a date too; ``3d`` is so much later than now.

    Raises:
        InvalidParams: it is none of these, or over.
    """
    text = text.strip()
    if found := _AGO.fullmatch(text):
        moment = now_ms + round(_duration(found).total_seconds() * 1000)
    elif text.lower() == "tomorrow":
        moment = midnight_after(now_ms, 1, zone)
    else:
        moment = _written(text, zone)
    if moment <= now_ms:
        over = f"{local(moment, zone):%Y-%m-%d %H:%M} is over: name a later time, such as tomorrow or 3d."
        raise InvalidParams(over, field="until")
    return moment


def _written(text: str, zone: tzinfo | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        sentence = "until must be a time such as tomorrow, 3d, 2026-12-24 or 2026-12-24T18:00."
        raise InvalidParams(sentence, field="until") from error


def _duration(found: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
