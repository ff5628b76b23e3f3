"""Warns that a key was refused although another provider has answered: once per key and day, over all processes."""

from __future__ import annotations

from modelport.domain.ports import Clock

DAY_MS = 24 * 3_600_000


class KeyWarnings:
    """Remembers, for the life of the process, which keys were warned of, and which refusals are for it to warn of.

    The circuits of all processes know that a key was refused: the process whose call has met that first warns.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._warned_ms: dict[str, int] = {}
        self._met: set[str] = set()

    def met(self, fingerprint: str) -> None:
        """Takes it that a call of this process was refused, and that no process knew of that before."""
        self._met.add(fingerprint)

    def due(self, fingerprint: str) -> bool:
        """Whether to warn of a refused key now, which is remembered."""
        now_ms = self._clock.now_ms()
        if fingerprint not in self._met or now_ms - self._warned_ms.get(fingerprint, -DAY_MS) < DAY_MS:
            return False
        self._warned_ms[fingerprint] = now_ms
        return True
