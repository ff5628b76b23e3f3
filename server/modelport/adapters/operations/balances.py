"""Reads an account's balances from the paths that its row names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from modelport.adapters.operations import mock
from modelport.adapters.operations.replies import at, objects, read
from modelport.adapters.operations.sender import Sender
from modelport.adapters.wire.errors import NotUnderstood
from modelport.domain.errors import RequestFailed
from modelport.domain.operations.calls import Balance, Credit, CreditCall
from modelport.domain.providers.wire.operations import CreditsWire

MICROS = 1_000_000
MAX_MICROS = 1 << 53
"""Millionths beyond which no client can count exactly, and no account has."""


ELSEWHERE = ("auth_rejected", "forbidden", "invalid_response")
"""Kinds of failure after which the next path of a row is requested."""


async def credit(sender: Sender, call: CreditCall) -> Credit:
    """The balances from the first of the row's paths that this key may read."""
    endpoint = call.endpoint
    if endpoint.dialect == "mock":
        return mock.credit()
    *others, last = endpoint.provider.wire.credits
    for way in others:
        try:
            return await sender.get(endpoint, way.path, lambda body, way=way: decode(way, body))
        except RequestFailed as failure:
            if failure.kind not in ELSEWHERE:
                raise
    return await sender.get(endpoint, last.path, lambda body: decode(last, body))


def decode(way: CreditsWire, body: bytes) -> Credit:
    """The balances in a reply.

    Raises:
        NotUnderstood: none of the numbers is there.
        ProviderRefused: it holds an error.
    """
    reply = read(body)
    entries = objects(at(reply, way.balances)) if way.balances else [reply]
    balances = tuple(balance for entry in entries if (balance := _balance(way, entry)))
    if not balances:
        raise NotUnderstood(body[:200], "no balance")
    return Credit(way.scope, balances)


def _balance(way: CreditsWire, entry: dict[str, Any]) -> Balance | None:
    remaining, total, used = (_micros(way, entry, path) for path in (way.remaining, way.total, way.used))
    if remaining is None and total is not None and used is not None:
        remaining = total - used
    if used is None and total is not None and remaining is not None:
        used = total - remaining
    if total is None and remaining is not None and used is not None:
        total = remaining + used
    currency = at(entry, way.currency_field) if way.currency_field else way.currency
    if remaining is None and total is None and used is None:
        return None
    name = currency if isinstance(currency, str) and currency else way.currency
    return Balance(currency=name[:20], remaining=remaining, total=total, used=used)


def _micros(way: CreditsWire, entry: dict[str, Any], path: str | None) -> int | None:
    """A number, or a number in a text, in millionths of the currency."""
    value = at(entry, path) if path else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        micros = Decimal(str(value)) * MICROS / way.per_unit
    except ArithmeticError:
        return None
    return int(micros.to_integral_value()) if micros.is_finite() and abs(micros) <= MAX_MICROS else None
