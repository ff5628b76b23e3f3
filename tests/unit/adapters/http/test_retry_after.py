"""The wait before the next try, in the forms that providers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.data.providers import load_registry
from modelport.adapters.http.retry_after import retry_after_ms
from modelport.domain.providers.rows import RateLimitReset

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
        ({"retry-after": "-1e308"}, 0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, 30_000),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "1500"}, 1500),
        ({"retry-after-ms": "1500.7"}, 1500),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1500),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9000),
        ({"retry-after-ms": "1.5.2", "retry-after": "9"}, 9000),
        # Either may be the one that is used up.
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, None),
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


OPENAI = {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1m30s",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6m0s",
}
SENT: dict[str, tuple[RateLimitReset | None, dict[str, str], int | None]] = {
    "openai, requests used up": (None, OPENAI, 90_000),
    "openai, nothing used up": (None, OPENAI | {"x-ratelimit-remaining-requests": "3"}, None),
    "openai, both used up": (None, OPENAI | {"x-ratelimit-remaining-tokens": "0"}, 360_000),
    "openai, images": (None, {"x-ratelimit-remaining-input-images": "0", "x-ratelimit-reset-input-images": "6ms"}, 6),
    "azure, requests": (
        "milliseconds",
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "500"},
        500,
    ),
    "azure, tokens": ("milliseconds", {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7"}, 7),
    "azure, exact": ("milliseconds", {"retry-after-ms": "0", "retry-after": "1"}, 0),
    "anthropic": (
        None,
        {
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-11-20T10:05:00Z",
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-20T10:00:17Z",
        },
        17_000,
    ),
    "groq": (None, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2m59.56s"}, 179_560),
    "groq, tokens": (None, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "41ms"}, 41),
    "cerebras": (
        None,
        {
            "x-ratelimit-remaining-requests-day": "1400",
            "x-ratelimit-reset-requests-day": "33011.382867",
            "x-ratelimit-remaining-tokens-minute": "0",
            "x-ratelimit-reset-tokens-minute": "11.382867",
        },
        11_382,
    ),
    "mistral": (None, {"x-ratelimit-limit-req-minute": "6", "x-ratelimit-remaining-req-minute": "0"}, None),
    "openrouter": (
        "epoch_ms",
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795168830000"},
        30_000,
    ),
    "together": (None, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}, 2000),
    "hugging face": (None, {"x-ratelimit-reset": "2"}, 2000),
    "cloudflare": (None, {"ratelimit": '"default";r=0;t=1', "ratelimit-policy": '"default";q=1200;w=300'}, 1000),
    "cloudflare, nothing used up": (None, {"ratelimit": '"default";r=1199;t=1'}, None),
    "the older draft": (None, {"ratelimit-remaining": "0", "ratelimit-reset": "50"}, 50_000),
    "xai": (None, {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}, None),
}


@pytest.mark.parametrize(("reset", "headers", "wait"), SENT.values(), ids=SENT.keys())
def test_reset_headers_as_providers_send_them(
    reset: RateLimitReset | None, headers: dict[str, str], wait: int | None
) -> None:
    assert retry_after_ms(headers, "", NOW, reset=reset) == wait


@pytest.mark.parametrize(
    ("provider", "reset"), [("azure", "milliseconds"), ("openrouter", "epoch_ms"), ("openai", None)]
)
def test_a_row_says_what_form_its_resets_have(provider: str, reset: RateLimitReset | None) -> None:
    assert load_registry().get(provider).wire.rate_limit_reset == reset


def test_the_delay_in_googles_body_counts() -> None:
    body = '{"error": {"code": 429, "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}'
    assert retry_after_ms({}, "Please retry in 34.07s.", NOW, body=body) == 34_000
    assert retry_after_ms({}, "Please retry in 34.07s.", NOW) == 34_070
    assert retry_after_ms({"retry-after": "1"}, "", NOW, body=body) == 1000


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
@pytest.mark.parametrize("reset", [None, "milliseconds", "epoch_ms"])
@pytest.mark.parametrize(
    "name",
    ["retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "anthropic-ratelimit-tokens-reset", "ratelimit"],
)
def test_a_header_without_sense_gives_no_wait(reset: RateLimitReset | None, name: str, value: str) -> None:
    wait = retry_after_ms({name: value}, "", NOW, reset=reset)
    assert wait is None or (isinstance(wait, int) and wait >= 0)


@given(ODD)
def test_a_text_without_sense_gives_no_wait(value: str) -> None:
    wait = retry_after_ms({}, f"try again in {value}s", NOW)
    assert wait is None or wait >= 0
