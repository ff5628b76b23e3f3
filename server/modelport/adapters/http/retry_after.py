"""Reads how long to wait before the next try, in the forms that providers use."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?)?(?![a-z])")
_UNIT_MS = {"ms": 1, "mi": 60_000, "m": 60_000, "s": 1000, "h": 3_600_000}
_TEXT = re.compile(r"(?:try again|retry|wait)[^.\d]{0,30}((?:\d+(?:\.\d+)?\s*(?:ms|[smh])[a-z]*\s*)+)", re.IGNORECASE)
MAX_DELAY = 1e11
"""In seconds or milliseconds; a longer delay is ignored, since no provider means it."""
RESET_HEADERS = ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")


def retry_after_ms(headers: Mapping[str, str], text: str, now_s: float) -> int | None:
    """Milliseconds to wait, from ``retry-after-ms``, ``retry-after``, the rate-limit reset headers or the text.

    ``now_s`` is the time in seconds since 1970, for the date form. Returns None when none of them has it.
    """
    if (exact := _number(headers.get("retry-after-ms", ""))) is not None:
        return max(0, int(exact))
    if after := headers.get("retry-after"):
        return _seconds_or_date(after, now_s)
    if match := _TEXT.search(text):
        return _duration_ms(match[1])
    resets = [_duration_ms(headers[name]) for name in RESET_HEADERS if headers.get(name)]
    known = [reset for reset in resets if reset is not None]
    return max(known) if known else None


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number <= MAX_DELAY else None


def _seconds_or_date(value: str, now_s: float) -> int | None:
    if (seconds := _number(value)) is not None:
        return max(0, int(seconds * 1000))
    from email.utils import parsedate_to_datetime

    try:
        return max(0, int((parsedate_to_datetime(value).timestamp() - now_s) * 1000))
    except ValueError:
        return None


def _duration_ms(value: str) -> int | None:
    """``7``, ``1.5s``, ``6ms``, ``1m30s``, ``20 seconds``."""
    total = 0.0
    found = False
    for number, unit in _DURATION.findall(value.lower()):
        key = unit[:2] if unit.startswith(("ms", "mi")) else unit[:1]
        total += float(number) * (1 if unit.startswith("milli") else _UNIT_MS.get(key, 1000))
        found = True
    return int(total) if found and total <= MAX_DELAY else None
