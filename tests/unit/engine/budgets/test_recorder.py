"""What becomes of a reservation, however its call ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.spending.usage import Billing, Expected
from modelport.engine.calls.recorder import Caller, CallRecorder, Origin, PlannedCall
from modelport.protocol import types
from support.builders import MemoryLedger, endpoint, no_prices


class Lines(list[str]):
    def warning(self, msg: object, *args: object) -> None:
        self.append(str(msg) % args)

    def info(self, msg: object, *args: object, exc_info: bool = False) -> None:
        raise AssertionError("nothing to search for")


class Clock:
    def now_ms(self) -> int:
        return 7


class Meter:
    finish_reason = None

    def expected(self) -> Expected:
        return Expected(input_tokens=3)

    def measured(self, started_s: float, ended_s: float) -> tuple[Billing, types.Usage]:
        billing = Billing(counts=TokenCounts(input=1, output=1), estimated=False, models=("m",))
        return billing, types.Usage(input_tokens=1, output_tokens=1, latency_ms=1, usd_micros=None, estimated=False)


class Held:
    """An admitted call; ``trouble`` is raised when it looks for changes."""

    entry = 4711

    def __init__(self) -> None:
        self.released = 0
        self.trouble: Exception | None = None

    def release(self) -> None:
        self.released += 1

    async def changes(self) -> Sequence[types.BudgetStatus]:
        if self.trouble is not None:
            raise self.trouble
        return ("news",)  # type: ignore[return-value]


class World:
    def __init__(self, refusal: RequestFailed | None = None) -> None:
        self.hold, self.ledger, self.log = Held(), MemoryLedger(), Lines()
        self.planned: list[PlannedCall] = []
        self.told: list[Any] = []

        async def admit(call: PlannedCall) -> Held:
            self.planned.append(call)
            if refusal is not None:
                raise refusal
            return self.hold

        self.recorder = CallRecorder(self.ledger, no_prices(), Clock(), self.log, lambda: admit)

    async def run(self, error: Exception | None = None) -> None:
        async def work() -> None:
            if error is not None:
                raise error

        caller = Caller(Origin("vim"), lambda _call, budgets: self.told.append(budgets), "chat")
        await self.recorder.run(endpoint(), "m", caller, Meter(), work)


async def test_the_row_of_a_call_has_the_number_of_its_reservation() -> None:
    world = World()
    await world.run()
    (planned,) = world.planned
    assert (planned.model, planned.expected.input_tokens, planned.started_ms) == ("m", 3, 7)
    assert [record.entry for record in world.ledger.records] == [4711]
    assert (world.told, world.hold.released) == ([("news",)], 0)


async def test_a_call_that_failed_has_a_row_too() -> None:
    world = World()
    with pytest.raises(RequestFailed):
        await world.run(RequestFailed("network", "No way there."))
    assert [record.entry for record in world.ledger.records] == [4711]
    assert world.hold.released == 0


async def test_a_call_that_was_not_sent_is_released() -> None:
    world = World()
    with pytest.raises(InvalidParams):
        await world.run(InvalidParams("No."))
    assert (world.ledger.records, world.hold.released) == ([], 1)


async def test_a_call_that_no_ledger_can_hold_is_released() -> None:
    world = World()
    world.ledger.trouble = RequestFailed("provider_unavailable", "No row.")
    await world.run()
    assert (world.told, world.hold.released) == ([], 1)


async def test_a_call_whose_budgets_cannot_be_looked_at_is_told_all_the_same() -> None:
    world = World()
    world.hold.trouble = ZeroDivisionError()
    await world.run()
    assert (world.told, world.hold.released) == ([()], 0)
    assert world.log == ["budgets were not looked at: ZeroDivisionError"]


async def test_a_refused_call_is_neither_made_nor_recorded() -> None:
    world = World(RequestFailed("budget_exceeded", "Too little left."))
    with pytest.raises(RequestFailed) as raised:
        await world.run(AssertionError("it was sent"))
    assert raised.value.usage is None
    assert (world.ledger.records, world.told, world.hold.released) == ([], [], 0)


async def test_a_call_that_is_cancelled_has_a_row() -> None:
    world = World()

    async def work() -> None:
        scope.cancel()
        await anyio.sleep(30)

    caller = Caller(Origin("vim"), lambda _call, budgets: world.told.append(budgets), "chat")
    with anyio.CancelScope() as scope:
        await world.recorder.run(endpoint(), "m", caller, Meter(), work)
    assert [(record.outcome, record.entry) for record in world.ledger.records] == [("cancelled", 4711)]
    assert world.told == [("news",)]
