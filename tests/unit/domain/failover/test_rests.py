"""How long what rests after which failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelport.domain.failover.rests import JITTER, MAX_REST_MS, RESTS, STEPS_S, rest_ms
from modelport.protocol.types import ErrorKind

HOUR, DAY = 3_600_000, 24 * 3_600_000

# Kind: the other keys and the other models rest too; rest after the first, the fourth failure; with a hint of 30 s.
TABLE: dict[ErrorKind, tuple[bool, bool, int, int, int]] = {
    "rate_limited": (False, False, 5_000, 120_000, 30_000),
    "auth_rejected": (False, True, DAY, DAY, DAY),
    "quota_exhausted": (False, True, HOUR, HOUR, HOUR),
    "forbidden": (False, False, HOUR, HOUR, HOUR),
    "model_not_found": (True, False, 600_000, 600_000, 600_000),
    "provider_unavailable": (True, False, 5_000, 120_000, 30_000),
    "invalid_response": (True, False, 5_000, 120_000, 30_000),
    "stream_interrupted": (True, False, 5_000, 120_000, 30_000),
    "timeout": (True, False, 5_000, 120_000, 30_000),
    "network": (True, True, 5_000, 15_000, 30_000),
    "tls": (True, True, 5_000, 15_000, 30_000),
}


def length(
    kind: ErrorKind, failures: int = 1, *, keyed: bool = True, hint: int | None = None, jitter: float = 0.5
) -> int:
    return rest_ms(RESTS[kind], keyed=keyed, retry_after_ms=hint, failures=failures, jitter=jitter)


@pytest.mark.parametrize("kind", RESTS)
def test_each_kind(kind: ErrorKind) -> None:
    rest = RESTS[kind]
    found = (rest.any_key, rest.any_model, length(kind), length(kind, 4), length(kind, hint=30_000))
    assert found == TABLE[kind]


def test_the_table_is_whole() -> None:
    assert RESTS.keys() == TABLE.keys()


def test_the_steps_grow_and_the_last_repeats() -> None:
    assert [length("rate_limited", n) // 1000 for n in range(1, 7)] == [5, 15, 45, 120, 120, 120]
    assert STEPS_S == (5, 15, 45, 120)


@pytest.mark.parametrize("jitter", [0.0, 0.25, 1.0])
def test_a_step_is_longer_or_shorter_by_a_tenth_at_most(jitter: float) -> None:
    assert length("timeout", jitter=jitter) == round(5000 * (1 - JITTER + 2 * JITTER * jitter))


def test_a_providers_own_time_is_kept_as_it_is_but_for_a_day_at_most() -> None:
    assert length("rate_limited", 3, hint=1234, jitter=0.9) == 1234
    assert length("rate_limited", hint=30 * DAY) == MAX_REST_MS == DAY


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "forbidden"])
def test_what_is_refused_without_a_key_that_is_known_may_be_mended_at_any_time(kind: ErrorKind) -> None:
    assert length(kind, keyed=False) == 5_000


def test_the_page_says_what_the_table_does() -> None:
    text = (Path(__file__).parents[4] / "docs" / "health.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (one|all) \| (one|all) \| (.+) \|$", text, re.MULTILINE)
    assert {kind: tuple(cells) for kind, *cells in rows} == {kind: _as_on_the_page(kind) for kind in RESTS}


def _as_on_the_page(kind: ErrorKind) -> tuple[str, str, str]:
    rest = RESTS[kind]
    steps = ", ".join(f"{step} s" for step in STEPS_S if step <= (rest.max_s or step))
    names = {24 * 3600: "24 h", 3600: "1 h", 600: "10 min", None: steps}
    return ("all" if rest.any_key else "one", "all" if rest.any_model else "one", names[rest.min_s])
