"""Reads how long to wait before the next try, in the forms that providers use.

Source: RFC 9110 (``Retry-After``); OpenAI, "Rate limits"; Azure OpenAI, "Manage quota"; Anthropic, "Rate limits";
OpenRouter, "Limits"; draft-ietf-httpapi-ratelimit-headers (Cloudflare); google.rpc.RetryInfo.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from modelport.domain.providers.rows import RateLimitReset

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?)?(?![a-z])")
_UNIT_MS = {"ms": 1, "mi": 60_000, "m": 60_000, "s": 1000, "h": 3_600_000}
_TEXT = re.compile(r"(?:try again|retry|wait)[^.\d]{0,30}((?:\d+(?:\.\d+)?\s*(?:ms|[smh])[a-z]*\s*)+)", re.IGNORECASE)
_RETRY_INFO = re.compile(r'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?s)"')
_LIMIT_ITEM = re.compile(r";\s*(r|t)\s*=\s*(\d+)")
MAX_DELAY = 1e11
"""In seconds or milliseconds; a longer delay is ignored, since no provider means it."""
MAX_BODY_CHARS = 8 * 1024

Reader = Callable[[str, float], int | None]
"""Milliseconds from the value of a header and the time in seconds since 1970."""


class Dimension(Struct, frozen=True):
    """How a provider names the headers of one limit, with ``{}`` for what is limited, and reads their reset."""

    reset: str
    remaining: str
    read: Reader

    def found(self, headers: Mapping[str, str]) -> Iterator[tuple[str | None, str]]:
        """What remains and the reset of each limit, as the headers have them."""
        begin, _, end = self.reset.partition("{}")
        for header, reset in headers.items():
            name = header.casefold()
            if name.startswith(begin) and name.endswith(end) and len(name) >= len(begin) + len(end):
                what = name[len(begin) : len(name) - len(end)]
                yield headers.get(self.remaining.replace("{}", what)), reset


def retry_after_ms(
    headers: Mapping[str, str], text: str, now_s: float, *, body: str = "", reset: RateLimitReset | None = None
) -> int | None:
    """Milliseconds to wait; None where nothing says how long.

    The first of these counts: ``retry-after-ms``, ``retry-after``, the delay in the body, the time in the provider's
    words ``text``, the reset of a limit of which nothing remains. ``now_s`` is the time in seconds since 1970,
    ``reset`` the form of the row's reset headers.
    """
    if (exact := _number(headers.get("retry-after-ms", ""))) is not None:
        return int(exact)
    if after := headers.get("retry-after"):
        return _seconds_or_date(after, now_s)
    if match := _RETRY_INFO.search(body[:MAX_BODY_CHARS]) or _TEXT.search(text):
        return _duration_ms(match[1], now_s)
    return _exhausted(headers, now_s, reset or "duration")


def _exhausted(headers: Mapping[str, str], now_s: float, form: RateLimitReset) -> int | None:
    """The longest wait of the limits of which nothing remains.

    A reset is the time until a limit is full again: where something remains, it is no reason to wait. A single reset
    without what remains is taken for the reason.
    """
    waits: list[int] = []
    alone: list[int] = []
    for dimension in (RESETS[form], *SELF_DESCRIBING):
        for remaining, reset in dimension.found(headers):
            wait = dimension.read(reset, now_s)
            if wait is None:
                continue
            alone.append(wait)
            if remaining is not None and _number(remaining) == 0:
                waits.append(wait)
    waits += _ietf(headers.get("ratelimit", ""))
    if not waits and len(alone) == 1 and not _says_what_remains(headers):
        return alone[0]
    return max(waits, default=None)


def _says_what_remains(headers: Mapping[str, str]) -> bool:
    return any("ratelimit" in name.casefold() and "remaining" in name.casefold() for name in headers)


def _ietf(value: str) -> Iterator[int]:
    """The waits of the items ``"default";r=0;t=1`` with nothing remaining, in milliseconds."""
    for item in value.split(","):
        found = dict(_LIMIT_ITEM.findall(item))
        if found.get("r") == "0" and (seconds := _number(found.get("t", ""))) is not None:
            yield int(seconds * 1000)


def _number(value: str) -> float | None:
    """A number of seconds, milliseconds or requests; None for what is none, or too much."""
    try:
        number = float(value)
    except ValueError:
        return None
    # A time that has passed is no wait. As a large negative number it would overflow when callers convert its unit.
    return max(number, 0.0) if math.isfinite(number) and number <= MAX_DELAY else None


def _seconds_or_date(value: str, now_s: float) -> int | None:
    if (seconds := _number(value)) is not None:
        return int(seconds * 1000)
    from email.utils import parsedate_to_datetime

    try:
        return max(0, int((parsedate_to_datetime(value).timestamp() - now_s) * 1000))
    except ValueError:
        return None


def _duration_ms(value: str, _: float) -> int | None:
    """``7``, ``1.5s``, ``6ms``, ``1m30s``, ``20 seconds``."""
    total = 0.0
    found = False
    for number, unit in _DURATION.findall(value.lower()):
        key = unit[:2] if unit.startswith(("ms", "mi")) else unit[:1]
        total += float(number) * (1 if unit.startswith("milli") else _UNIT_MS.get(key, 1000))
        found = True
    return int(total) if found and total <= MAX_DELAY else None


def _milliseconds(value: str, _: float) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _epoch_ms(value: str, now_s: float) -> int | None:
    try:
        wait = float(value) - now_s * 1000
    except ValueError:
        return None
    return max(0, int(wait)) if math.isfinite(wait) and wait <= MAX_DELAY else None


def _rfc3339(value: str, now_s: float) -> int | None:
    from datetime import datetime

    try:
        return max(0, int((datetime.fromisoformat(value).timestamp() - now_s) * 1000))
    except (ValueError, OverflowError):
        return None


def _x_ratelimit(read: Reader) -> Dimension:
    return Dimension("x-ratelimit-reset{}", "x-ratelimit-remaining{}", read)


RESETS: Mapping[RateLimitReset, Dimension] = {
    "duration": _x_ratelimit(_duration_ms),
    "milliseconds": _x_ratelimit(_milliseconds),
    "epoch_ms": _x_ratelimit(_epoch_ms),
}
"""The headers that most providers name alike, by the form that the row says their values have."""
SELF_DESCRIBING = (
    Dimension("anthropic-ratelimit-{}-reset", "anthropic-ratelimit-{}-remaining", _rfc3339),
    Dimension("ratelimit-reset{}", "ratelimit-remaining{}", _duration_ms),
)
"""Headers whose names say what form their values have."""
