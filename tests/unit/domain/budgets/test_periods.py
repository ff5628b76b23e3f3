"""When periods begin and end: over changes of the clock, in zones of any kind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.budgets.periods import Span, local, midnight_after, span_of, time_zone

HOUR = 3_600_000
DAY = 24 * HOUR
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Asia/Kathmandu")  # fmt: skip
MOMENTS = st.integers(1_577_836_800_000, 1_893_456_000_000)
"""Within ten years, in which no zone of these has skipped a whole day."""
CALENDAR: tuple[Literal["day", "week", "month"], ...] = ("day", "week", "month")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def hours(span: Span) -> float:
    assert span.until_ms is not None
    return (span.until_ms - span.since_ms) / HOUR


@pytest.mark.parametrize(
    ("period", "moment", "zone", "since", "until"),
    [
        ("day", "2026-11-30T12:00Z", "UTC", "2026-11-30T00:00Z", "2026-12-01T00:00Z"),
        # Berlin is an hour ahead: late in the evening in UTC it is the next day there.
        ("day", "2026-11-30T23:30Z", "Europe/Berlin", "2026-11-30T23:00Z", "2026-12-01T23:00Z"),
        # A Sunday belongs to the week that began on the Monday before.
        ("week", "2026-11-29T12:00Z", "UTC", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
        ("week", "2026-11-30T00:00Z", "UTC", "2026-11-30T00:00Z", "2026-12-07T00:00Z"),
        ("month", "2026-12-31T23:59Z", "UTC", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("month", "2028-02-10T12:00Z", "UTC", "2028-02-01T00:00Z", "2028-03-01T00:00Z"),
        # The clock goes forward within the month, back within the week.
        ("month", "2026-03-15T12:00Z", "Europe/Berlin", "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
        ("week", "2026-10-25T12:00Z", "Europe/Berlin", "2026-10-18T22:00Z", "2026-10-25T23:00Z"),
    ],
)
def test_periods_of_a_calendar(period: Literal["day"], moment: str, zone: str, since: str, until: str) -> None:
    assert span_of(period, at(moment), ZoneInfo(zone)) == Span(at(since), at(until))


@pytest.mark.parametrize(
    ("moment", "zone", "length"),
    [
        ("2026-03-29T12:00Z", "Europe/Berlin", 23),
        ("2026-10-25T12:00Z", "Europe/Berlin", 25),
        ("2026-10-25T00:30Z", "Europe/Berlin", 25),
        ("2026-10-25T01:30Z", "Europe/Berlin", 25),
        ("2026-04-05T00:00Z", "Australia/Lord_Howe", 24.5),
        # Midnight itself is skipped in Havana and Beirut, and shown twice in Havana.
        ("2026-03-08T12:00Z", "America/Havana", 23),
        ("2026-11-01T12:00Z", "America/Havana", 25),
        ("2026-03-29T12:00Z", "Asia/Beirut", 23),
    ],
)
def test_a_day_with_a_change_of_the_clock_is_one_day(moment: str, zone: str, length: float) -> None:
    assert hours(span_of("day", at(moment), ZoneInfo(zone))) == length


@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(CALENDAR))
def test_periods_follow_each_other_without_a_gap(moment: int, name: str, period: Literal["day"]) -> None:
    zone = ZoneInfo(name)
    span = span_of(period, moment, zone)
    assert span.until_ms is not None
    assert span.since_ms <= moment < span.until_ms
    assert span_of(period, span.since_ms, zone) == span
    assert span_of(period, span.until_ms - 1, zone) == span
    after = span_of(period, span.until_ms, zone)
    assert after.since_ms == span.until_ms
    before = span_of(period, span.since_ms - 1, zone)
    assert before.until_ms == span.since_ms
    shortest, longest = {"day": (23, 25), "week": (167, 169), "month": (28 * 24 - 1, 31 * 24 + 1)}[period]
    assert shortest <= hours(span) <= longest


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_day_is_what_the_clock_calls_one(moment: int, name: str) -> None:
    """Against the dates of the zone itself, at the first and the last moment of the day."""
    zone = ZoneInfo(name)
    span = span_of("day", moment, zone)
    assert span.until_ms is not None
    date = datetime.fromtimestamp(moment / 1000, zone).date()
    for inside in (span.since_ms, span.until_ms - 1):
        assert datetime.fromtimestamp(inside / 1000, zone).date() == date
    for outside in (span.since_ms - 1, span.until_ms):
        assert datetime.fromtimestamp(outside / 1000, zone).date() != date


def test_a_session_begins_with_its_program_and_does_not_end() -> None:
    assert span_of("session", DAY, None, session_ms=5) == Span(5, None)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set here")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-01", "2026-12-31"])
def test_without_a_name_it_is_the_zone_of_the_machine(day: str) -> None:
    moment = at(f"{day}T12:00Z")
    for period in CALENDAR:
        assert span_of(period, moment, time_zone(None)) == span_of(period, moment, ZoneInfo("Europe/Berlin"))
    assert local(moment, None) == datetime.fromtimestamp(moment / 1000, ZoneInfo("Europe/Berlin")).replace(tzinfo=None)


def test_the_midnight_after_a_moment() -> None:
    zone = ZoneInfo("Europe/Berlin")
    evening = at("2026-10-24T20:00Z")
    assert midnight_after(evening, 1, zone) == at("2026-10-24T22:00Z")
    # The day between has 25 hours.
    assert midnight_after(evening, 2, zone) == at("2026-10-25T23:00Z")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "a\0b", "Europe", "x" * 5000])
def test_a_zone_that_is_not_known(name: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        time_zone(name)


def test_a_zone_that_is_known() -> None:
    zone = time_zone("Europe/Berlin")
    assert zone is not None
    assert zone.utcoffset(datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)) == timedelta(hours=2)
