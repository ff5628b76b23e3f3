"""Warns that a key was refused although another provider has answered: once per key and day, over all processes."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Clock
from modelport.domain.providers.rows import Provider

DAY_MS = 24 * 3_600_000
REFUSALS = {
    "auth_rejected": "refused its key",
    "forbidden": "does not let its key do this",
    "quota_exhausted": "has no credit left for its key",
}
"""What a provider has done whose key was refused, for a sentence."""


class KeyWarnings:
    """Remembers, for the life of the process, which keys were warned of, and which refusals are for it to warn of.

    The circuits of all processes know that a key was refused: the process whose call has met that first warns.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._warned_ms: dict[str, int] = {}
        self._met: set[str] = set()

    def met(self, fingerprint: str, failure: RequestFailed) -> None:
        """Takes it that a call of this process has failed so, and that no process knew of that before."""
        if failure.reason in REFUSALS:
            self._met.add(fingerprint)

    def due(self, fingerprint: str) -> bool:
        """Whether to warn of a refused key now, which is remembered."""
        now_ms = self._clock.now_ms()
        if fingerprint not in self._met or now_ms - self._warned_ms.get(fingerprint, -DAY_MS) < DAY_MS:
            return False
        self._warned_ms[fingerprint] = now_ms
        return True

    def text(self, row: Provider, by: Provider, failure: RequestFailed) -> str:
        """The warning of a key of a provider that was refused, where ``by`` has answered."""
        what = REFUSALS.get(failure.reason, REFUSALS["auth_rejected"])
        who = "another of its keys" if by.id == row.id else by.display_name
        return f"{row.display_name} {what}; answered by {who}. Give another key with modelport keys set {row.id}."
