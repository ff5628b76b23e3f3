"""Which calls are admitted, what is reserved for them, and what a refusal says."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from modelport.adapters.price_lists.book import PriceBook
from modelport.domain.budgets.budget import Budget, Scope
from modelport.domain.completions.call import Answer
from modelport.domain.completions.listener import NullListener
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.pricing import OwnPrice, Pricing
from modelport.domain.providers.registry import Registry
from modelport.domain.spending.usage import Expected
from modelport.engine.budgets.estimates import offer
from modelport.engine.budgets.guard import BudgetGuard
from modelport.engine.budgets.hold import Hold
from modelport.engine.budgets.reports import BudgetReports
from modelport.engine.budgets.statements import dollars
from modelport.engine.calls.pricing import CallPricing
from modelport.engine.calls.recorder import Caller, Origin, PlannedCall
from support.budgets import MIDNIGHT, NOON, MemoryBudgets, budget, row
from support.builders import endpoint
from support.builders import row as provider

LONG_INPUT = {
    "source": "made up",
    "checked": "2026-01-01",
    "units": {
        "input_tokens": {"per": 1_000_000, "dimensions": {"direction": "input"}},
        "output_tokens": {"per": 1_000_000, "dimensions": {"direction": "output"}},
    },
    "lists": {
        "made-up": {
            "models": [
                {
                    "id": "tiered",
                    "match": {"equals": "tiered"},
                    "prices": [
                        {"prices": {"input_tokens": ["1", [[100, "2"]]], "output_tokens": ["10", [[100, "15"]]]}}
                    ],
                }
            ]
        }
    },
    "catalog": {},
}
"""A model whose tokens cost twice and one and a half times as much once the input has more than 100."""


class Lines(list[str]):
    def warning(self, msg: object, *args: object) -> None:
        self.append(str(msg) % args)

    def info(self, msg: object, *args: object, exc_info: bool = False) -> None:
        raise AssertionError("nothing to search for")


class Clock:
    def now_ms(self) -> int:
        return NOON


class World:
    """A guard over a ledger in memory; tokens of model ``m`` of acme cost a micro-dollar each."""

    def __init__(self, *budgets: Budget) -> None:
        class Store:
            async def book(self) -> PriceBook:
                return PriceBook(msgspec.json.encode(LONG_INPUT))

        self.registry = Registry([provider()])
        self.registry.budgets = budgets
        self.ledger, self.log = MemoryBudgets(), Lines()
        self.guard = BudgetGuard(self.registry, self.ledger, partial(offer, CallPricing(Store())), self.log, MIDNIGHT)
        self.reports = BudgetReports(self.registry, self.ledger, Clock(), MIDNIGHT)

    async def admit(
        self, model: str = "m", tokens: int = 10, limit: int | None = None, to: Endpoint | None = None, **origin: Any
    ) -> Hold | None:
        caller = Caller(
            Origin(**({"client": "vim", "project": "site", "session": "s1"} | origin)), lambda *_: None, "chat"
        )
        expected = Expected(input_tokens=tokens, max_output_tokens=limit)
        return await self.guard.admit(PlannedCall(to or acme(), model, caller, expected, NOON))

    async def refusal(self, **call: Any) -> RequestFailed:
        with pytest.raises(RequestFailed) as raised:
            await self.admit(**call)
        assert raised.value.kind == "budget_exceeded"
        assert not raised.value.retryable
        return raised.value

    @property
    def reserved(self) -> list[int]:
        return [micros for _, micros in self.ledger.open.values()]


def acme(**changes: Any) -> Endpoint:
    prices = {"m": OwnPrice(input=1, output=1), "free": OwnPrice(input=0, output=0)}
    return endpoint(provider(**changes), prices=prices)


async def test_the_input_is_reserved_with_a_margin_and_the_output_by_its_limit() -> None:
    world = World(budget(100_000))
    hold = await world.admit(tokens=100, limit=50)
    assert hold is not None
    # 100 tokens of input, 15 % and the part of a token; 50 of output.
    assert world.reserved == [116 + 50]
    assert list(world.ledger.open) == [hold.entry]
    hold.release()
    assert world.reserved == []


async def test_without_a_limit_the_usual_output_is_reserved_not_the_largest() -> None:
    world = World(budget(100_000))
    await world.admit()
    assert world.reserved == [12 + 2000]


async def test_a_long_input_is_reserved_at_the_price_of_its_tier() -> None:
    world = World(budget(100_000))
    to = acme(pricing=Pricing(price_list="made-up"))
    await world.admit("tiered", tokens=50, limit=10, to=to)
    await world.admit("tiered", tokens=100, limit=10, to=to)
    assert world.reserved == [58 + 100, 2 * 116 + 150]


@pytest.mark.parametrize(
    ("model", "to"),
    [
        ("free", acme()),
        ("x", acme(pricing=Pricing(plan=True))),
        ("x", acme(connection_type="local", category="Local", base_url="http://127.0.0.1:1/v1")),
    ],
    ids=["a price of nothing", "a plan", "a server of the user's own"],
)
async def test_what_costs_nothing_passes_a_budget_that_is_spent(model: str, to: Endpoint) -> None:
    world = World(budget(0, unpriced="refuse"))
    assert await world.admit(model, to=to) is None
    assert world.log == []


async def test_a_call_that_no_budget_counts_asks_no_price() -> None:
    world = World(budget(0, scope=Scope(provider="other")), budget(0, scope={"role": "inline"}))
    assert await world.admit() is None
    assert world.ledger.open == {}


async def test_a_refusal_says_what_is_spent_the_limit_the_end_and_what_to_do() -> None:
    world = World(budget(2_100, timezone="Europe/Berlin"))
    await world.ledger.record(row(1, 1_800, output=400))
    await world.admit(limit=100)
    error = await world.refusal(limit=500)
    assert error.message == (
        "The budget daily has too little left: $0.0018 of $0.0021 are spent, $0.000112 are reserved for calls under way, "
        "and this call may cost $0.000412; it resets at 2024-10-05 00:00: wait until then, raise it with modelport "
        "budget raise daily USD, or use a model that costs less, such as a local one."
    )
    assert (error.provider, error.model, error.action) == ("acme", "m", "raise the budget")
    assert error.data().budget is not None
    assert msgspec.to_builtins(error.data())["budget"] == {
        "name": "daily",
        "limitUsdMicros": 2_100,
        "spentUsdMicros": 1_800,
        "reservedUsdMicros": 112,
        "estimateUsdMicros": 412,
        "resetsAt": "2024-10-04T22:00:00.000Z",
    }


async def test_a_budget_of_a_session_has_no_end() -> None:
    world = World(budget(10, period="session"))
    error = await world.refusal()
    assert "it counts this session only: raise it" in error.message
    assert error.budget is not None
    assert error.budget.resets_at is None
    assert await world.admit(model="free") is None


async def test_the_tightest_budget_names_itself() -> None:
    world = World(budget(900, name="wide"), budget(500, name="tight"), budget(1, name="warns", action="warn"))
    assert (await world.refusal()).message.startswith("The budget tight has")


async def test_an_unknown_price_is_counted_and_said_once() -> None:
    world = World(budget(10))
    for _ in range(2):
        hold = await world.admit("mystery")
        assert hold is not None
        assert world.ledger.open == {}
        # What the provider says it costs in the end counts.
        await world.ledger.record(row(hold.entry, 4, model="mystery"))
        hold.release()
    assert world.ledger.released == []
    assert world.log == ["acme/mystery has no known price: budgets count its calls without money"]
    assert [status.state for status in await hold.changes()] == ["warned"]


async def test_an_unknown_price_is_refused_where_the_budget_says_so() -> None:
    world = World(budget(10), budget(10, name="strict", unpriced="refuse"))
    error = await world.refusal(model="mystery")
    assert error.message == (
        "The budget strict refuses calls whose price is not known, such as those of acme/mystery: write its price into "
        'config.toml, or set unpriced = "allow" there.'
    )
    assert error.budget is not None
    assert (error.budget.name, error.budget.estimate_usd_micros) == ("strict", None)


async def test_a_silent_ledger_refuses_where_a_budget_does() -> None:
    world = World(budget(10, name="warns", action="warn"), budget(10_000))
    world.ledger.silent = "another program holds its lock"
    error = await world.refusal()
    assert error.message == (
        "The budget daily cannot be checked, since the usage ledger does not answer (another program holds its lock): "
        'try again, or set action = "warn" for it in config.toml.'
    )


async def test_a_silent_ledger_lets_pass_where_all_budgets_warn() -> None:
    world = World(budget(10, action="warn"))
    world.ledger.silent = "another program holds its lock"
    holds = [await world.admit() for _ in range(2)]
    assert None not in holds
    assert world.log == ["a budget could not be checked before a call: another program holds its lock"]


async def test_the_list_has_each_budget_in_its_period() -> None:
    world = World(
        budget(1000, scope={"model": "m*"}), budget(50, name="run", period="session", action="warn", warn_at=0.5)
    )
    await world.ledger.record(row(1, 30))
    await world.ledger.record(row(2, None))
    await world.ledger.raise_limit("daily", 500, NOON + 1)
    daily, run = (await world.reports.list("s1")).budgets
    assert msgspec.to_builtins(daily) == {
        "name": "daily",
        "period": "day",
        "limitUsdMicros": 1500,
        "spentUsdMicros": 30,
        "reservedUsdMicros": 0,
        "fraction": 0.02,
        "unpricedCalls": 1,
        "action": "refuse",
        "warnAt": 0.8,
        "scope": {"model": "m*"},
        "state": "ok",
        "resetsAt": "2024-10-05T00:00:00.000Z",
        "raisedUntil": "2024-10-04T12:00:00.001Z",
    }
    assert (run.state, run.spent_usd_micros, run.resets_at) == ("warned", 30, None)
    assert [status.spent_usd_micros for status in (await world.reports.list("other")).budgets] == [30, 0]


async def test_a_raise_of_a_budget_that_is_not_there_offers_the_nearest() -> None:
    world = World(budget(10))
    with pytest.raises(Exception, match=r"no budget called dayly \(did you mean daily\?\)"):
        await world.reports.raise_limit("dayly", 5, lambda _, now_ms: now_ms + 1, "s1")
    raised = await world.reports.raise_limit("daily", 5, lambda _, now_ms: now_ms + 1, "s1")
    assert (raised.limit_usd_micros, raised.raised_until) == (15, "2024-10-04T12:00:00.001Z")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (5_000_000, "$5.00"),
        (4_980_000, "$4.98"),
        (4_999_900, "$4.9999"),
        (310, "$0.00031"),
        (1, "$0.000001"),
        (1_234_567_890_123, "$1,234,567.89"),
    ],
)
def test_amounts(micros: int, text: str) -> None:
    assert dollars(micros) == text


# Answers that are ended.


@pytest.mark.parametrize(
    ("budgets", "limit"),
    [
        ([budget(100_000)], None),
        ([budget(100_000, cut=True)], 2000),
        ([budget(100_000), budget(9_000, name="cuts", cut=True)], 2000),
        ([budget(100_000), budget(9_000, name="other", cut=True, scope={"provider": "other"})], None),
    ],
)
async def test_an_answer_is_watched_only_where_a_budget_cuts(budgets: list[Budget], limit: int | None) -> None:
    hold = await World(*budgets).admit()
    assert hold is not None
    assert hold.max_output_tokens == limit


async def test_an_answer_of_a_model_whose_output_is_free_is_not_watched() -> None:
    to = endpoint(provider(), prices={"m": OwnPrice(input=1, output=0)})
    hold = await World(budget(100_000, cut=True)).admit(to=to)
    assert hold is not None
    assert hold.max_output_tokens is None


async def stream(hold: Hold, tokens: int) -> Answer:
    """The answer to a call that wants to have so many tokens."""
    made = Answer(NullListener())

    async def work() -> None:
        for _ in range(0, tokens, 100):
            made.text("abcd" * 100)
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
        made.finish("stop")

    await hold.complete(made, work)
    return made


async def test_an_answer_ends_where_the_limit_does_and_not_at_its_reservation() -> None:
    world = World(budget(5_000, cut=True))
    hold = await world.admit()
    assert hold is not None
    assert world.reserved == [2012]
    cut = await stream(hold, 50_000)
    assert cut.finish_reason == "budget"
    # All of the limit, less 12 for the input, and what came until it was noticed.
    assert 4_988 <= len(cut.whole_text()) / 4 <= 4_988 + 500
    assert world.reserved == [5_000]


async def test_what_others_have_reserved_is_not_there_for_an_answer() -> None:
    world = World(budget(5_000, cut=True))
    hold, other = await world.admit(), await world.admit()
    assert hold is not None
    assert other is not None
    assert (await stream(hold, 50_000)).finish_reason == "budget"
    assert sum(world.reserved) == 5_000
    # The other one has what was reserved for it.
    assert (await stream(other, 2_000)).finish_reason == "stop"
    assert sum(world.reserved) == 5_000


async def test_an_answer_goes_on_while_the_ledger_is_silent() -> None:
    world = World(budget(5_000, cut=True))
    hold = await world.admit()
    assert hold is not None
    world.ledger.silent = "it is locked"
    assert (await stream(hold, 8_000)).finish_reason == "stop"
    assert world.reserved == [2012]
