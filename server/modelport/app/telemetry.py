"""Makes telemetry, once the configuration has it; the parts that send are loaded by its thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from modelport.adapters.telemetry.background import BackgroundTelemetry
from modelport.domain.ports import Environment, Log
from modelport.domain.providers.registry import Registry
from modelport.lazy import Lazy

if TYPE_CHECKING:
    from modelport.adapters.system.programs import Programs
    from modelport.adapters.telemetry.exporter import Exporter


def load_telemetry(
    registry: Registry,
    environment: Environment,
    programs: Programs,
    secret_env_vars: Callable[[], Collection[str]],
    log: Log,
) -> BackgroundTelemetry:
    """Telemetry that sends nothing before the first event."""

    def load() -> Exporter:
        from uuid import uuid4

        from modelport.adapters.configuration.commands import LocalCommands
        from modelport.adapters.http.pool import HttpPool
        from modelport.adapters.telemetry.delivery import Delivery
        from modelport.adapters.telemetry.exporter import Exporter
        from modelport.engine.telemetry.headers import HeaderValues
        from modelport.engine.telemetry.settings import TelemetrySettings

        # Of its own, since connections and locks belong to one event loop.
        headers = HeaderValues(environment, LocalCommands(programs=programs), secret_env_vars)
        return Exporter(TelemetrySettings(registry, environment, headers, str(uuid4())), Delivery(HttpPool()), log)

    return BackgroundTelemetry(Lazy(load).get_now, log)
