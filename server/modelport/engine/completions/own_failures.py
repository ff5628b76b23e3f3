"""The failures of targets that no provider has told: the time was up, or they are not called now."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import OpenCircuit
from modelport.domain.failover.rules import KEY_REFUSED
from modelport.domain.providers.registry import Target
from modelport.engine.time_limit import TimeLimit


def model_of(target: Target) -> str:
    """The model of a target; empty where neither the request nor the row names one."""
    return target.model or target.provider.default_model or ""


def out_of_time(target: Target, limit: TimeLimit) -> RequestFailed:
    """The failure for an answer that was not complete at the deadline of the request."""
    name = target.provider.display_name
    return RequestFailed(
        "timeout",
        f"{name} was not done after {limit.timeout_ms} ms: allow more with timeoutMs, or ask for less.",
        provider=target.provider.id,
        model=model_of(target),
        action="allow more time",
    )


def too_slow(target: Target, seconds: float) -> RequestFailed:
    """The failure for an answer that had not begun when it was time to try another target."""
    name = target.provider.display_name
    return RequestFailed(
        "timeout",
        f"{name} had not begun its answer after {seconds:.0f} s: try again, or allow more with timeoutMs.",
        provider=target.provider.id,
        model=model_of(target),
        action="allow more time",
    )


def resting(target: Target, circuit: OpenCircuit, rest_s: float) -> RequestFailed:
    """The failure for a target that is not called, since it has failed a moment ago or its key was refused."""
    row, passes = target.provider, circuit.kind not in KEY_REFUSED
    until = f"for another {_duration(rest_s)}" if passes else "with this key"
    # Its advice was for that moment.
    failed = circuit.message.rpartition(": ")[0] or circuit.message.rstrip(".")
    advice = "try again then, or name another model" if passes else "give another key"
    return RequestFailed(
        circuit.kind,
        f"{failed}, so {row.display_name} is not called {until}: {advice}.",
        provider=row.id,
        model=model_of(target),
        retry_after_ms=round(rest_s * 1000) if passes else None,
        action="try again later" if passes else "give another key",
    )


def _duration(seconds: float) -> str:
    """``8 s``, ``3 min``, ``2 h``."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 100 * 60 else f"{round(seconds / 3600)} h"
