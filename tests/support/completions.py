"""The parts of completions over stand-ins."""

from __future__ import annotations

from typing import Any

from modelport.domain.ports import Clock
from modelport.engine.calls.recorder import CallRecorder
from modelport.engine.completions.key_warnings import KeyWarnings
from modelport.engine.completions.parts import CompletionParts
from modelport.engine.providers.connections import Connections
from support.builders import FixedClock, Lines, MemoryLedger, no_prices


def completion_parts(
    connections: Connections,
    dialects: Any,
    ledger: MemoryLedger | None = None,
    log: Lines | None = None,
    clock: Clock | None = None,
    **more: Any,
) -> CompletionParts:
    """Parts without prices; the ledger and the log are their own where none is given, and the clock stands still."""
    recorder = CallRecorder(ledger or MemoryLedger(), no_prices(), FixedClock(), log or Lines())  # type: ignore[arg-type]
    clock = clock or FixedClock()
    made: dict[str, Any] = {"recorder": recorder, "clock": clock, "warnings": KeyWarnings(clock), **more}
    return CompletionParts(connections=connections, dialects=dialects, **made)
