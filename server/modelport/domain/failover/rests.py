"""How long a failure keeps a route from being called, and how much of the route: a table by the kind of the failure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from modelport.protocol.types import ErrorKind

STEPS_S = (5, 15, 45, 120)
"""The rest after the first failure in a row, the second and so on, where the provider names no time; the last repeats.
"""
JITTER = 0.1
"""The part of a step by which it is longer or shorter at random, so that programs do not come back all at once."""
MAX_REST_MS = 24 * 3_600_000
"""The longest rest, whatever the provider says; a circuit that has not changed for as long is dropped."""


class Rest(Struct, frozen=True, kw_only=True):
    """What rests after a failure of one kind."""

    any_key: bool
    """Whether the other keys of the provider rest as well."""
    any_model: bool
    """Whether the other models of the provider do."""
    min_s: int | None = None
    """The shortest rest in seconds; absent: the provider's own time, else the steps."""
    max_s: int | None = None
    """The longest step in seconds: for what a person mends and then tries again, such as a lost network."""
    any_role: bool = False
    """Whether calls that a person waits for rest too where one has failed that no person waits for."""
    needs_key: bool = False
    """Whether ``min_s`` is only for a key that is known: another one is another route, and is called at once. A log-in
    is mended without a change that is seen."""


RESTS: Mapping[ErrorKind, Rest] = {
    "rate_limited": Rest(any_key=False, any_model=False),
    # A refused key is refused until it changes. Credit and permission change without it.
    "auth_rejected": Rest(any_key=False, any_model=True, min_s=24 * 3600, any_role=True, needs_key=True),
    "quota_exhausted": Rest(any_key=False, any_model=True, min_s=3600, any_role=True, needs_key=True),
    "forbidden": Rest(any_key=False, any_model=False, min_s=3600, any_role=True, needs_key=True),
    "model_not_found": Rest(any_key=True, any_model=False, min_s=600),
    "provider_unavailable": Rest(any_key=True, any_model=False),
    "invalid_response": Rest(any_key=True, any_model=False),
    "stream_interrupted": Rest(any_key=True, any_model=False),
    "timeout": Rest(any_key=True, any_model=False),
    "network": Rest(any_key=True, any_model=True, max_s=15),
    "tls": Rest(any_key=True, any_model=True, max_s=15),
}
"""A kind that is not here says nothing about the route: its request is at fault, or this machine."""


def rest_ms(rest: Rest, *, keyed: bool, retry_after_ms: int | None, failures: int, jitter: float) -> int:
    """The length of a rest in milliseconds.

    ``failures`` in a row end with this one, ``retry_after_ms`` is the provider's own time, and ``jitter`` is a number
    from 0 to 1.
    """
    shortest = (rest.min_s or 0) * 1000 if keyed or not rest.needs_key else 0
    if retry_after_ms is not None:
        return min(max(retry_after_ms, shortest), MAX_REST_MS)
    if shortest:
        return min(shortest, MAX_REST_MS)
    step_s = min(STEPS_S[min(failures, len(STEPS_S)) - 1], rest.max_s or STEPS_S[-1])
    return round(step_s * 1000 * (1 + JITTER * (2 * jitter - 1)))
