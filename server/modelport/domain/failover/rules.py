"""What each kind of failure means for the targets of a request: one table, which ``docs/failover.md`` shows.

How long a target rests after one is another table, of ``domain/failover/rests``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.protocol.types import ErrorKind

Onward = Literal["always", "own_chain", "larger_window", "never"]
"""Which targets may be called next: any, those of a chain that the user wrote and with another key, those whose context
window is larger, or none, since the request itself is at fault."""


class FailureRule(Struct, frozen=True, kw_only=True):
    """What a kind of failure means."""

    repeats: bool = False
    """Whether the same target may be called once more, at once."""
    waits: bool = False
    """Whether it may be called once more after the time that the provider says."""
    onward: Onward = "always"
    costs_nothing: bool = False
    """Whether a resting target is called all the same where it is the only one: the failure is free, comes at once, and
    the user may have mended its cause."""


PASSES = FailureRule(repeats=True, waits=True)
REFUSED_KEY = FailureRule(onward="own_chain")
SPENT = FailureRule(onward="own_chain", costs_nothing=True)
NO_KEY = FailureRule(onward="own_chain")
AT_FAULT = FailureRule(onward="never")
SKIPPED = FailureRule()

RULES: Mapping[ErrorKind, FailureRule] = {
    "rate_limited": FailureRule(waits=True),
    "provider_unavailable": PASSES,
    "stream_interrupted": PASSES,
    "invalid_response": PASSES,
    "network": FailureRule(repeats=True, costs_nothing=True),
    "tls": FailureRule(repeats=True, costs_nothing=True),
    "timeout": SKIPPED,
    "auth_rejected": REFUSED_KEY,
    "forbidden": SPENT,
    "quota_exhausted": SPENT,
    "auth_required": NO_KEY,
    "invalid_key_format": NO_KEY,
    "keyring_unavailable": SKIPPED,
    "budget_exceeded": SKIPPED,
    "model_not_found": FailureRule(costs_nothing=True),
    "context_too_long": FailureRule(onward="larger_window"),
    "content_filtered": AT_FAULT,
    "unsupported": AT_FAULT,
    "unknown_provider": AT_FAULT,
    "unknown_model": AT_FAULT,
    "agent_not_found": SKIPPED,
    "agent_failed": SKIPPED,
}
KEY_REFUSED: frozenset[ErrorKind] = frozenset({"auth_rejected", "forbidden", "quota_exhausted"})
"""401, 402 and 403: the key, its account or its permissions."""
PER_KEY: frozenset[ErrorKind] = frozenset({"rate_limited", *KEY_REFUSED})
"""The failures that another key of the same provider may not have."""


def costs_nothing(kind: ErrorKind, *, own_server: bool) -> bool:
    """Whether a target that rests is called all the same where it is the only one.

    A server of the user's own is, whatever it has failed with: the user sees it, and may have started it again.
    """
    return RULES[kind].costs_nothing or (own_server and kind not in PER_KEY)


def rule_of(failure: RequestFailed) -> FailureRule:
    """The rule for a failure.

    A status of a server's own failure over a request, such as its model's chat template, is no fault of the request; a
    path that leads to nothing is found the next time as little as this time.
    """
    rule = RULES.get(failure.reason, SKIPPED)
    status = failure.http_status or 0
    if rule is AT_FAULT and status >= 500:
        return SKIPPED
    if failure.reason == "invalid_response" and 300 <= status < 500:
        return FailureRule()
    return rule
