"""Credit, read from the paths that a row names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.operations.balances import decode
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.operations.calls import Balance
from modelport.domain.providers.wire.operations import CreditsWire


def balances(reply: Any, **flags: Any) -> tuple[Balance, ...]:
    return decode(CreditsWire(path="/credits", **flags), json.dumps(reply).encode()).balances


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"t": 10, "u": 2.5}, (7_500_000, 10_000_000, 2_500_000)),
        ({"t": "10.00", "l": "7.5"}, (7_500_000, 10_000_000, 2_500_000)),
        ({"l": 1, "u": 2}, (1_000_000, 3_000_000, 2_000_000)),
        ({"l": 0.1}, (100_000, None, None)),
        ({"l": -0.25}, (-250_000, None, None)),
        ({"t": None, "u": 3}, (None, None, 3_000_000)),
        ({"l": 0.0000014}, (1, None, None)),
    ],
)
def test_the_numbers_and_what_follows_from_them(entry: dict[str, Any], found: tuple[int | None, ...]) -> None:
    (balance,) = balances({"data": entry}, remaining="data.l", total="data.t", used="data.u")
    assert (balance.remaining, balance.total, balance.used) == found
    assert balance.currency == "USD"


def test_several_currencies() -> None:
    reply = {"infos": [{"c": "CNY", "left": "110.00"}, {"c": "USD", "left": "5"}, {"c": "EUR", "left": "?"}, 7]}
    assert balances(reply, balances="infos", remaining="left", currency_field="c") == (
        Balance(currency="CNY", remaining=110_000_000, total=None, used=None),
        Balance(currency="USD", remaining=5_000_000, total=None, used=None),
    )


def test_a_unit_of_the_providers_own() -> None:
    (balance,) = balances({"availableBalance": "1000000"}, remaining="availableBalance", per_unit=10_000)
    assert balance.remaining == 100_000_000


@pytest.mark.parametrize("value", ["much", True, None, [], {}, "NaN", "Infinity", 1e300, "1e999999999", float(1 << 60)])
def test_a_number_that_is_none_is_not_known(value: Any) -> None:
    with pytest.raises(NotUnderstood):
        balances({"left": value}, remaining="left")


def test_an_error_inside_a_reply() -> None:
    with pytest.raises(ProviderRefused):
        balances({"error": {"message": "no"}}, remaining="left")
