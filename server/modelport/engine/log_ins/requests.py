"""Makes the request for a log-in from the row, the configuration and the network settings of a provider."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import missing
from modelport.domain.providers.log_ins import LogInRequest
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.secret_sources import SecretSources
from modelport.protocol.types import LoginMethod


class LogInRequests:
    """Makes requests for log-ins."""

    def __init__(self, registry: Registry, secrets: SecretSources) -> None:
        self._registry = registry
        self._secrets = secrets

    async def make(self, row: Provider, method: LoginMethod | None) -> LogInRequest:
        """The request for a log-in to a provider, by its usual method unless another is named.

        Raises:
            RequestFailed: it has no such log-in, needs a client id of the user's, or its proxy cannot be looked up.
        """
        wire = row.login
        if wire is None:
            raise _no_log_in(row)
        if method is not None and method not in wire.methods:
            offered = " or ".join(wire.methods) or "none"
            raise RequestFailed(
                "unsupported",
                f"{row.display_name} has no log-in by {method}: use {offered}.",
                provider=row.id,
                action="use another method",
            )
        if wire.needs_client_id and wire.client_id is None:
            raise _no_client_id(row, wire)
        overrides = self._registry.defaults(row)
        proxy = await self._secrets.find(overrides.proxy, row, "its proxy") if overrides.proxy is not None else None
        endpoint = Endpoint(
            provider=row,
            dialect=row.dialect,
            base_url=row.base_url or "",
            credential=missing(row),
            verify_tls=overrides.verify_tls is not False,
            ca_file=overrides.ca_file,
            proxy=proxy,
        )
        return LogInRequest(
            endpoint=endpoint, wire=wire, client_id=wire.client_id or "", method=method or wire.methods[0]
        )


def _no_log_in(row: Provider) -> RequestFailed:
    return RequestFailed(
        "unsupported",
        f"{row.display_name} has no log-in: store a key with modelport keys set {row.id}, or describe its log-in in "
        f"[providers.{row.id}.login] of config.toml.",
        provider=row.id,
        action="store a key",
    )


def _no_client_id(row: Provider, wire: LogInWire) -> RequestFailed:
    help_ = wire.client_id_help or "register this program with the provider"
    return RequestFailed(
        "unsupported",
        f"The log-in to {row.display_name} needs a client id of your own: {help_}, and set client_id in "
        f"[providers.{row.id}.login] of config.toml.",
        provider=row.id,
        action="set client_id",
    )
