"""Records calls: times one, counts what it used, and writes it to the ledger before its reply leaves."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio
from msgspec import Struct

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Clock, Log, UsageLedger
from modelport.domain.providers.connection import Endpoint
from modelport.domain.spending.usage import CallRecord
from modelport.protocol import types

T = TypeVar("T")


class Origin(Struct, frozen=True):
    """Where a call comes from, for the ledger: the editor or program, and the workspace it works in."""

    client: str | None = None
    project: str | None = None


class Caller(Struct, frozen=True):
    """The origin of a call, and the callback that gets the ledger's entry."""

    origin: Origin
    recorded: Callable[[types.Call], None]


class Meter(Protocol):
    """What one call has used so far."""

    @property
    def finish_reason(self) -> types.FinishReason | None:
        """Why the answer ended; None for a call that is no completion."""
        ...

    def usage(self, started_s: float, ended_s: float) -> types.Usage:
        """The usage of a call between two readings of the monotonic clock."""
        ...


class CallRecorder:
    """Runs calls and records each that was sent, also when it failed or was cancelled."""

    def __init__(self, ledger: UsageLedger, clock: Clock, log: Log) -> None:
        self._ledger = ledger
        self._clock = clock
        self._log = log

    async def run(
        self, endpoint: Endpoint, model: str, caller: Caller, meter: Meter, work: Callable[[], Awaitable[T]]
    ) -> tuple[T, types.Usage]:
        """The result of the work, and the usage that was recorded.

        Raises:
            InvalidParams: nothing was sent, so nothing is recorded.
            RequestFailed: it failed, which is recorded; carries what was used until then.
        """
        begun_ms, begun_s = self._clock.now_ms(), time.monotonic()
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
            usage = meter.usage(begun_s, time.monotonic())
            if failure is not None:
                failure.usage = usage
            if outcome is not None:
                record = CallRecord(
                    started_at_ms=begun_ms,
                    provider=endpoint.provider.id,
                    model=model,
                    client=caller.origin.client,
                    project=caller.origin.project,
                    outcome=outcome,
                    error_kind=failure.kind if failure else None,
                    finish_reason=meter.finish_reason,
                    usage=usage,
                )
                await self._write(record, caller)
        return result, usage

    async def _write(self, record: CallRecord, caller: Caller) -> None:
        """Writes a call to the ledger, also while it is being cancelled; a ledger that fails spoils no answer."""
        with anyio.CancelScope(shield=True):
            try:
                caller.recorded(await self._ledger.record(record))
            except RequestFailed as error:
                self._log.warning("a call was not recorded: %s", error.message)
