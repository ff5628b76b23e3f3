"""Finds out, for each batch, where telemetry goes now: the configuration and the environment may have changed."""

from __future__ import annotations

import msgspec

from modelport.domain.ports import Environment
from modelport.domain.providers.registry import Registry
from modelport.domain.telemetry.destination import Destination, NoDestination, read_destination
from modelport.domain.telemetry.status import TelemetryStatus
from modelport.engine.telemetry.headers import HeaderValues
from modelport.protocol.types import Check


class TelemetrySettings:
    """The destination in force."""

    def __init__(self, registry: Registry, environment: Environment, headers: HeaderValues, instance: str) -> None:
        self._registry = registry
        self._environment = environment
        self._headers = headers
        self._instance = instance

    async def destination(self) -> Destination | None:
        """The destination with all its headers; None where telemetry is off.

        Raises:
            NoDestination: it is on, and an address or a header is missing.
        """
        entry = self._registry.telemetry
        if entry is None:
            return None
        found = read_destination(entry, self._environment.variables(), self._instance)
        return msgspec.structs.replace(found, headers=await self._headers.find(found.headers))

    def refused(self) -> None:
        """The collector did not accept the headers: commands are run again."""
        self._headers.invalidate()


def check(registry: Registry, environment: Environment, status: TelemetryStatus | None) -> Check:
    """The check of telemetry for diagnostics; ``status`` is None where nothing was reported yet. Sends nothing."""
    entry = registry.telemetry
    if entry is None:
        return Check(id="telemetry", status="ok", detail="off: nothing is sent about calls")
    try:
        destination = read_destination(entry, environment.variables(), "")
    except NoDestination as error:
        sentence = str(error)
        action = sentence.rpartition(": ")[2].rstrip(".")
        return Check(id="telemetry", status="warn", detail=sentence.rstrip("."), action=action)
    signals = " and ".join(destination.urls)
    detail = f"{signals} to {destination.shown}" if signals else "on, and nothing is sent"
    if status is None:
        return Check(id="telemetry", status="ok", detail=detail)
    detail += f", spans sent: {status.sent}, dropped: {status.dropped}"
    if status.problem is None:
        return Check(id="telemetry", status="ok", detail=detail)
    action = "check the collector and [telemetry]"
    return Check(id="telemetry", status="warn", detail=f"{detail}. {status.problem}", action=action)
