"""The wait before the next try, in the forms that providers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.http.retry_after import retry_after_ms

NOW = 1_795_168_800.0
"""2026-11-20 10:00:00 GMT."""


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5000),
        ({"retry-after": "0.25"}, 250),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, 30_000),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "1500"}, 1500),
        ({"retry-after-ms": "1500.7"}, 1500),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1500),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9000),
        ({"retry-after-ms": "1.5.2", "retry-after": "9"}, 9000),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360_000),
        ({"x-ratelimit-reset-requests": "88ms"}, 88),
        ({"x-ratelimit-reset-tokens": "1h2m3s"}, 3_723_000),
        ({"x-ratelimit-reset-tokens": "7.66s"}, 7660),
        ({"x-ratelimit-reset-tokens": "now"}, None),
        ({"retry-after": "2", "x-ratelimit-reset-tokens": "1h"}, 2000),
    ],
)
def test_headers(headers: dict[str, str], wait: int | None) -> None:
    assert retry_after_ms(headers, "", NOW) == wait


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("Rate limit reached. Please try again in 20s. Visit https://x to learn more.", 20_000),
        ("Please try again in 1.898s.", 1898),
        ("Please try again in 6ms.", 6),
        ("Please try again in 1m30s.", 90_000),
        ("Try again in 2 minutes", 120_000),
        ("try again in 3m", 180_000),
        ("try again in 3 min.", 180_000),
        ("retry after 30 seconds", 30_000),
        ("Please retry in 12.5s", 12_500),
        ("please wait 1 hour", 3_600_000),
        ("Please try again in 750 milliseconds", 750),
        ("Please try again later.", None),
        ("You have 20 requests left, try again with fewer", None),
        ("gpt-4o is limited to 3 per minute", None),
        ("", None),
    ],
)
def test_words(text: str, wait: int | None) -> None:
    assert retry_after_ms({}, text, NOW) == wait


def test_headers_count_before_words_and_words_before_reset_headers() -> None:
    assert retry_after_ms({"retry-after": "1"}, "try again in 9s", NOW) == 1000
    assert retry_after_ms({"x-ratelimit-reset-tokens": "1h"}, "try again in 9s", NOW) == 9000


ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["9" * 400, "inf", "Infinity", "-inf", "nan", "1e999", "²", "1.2.3", "Fri, 99 Nov 2026 10:00:30 GMT", "1_0"]
    ),
)


@given(ODD)
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"])
def test_a_header_without_sense_gives_no_wait(name: str, value: str) -> None:
    wait = retry_after_ms({name: value}, "", NOW)
    assert wait is None or (isinstance(wait, int) and wait >= 0)


@given(ODD)
def test_a_text_without_sense_gives_no_wait(value: str) -> None:
    wait = retry_after_ms({}, f"try again in {value}s", NOW)
    assert wait is None or wait >= 0
