"""Where telemetry goes, and with which names: the configuration's table, with OpenTelemetry's own variables behind it.

The variables count only where the table is there. Source: OpenTelemetry's specification, environment variables of the
SDK and of the OTLP exporter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote

from msgspec import Struct

from modelport.domain.providers.address import is_collector
from modelport.domain.providers.configuration import TelemetryEntry, ValueSource
from modelport.domain.telemetry.conventions import Conventions, conventions
from modelport.domain.telemetry.facts import cut
from modelport.protocol.secret import Secret

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
DEFAULT_SERVICE = "modelport"
Signal = Literal["traces", "metrics"]


class Destination(Struct, frozen=True, kw_only=True):
    """A collector, and the form in which it gets spans and metrics. ``headers`` may still have to be looked up."""

    urls: Mapping[Signal, str]
    """The address of each signal that is sent."""
    headers: Mapping[str, Secret | ValueSource]
    resource: Mapping[str, str]
    """The attributes of this process."""
    names: Conventions
    delta: bool = False
    """Whether metrics are sent as what was added since the last time, and not as sums since the start."""

    @property
    def shown(self) -> str:
        """The collector in messages: without the path, which may hold a key."""
        return "/".join(next(iter(self.urls.values()), "").split("/")[:3])


class NoDestination(Exception):
    """Telemetry is on and cannot be sent; the message is a sentence that says what to do."""


def read_destination(entry: TelemetryEntry, variables: Mapping[str, str], instance: str) -> Destination:
    """The destination that a table of the configuration and the environment name; ``instance`` names this process.

    The variable with headers counts only where the address is from the environment too: what is in it may be the key
    of another collector.

    Raises:
        NoDestination: there is no address, or it is none, or telemetry is switched off in the environment.
    """
    if variables.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true":
        raise NoDestination("OTEL_SDK_DISABLED is true: unset it, or remove [telemetry] from the configuration.")
    base = entry.otlp_endpoint or variables.get(ENDPOINT, "").strip()
    if not base:
        raise NoDestination(f"No collector is named: set otlp_endpoint in [telemetry], or {ENDPOINT}.")
    if not is_collector(base):
        raise NoDestination(f"{ENDPOINT} is no http or https address without a log-in: correct it.")
    headers: dict[str, Secret | ValueSource] = {
        name: Secret(value) if isinstance(value, str) else value for name, value in entry.headers.items()
    }
    if entry.otlp_endpoint is None:
        headers = {name: Secret(value) for name, value in _pairs(variables.get(HEADERS, "")).items()} | headers
    signals: tuple[tuple[Signal, bool], ...] = (("traces", entry.traces), ("metrics", entry.metrics))
    temporality = entry.metrics_temporality or variables.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "")
    return Destination(
        urls={signal: f"{base.rstrip('/')}/v1/{signal}" for signal, sent in signals if sent},
        headers=headers,
        resource=_resource(entry, variables, instance),
        names=conventions(variables.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")),
        delta=temporality.strip().casefold() == "delta",
    )


def _resource(entry: TelemetryEntry, variables: Mapping[str, str], instance: str) -> dict[str, str]:
    given = _pairs(variables.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    service = entry.service_name or variables.get("OTEL_SERVICE_NAME", "").strip()
    named = {"service.name": service} if service else {}
    all_of_them = {"service.name": DEFAULT_SERVICE, "service.instance.id": instance} | given | named
    return {name: text for name, value in all_of_them.items() if (text := cut(value))}


def _pairs(text: str) -> dict[str, str]:
    """``a=1,b=2``, the values percent-encoded. Source: W3C Baggage."""
    pairs = (part.partition("=") for part in text.split(","))
    return {name.strip(): unquote(value.strip()) for name, separator, value in pairs if separator and name.strip()}
