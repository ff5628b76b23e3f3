"""The keys that were refused to an operation: they are reported, and warned of once another has answered."""

from __future__ import annotations

from collections.abc import Callable

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Circuits, Route
from modelport.domain.failover.rules import KEY_REFUSED
from modelport.domain.providers.connection import Endpoint
from modelport.engine.completions.key_warnings import KeyWarnings

Warn = Callable[[str], None]
"""Shows the user of a client a sentence."""


class Refusals:
    """Those of one request."""

    def __init__(self, circuits: Circuits, warnings: KeyWarnings, warn: Warn) -> None:
        self._circuits = circuits
        self._warnings = warnings
        self._warn = warn
        self._met: dict[str, tuple[Endpoint, RequestFailed]] = {}

    async def report(self, endpoint: Endpoint, route: Route, failure: RequestFailed) -> None:
        """Opens the circuit of a call that has failed."""
        if await self._circuits.failed(route, failure):
            self._warnings.met(endpoint.credential.fingerprint, failure)
        self.add(endpoint, failure)

    def add(self, endpoint: Endpoint, failure: RequestFailed) -> None:
        """Notes a failure; only that of a key matters."""
        if failure.reason in KEY_REFUSED and endpoint.credential.fingerprint:
            self._met[endpoint.credential.fingerprint] = endpoint, failure

    def answered(self) -> None:
        """Warns of the refused keys, since another one has answered."""
        for fingerprint, (endpoint, failure) in self._met.items():
            if self._warnings.due(fingerprint):
                self._warn(self._warnings.text(endpoint.provider, endpoint.provider, failure))
