"""Looks up the credit of a provider's account."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.domain.operations.calls import Balance, CreditCall, CreditReader, speaks_as_its_row
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.connections import Connections
from modelport.protocol import types

MAX_NAMES = 3


class Balances:
    """The use case of ``usage/credits``."""

    def __init__(self, registry: Registry, connections: Connections, operations: CreditReader) -> None:
        self._registry = registry
        self._connections = connections
        self._operations = operations

    async def look_up(self, params: types.CreditsUsageParams) -> types.CreditsUsageResult:
        """The credit left, in US dollars where the account has them, and in each of its currencies.

        Raises:
            InvalidParams: unknown provider.
            RequestFailed: the provider does not report it, needs a key and there is none, or failed.
        """
        row = self._registry.get(params.provider)
        if not row.reports_credits:
            raise self._refusal(row)
        endpoint = await self._connections.endpoint(row, None)
        if not speaks_as_its_row(endpoint):
            raise self._refusal(row)
        credit = await self._operations.credit(CreditCall(endpoint))
        dollars = next((balance for balance in credit.balances if balance.currency == "USD"), None)
        return types.CreditsUsageResult(
            remaining_usd_micros=dollars.remaining if dollars else None,
            total_usd_micros=dollars.total if dollars else None,
            used_usd_micros=dollars.used if dollars else None,
            scope=credit.scope,
            balances=tuple(map(_shown, credit.balances)),
        )

    def _refusal(self, row: Provider) -> RequestFailed:
        others = [other.id for other in self._registry.all() if other.wire.credits][:MAX_NAMES]
        console = f"; look at {row.key_url} instead" if row.key_url else ""
        return RequestFailed(
            "unsupported",
            f"{row.display_name} does not report its credit by its API{console}. "
            f"Those that do are, among others, {', '.join(others)}.",
            provider=row.id,
            action="look at the provider's console",
        )


def _shown(balance: Balance) -> types.CreditBalance:
    return types.CreditBalance(
        currency=balance.currency,
        remaining_micros=balance.remaining,
        total_micros=balance.total,
        used_micros=balance.used,
    )
