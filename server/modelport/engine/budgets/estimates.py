"""Estimates what a call may cost, by the price that its model has now."""

from __future__ import annotations

from decimal import Decimal

from modelport.domain.budgets.reservations import INPUT_MARGIN, Offer
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.spending.usage import Billing
from modelport.engine.calls.pricing import CallPricing
from modelport.engine.calls.recorder import PlannedCall

MANY_TOKENS = 1_000_000
"""Enough for the price of one not to be lost in the digits of a sum."""


async def offer(pricing: CallPricing, call: PlannedCall) -> Offer | None:
    """What a call may cost; None where its price is not known.

    A call that a plan pays costs nothing. Input that a cache may have is estimated in full, since that is not known
    before the answer.
    """
    input_tokens = int(INPUT_MARGIN * call.expected.input_tokens) + 1

    async def price(output_tokens: int) -> Decimal | None:
        counts = TokenCounts(input=input_tokens, output=output_tokens)
        billing = Billing(counts=counts, estimated=True, models=(call.model,))
        return (await pricing.cost(call.endpoint, billing, call.started_ms)).exact

    alone, whole = await price(0), await price(MANY_TOKENS)
    if alone is None or whole is None:
        free = Offer(input_tokens=input_tokens, input_usd=Decimal(0), usd_per_output_token=Decimal(0))
        return free if call.endpoint.provider.pricing.plan else None
    return Offer(
        input_tokens=input_tokens,
        input_usd=alone,
        usd_per_output_token=(whole - alone) / MANY_TOKENS,
        max_output_tokens=call.expected.max_output_tokens,
    )
