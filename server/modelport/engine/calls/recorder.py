"""Records calls: times one, counts what it used, and hands it to the ledger before its reply leaves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

import anyio
import msgspec
from msgspec import Struct

from modelport.borders import readable
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Clock, Log, UsageLedger
from modelport.domain.providers.connection import Endpoint
from modelport.domain.spending.pricing import UNKNOWN, Cost
from modelport.domain.spending.usage import Billing, CallRecord, Expected, paid_units
from modelport.engine.calls.meter import Hold, Meter
from modelport.engine.calls.pricing import CallPricing
from modelport.protocol import types

if TYPE_CHECKING:
    from modelport.domain.telemetry.events import Telemetry

T = TypeVar("T")


class Origin(Struct, frozen=True):
    """Where a call comes from, for the ledger: the editor or program, the workspace it works in, and its run."""

    client: str | None = None
    project: str | None = None
    session: str | None = None


def new_session() -> str:
    """A name for one run of a client, for its ``Origin``."""
    return secrets.token_hex(6)


class Chain:
    """The calls that are made for one request, one after the other: each knows which was the first."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._calls = 0

    @property
    def first(self) -> int | None:
        """The entry of the first call; None before it has ended."""
        return self._first

    @property
    def count(self) -> int:
        """How many calls have ended."""
        return self._calls

    def add(self, entry: int) -> tuple[int | None, int]:
        """Adds a call; the entry of the first one before it, and how many there were before."""
        first, attempt = self._first, self._calls
        self._first = self._first or entry
        self._calls += 1
        return first, attempt


Recorded = Callable[[types.Call, Sequence[types.BudgetStatus]], None]
"""Gets the ledger's entry of a call, and the budgets that came to a further state with it."""


def _unshown(_sentence: str) -> None:
    """Shows a sentence to no one."""


class Caller(Struct, frozen=True):
    """The origin of a call, the callback that gets the ledger's entry, and what the call is for."""

    origin: Origin
    recorded: Recorded
    role: types.CompletionRole | None = None
    """None for a call that is no completion."""
    chain: Chain | None = None
    """None for a request that makes one call only."""
    warn: Callable[[str], None] = _unshown
    """Shows its user a sentence about something to mend, such as a refused key."""


class PlannedCall(Struct, frozen=True):
    """A call that is about to be sent, and when it begins, in milliseconds since 1970, UTC."""

    endpoint: Endpoint
    model: str
    caller: Caller
    expected: Expected
    started_ms: int


Admission = Callable[[PlannedCall], Awaitable[Hold | None]]
"""Admits a call; None where no budget counts it. Raises RequestFailed where it must not be sent."""


def _readable(text: str | None) -> str | None:
    return None if text is None else readable(text)


def _other(models: Sequence[str], asked: str) -> str | None:
    """The model that answered, where its name is not the one that was asked for."""
    return readable(models[0]) if models and models[0] != asked else None


def _priced(usage: types.Usage, cost: Cost) -> types.Usage:
    return msgspec.structs.replace(
        usage,
        usd_micros=cost.usd_micros,
        cost_source=cost.source,
        cost_estimated=True if cost.estimated else None,
    )


class CallRecorder:
    """Runs calls and records each that was sent, also when it failed or was cancelled."""

    def __init__(
        self,
        ledger: UsageLedger,
        pricing: CallPricing,
        clock: Clock,
        log: Log,
        admission: Callable[[], Admission | None] = lambda: None,
        telemetry: Callable[[], Telemetry | None] = lambda: None,
    ) -> None:
        """``admission`` gives None without a budget, ``telemetry`` while it is off: then a call costs nothing more."""
        self._ledger = ledger
        self._pricing = pricing
        self._clock = clock
        self._log = log
        self._admission = admission
        self._telemetry = telemetry
        self._untraced = nullcontext()

    def request(self, caller: Caller) -> AbstractContextManager[None]:
        """Surrounds the calls of one request, so that telemetry has it as a whole."""
        telemetry = self._telemetry()
        if telemetry is None or caller.chain is None:
            return self._untraced
        from modelport.engine.telemetry.requests import TracedRequest

        return TracedRequest(telemetry, self._clock, caller.chain, caller.role)

    async def run(
        self,
        endpoint: Endpoint,
        model: str,
        caller: Caller,
        meter: Meter,
        work: Callable[[], Awaitable[T]],
        admitted: Callable[[Hold], object] | None = None,
    ) -> tuple[T, types.Usage]:
        """The result of the work, and the usage that was recorded.

        ``admitted`` is called before the work, where budgets count the call.

        Raises:
            InvalidParams: nothing was sent, so nothing is recorded.
            RequestFailed: it failed, which is recorded; carries what was used until then. Or a budget has refused it:
                nothing was sent, so nothing is recorded.
        """
        begun_ms, admit = self._clock.now_ms(), self._admission()
        hold = None if admit is None else await admit(PlannedCall(endpoint, model, caller, meter.expected(), begun_ms))
        if hold is not None and admitted is not None:
            admitted(hold)
        begun_s = time.monotonic()
        outcome: types.CallOutcome | None = "cancelled"
        failure: RequestFailed | None = None
        try:
            result = await work()
            outcome = "ok"
        except InvalidParams:
            outcome = None
            raise
        except RequestFailed as error:
            outcome, failure = "failed", error
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            billing, usage = meter.measured(begun_s, time.monotonic())
            # Also while the call is being cancelled.
            with anyio.CancelScope(shield=True):
                cost = await self._cost(endpoint, begun_ms, billing)
                usage = _priced(usage, cost)
                if failure is not None:
                    failure.usage = usage
                if outcome is None:
                    if hold is not None:
                        hold.release()
                else:
                    entry = secrets.randbits(62) if hold is None else hold.entry
                    first, attempt = (caller.chain or Chain()).add(entry)
                    record = CallRecord(
                        started_at_ms=begun_ms,
                        provider=endpoint.provider.id,
                        model=readable(model),
                        client=_readable(caller.origin.client),
                        project=_readable(caller.origin.project),
                        outcome=outcome,
                        error_kind=failure.kind if failure else None,
                        finish_reason=meter.finish_reason,
                        usage=usage,
                        role=caller.role,
                        session=caller.origin.session,
                        entry=entry,
                        attempt_of=first,
                        attempt=attempt,
                        answered_model=_other(billing.models, model),
                        service_tier=readable(billing.service_tier) or None,
                        paid=paid_units(billing, cost.exact),
                        key=endpoint.credential.fingerprint,
                    )
                    await self._write(record, caller, hold)
                    if (telemetry := self._telemetry()) is not None:
                        self._report(telemetry, endpoint, record, caller, meter, billing)
        return result, usage

    def _report(
        self,
        telemetry: Telemetry,
        endpoint: Endpoint,
        record: CallRecord,
        caller: Caller,
        meter: Meter,
        billing: Billing,
    ) -> None:
        """Hands an ended call to telemetry, which is loaded by now."""
        from modelport.domain.telemetry.events import EndedCall

        row = endpoint.provider
        telemetry.put(
            EndedCall(
                record=record,
                operation=meter.operation,
                provider_name=row.telemetry_name or row.id,
                base_url=endpoint.base_url,
                parameters=meter.parameters,
                # With one name only, it is that of the request.
                answered_model=billing.models[0] if len(billing.models) > 1 else None,
                in_request=caller.chain is not None and caller.role is not None,
            )
        )

    async def _cost(self, endpoint: Endpoint, begun_ms: int, billing: Billing) -> Cost:
        try:
            return await self._pricing.cost(endpoint, billing, begun_ms)
        except Exception as error:  # noqa: BLE001  whatever is wrong with the prices, the answer is there
            self._log.warning("a call has no price: %s", type(error).__name__)
            return UNKNOWN

    async def _write(self, record: CallRecord, caller: Caller, hold: Hold | None) -> None:
        """Writes a call to the ledger; a ledger that fails spoils no answer."""
        try:
            call = await self._ledger.record(record)
            caller.recorded(call, () if hold is None else await self._changes(hold))
        except Exception as error:  # noqa: BLE001  whatever is wrong with the ledger, the answer is there
            self._log.warning("a call was not recorded: %s", getattr(error, "message", type(error).__name__))
            if hold is not None:
                hold.release()

    async def _changes(self, hold: Hold) -> Sequence[types.BudgetStatus]:
        try:
            return await hold.changes()
        except Exception as error:  # noqa: BLE001  the call is recorded, which is what must be told
            self._log.warning("budgets were not looked at: %s", type(error).__name__)
            return ()
