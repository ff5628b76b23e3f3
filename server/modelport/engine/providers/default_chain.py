"""The targets of a request that names nothing while nothing is connected: providers with a key, local servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from modelport.domain.errors import InvalidParams, ModelportError
from modelport.domain.ports import Log
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.types import CredentialStatus, LocalServer

SOURCES = ("environment", "command", "keyring", "client", "file")
"""Credential sources, strongest first. A session key is absent: its provider is already connected."""
LOCAL_SERVERS_TTL_S = 60.0
"""How long local servers that were found are remembered; a search that found none is made again."""


class DefaultChain:
    """Targets in the order in which they are called, each a fallback of the one before."""

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        connections: Connections,
        local_servers: Callable[[], Awaitable[Sequence[LocalServer]]],
        log: Log,
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._connections = connections
        self._local_servers = local_servers
        self._log = log
        self._discovered: Sequence[LocalServer] = ()
        self._discovered_at_s = float("-inf")

    async def targets(self) -> list[Target]:
        """Providers with a key, by its source and the rank of their row, then the local servers that answer.

        One without a usable endpoint is left out with a warning.
        """
        rows = [row for row in self._registry.all() if row.default_model and row.status != "retired"]
        statuses = await self._credentials.statuses([(row, self._connections.overrides(row), None) for row in rows])
        keyed = [
            (SOURCES.index(status.source), row.rank, position, _keyed(row, status))
            for position, (row, status) in enumerate(zip(rows, statuses, strict=True))
            if status.source in SOURCES
        ]
        candidates = [target for *_, target in sorted(keyed, key=lambda entry: entry[:3])]
        return [target for target in candidates if await self._has_endpoint(target)] + await self._local()

    async def _has_endpoint(self, target: Target) -> bool:
        try:
            await self._connections.endpoint(target.provider, target.model, step=target.resolved_by)
        except ModelportError as error:
            self._log.warning("%s is left out of the defaults: %s", target.provider.display_name, error.message)
            return False
        return True

    async def _local(self) -> list[Target]:
        if not self._discovered or anyio.current_time() - self._discovered_at_s > LOCAL_SERVERS_TTL_S:
            self._discovered = await self._local_servers()
            self._discovered_at_s = anyio.current_time()
        targets = [
            (target, server)
            for server in self._discovered
            if (row := self._registry.find(server.provider)) and (target := _serving(row, server))
        ]
        return [target for target, server in targets if await self._is_called(target, server)]

    async def _is_called(self, target: Target, server: LocalServer) -> bool:
        """Whether calls of the target go to the server, beside which others of its kind may run at other addresses."""
        try:
            endpoint = await self._connections.endpoint(target.provider, target.model, step=target.resolved_by)
        except (InvalidParams, ModelportError):
            return False
        return _same(server.base_url, endpoint.base_url)


def _keyed(row: Provider, status: CredentialStatus) -> Target:
    """The row's default model, for its key."""
    places = {"environment": f"in {status.location}", "command": "printed by api_key_command"}
    where = places.get(status.source, f"in the {status.source}")
    return Target(row, row.default_model, "credential", f"its key is {where}")


def _serving(row: Provider, server: LocalServer) -> Target | None:
    """The row's default model where the server has it, else the first it has; None where it has none."""
    if not server.models:
        return None
    model = row.default_model if row.default_model in server.models else server.models[0]
    return Target(row, model, "localServer", f"it answers at {server.base_url}")


def _same(one: str, other: str) -> bool:
    """Whether two loopback addresses are equal; localhost equals 127.0.0.1."""
    return one.replace("127.0.0.1", "localhost").rstrip("/") == other.replace("127.0.0.1", "localhost").rstrip("/")
