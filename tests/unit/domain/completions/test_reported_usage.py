"""Usage objects of one answer, merged into one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from modelport.adapters.wire.json_values import count
from modelport.domain.completions.reported_usage import MAX_COSTS, MAX_WAITING, TokenCounts
from support.builders import answer


def read(usage: Mapping[str, Any]) -> TokenCounts | None:
    read, written = count(usage, "in"), count(usage, "out")
    cached = count(usage, "details.cached", "cached")
    return None if read is None else TokenCounts(input=read, output=written or 0, cache_read=cached)


def merged(*objects: Any) -> Any:
    built = answer()
    for value in objects:
        built.add_usage(value if isinstance(value, bytes) else json.dumps(value).encode(), read)
    return built


FULL = {"in": 10, "out": 5, "details": {"cached": 4}}
MEANT = TokenCounts(input=10, output=5, cache_read=4)


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"in": 0, "out": 0},
        {"in": None, "out": None, "details": None},
        {"in": 0, "out": 0, "details": {}},
        {"in": 0, "out": 0, "details": {"cached": 0}},
        {"details": {"cached": None}},
        {"in": 0.0, "out": 0.0},
        {"in": -1, "out": -1, "details": {"cached": -1}},
        {"in": "", "out": "many", "details": "none"},
        {"in": [], "out": {}, "details": []},
        {"in": [7], "out": [7], "details": [7]},
        {"in": True, "out": False, "details": True},
        [],
        None,
        5,
        "text",
        b"",
        b"{",
        b"NaN",
    ],
)
def test_what_says_nothing_replaces_nothing(later: Any) -> None:
    assert merged(FULL, later).counts == MEANT
    assert merged(later, FULL).counts == MEANT


def test_an_object_in_the_place_of_a_number_replaces_nothing_and_neither_does_a_number() -> None:
    assert merged(FULL, {"in": {"x": 7}, "out": {"x": 7}, "details": 7}).counts == MEANT


@pytest.mark.parametrize(
    ("objects", "counts"),
    [
        ([], None),
        ([{}], None),
        ([{"in": 0}], TokenCounts(input=0, output=0)),
        ([{"in": 1}, {"in": 2}], TokenCounts(input=2, output=0)),
        # A later count counts also where it is smaller.
        ([{"in": 9}, {"in": 2}], TokenCounts(input=2, output=0)),
        ([{"in": 1}, {"out": 2}, {"details": {"cached": 1}}], TokenCounts(input=1, output=2, cache_read=1)),
        ([{"in": 1, "details": {"cached": 0}, "cached": 6}], TokenCounts(input=1, output=0, cache_read=6)),
        ([{"in": 1e300}], None),
        ([b'{"in": 1e999999999, "out": 4}'], None),
        ([b'{"in": 1e9999999999999999999, "out": 4}'], None),
        ([b'{"in": 10, "out": 4, "cost": 1e-9999999999999999999}'], TokenCounts(input=10, output=4)),
        ([b'{"in": 3.0, "out": 4.0}'], TokenCounts(input=3, output=4)),
    ],
)
def test_counts_are_merged(objects: list[Any], counts: TokenCounts | None) -> None:
    assert merged(*objects).counts == counts


def test_the_counts_can_be_read_at_any_time_and_in_a_stream_of_any_length() -> None:
    built = answer()
    for n in range(1, 3 * MAX_WAITING):
        built.add_usage(b'{"in": 10, "out": %d}' % n, read)
        if n % 50 == 0:
            assert built.counts == TokenCounts(input=10, output=n)
    assert built.counts == TokenCounts(input=10, output=3 * MAX_WAITING - 1)


def test_what_has_not_changed_is_not_read_again() -> None:
    reads: list[Any] = []

    def reading(usage: Any) -> TokenCounts | None:
        reads.append(usage)
        return read(usage)

    built = answer()
    built.add_usage(b'{"in": 1}', reading)
    assert (built.counts, built.reported_costs, built.counts) == (TokenCounts(input=1, output=0), {}, built.counts)
    assert len(reads) == 1
    built.add_usage(b'{"in": 2}', reading)
    assert built.counts == TokenCounts(input=2, output=0)
    assert len(reads) == 2


def test_nesting_without_end_spoils_no_count() -> None:
    deep = b'{"in": 1, "cost": ' + b'{"a":' * 900 + b"1" + b"}" * 901
    assert merged(deep, deep, {"in": 2}).counts == TokenCounts(input=2, output=0)


@pytest.mark.parametrize(
    ("usage", "costs"),
    [
        # OpenRouter, with a key of one's own too.
        (b'{"cost": 0.01413225, "is_byok": false}', {"usage.cost": "0.01413225", "usage.is_byok": "false"}),
        (
            b'{"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.0133}}',
            {"usage.cost": "0", "usage.is_byok": "true", "usage.cost_details.upstream_inference_cost": "0.0133"},
        ),
        # xAI; Vercel writes text; Perplexity has an object and a currency.
        (b'{"cost_in_usd_ticks": 739000}', {"usage.cost_in_usd_ticks": "739000"}),
        (b'{"cost": "0.0000702"}', {"usage.cost": "0.0000702"}),
        (
            b'{"cost": {"request_cost": 0.006, "total_cost": 0.006052, "currency": "USD"}}',
            {"usage.cost.request_cost": "0.006", "usage.cost.total_cost": "0.006052", "usage.cost.currency": "USD"},
        ),
        (b'{"estimated_cost": 0.00012345678901234567890123}', {"usage.estimated_cost": "0.00012345678901234567890123"}),
        (b'{"cost": null, "in": 5, "costs": [1], "cost_details": {}}', {}),
        (b'{"cost": "' + b"9" * 1000 + b'"}', {}),
    ],
)
def test_what_a_provider_says_it_charges_is_kept_as_it_is(usage: bytes, costs: dict[str, str]) -> None:
    assert merged(usage).reported_costs == costs
    assert merged(usage, b'{"cost": 0, "cost_in_usd_ticks": 0, "estimated_cost": 0.0}').reported_costs | costs == (
        merged(usage, b'{"cost": 0, "cost_in_usd_ticks": 0, "estimated_cost": 0.0}').reported_costs
    )


def test_a_list_of_costs_without_end_is_cut() -> None:
    assert len(merged({f"cost_{n}": 1 for n in range(1000)}).reported_costs) == MAX_COSTS


def test_without_usage_there_is_neither() -> None:
    assert (answer().counts, answer().reported_costs) == (None, {})
