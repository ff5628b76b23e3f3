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
from modelport.protocol.types import LocalServer

SOURCES = ("environment", "command", "keyring", "file")
"""Credential sources, strongest first. A session key is absent: its provider is already connected."""
LOCAL_SERVERS_TTL_S = 60.0
"""How long the list of local servers is cached."""


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
            (SOURCES.index(status.source), row.rank, position, row)
            for position, (row, status) in enumerate(zip(rows, statuses, strict=True))
            if status.source in SOURCES
        ]
        candidates = [Target(row, row.default_model) for *_, row in sorted(keyed, key=lambda entry: entry[:3])]
        return [target for target in candidates if await self._has_endpoint(target)] + await self._local()

    async def _has_endpoint(self, target: Target) -> bool:
        try:
            await self._connections.endpoint(target.provider, target.model)
        except ModelportError as error:
            self._log.warning("%s is left out of the defaults: %s", target.provider.display_name, error.message)
            return False
        return True

    async def _local(self) -> list[Target]:
        if anyio.current_time() - self._discovered_at_s > LOCAL_SERVERS_TTL_S:
            self._discovered = await self._local_servers()
            self._discovered_at_s = anyio.current_time()
        targets = [
            _serving(row, server) for server in self._discovered if (row := self._registry.find(server.provider))
        ]
        return [target for target in targets if target is not None and await self._is_called(target)]

    async def _is_called(self, target: Target) -> bool:
        """Whether calls of the provider go to a discovered server, which may run at another address."""
        try:
            endpoint = await self._connections.endpoint(target.provider, target.model)
        except (InvalidParams, ModelportError):
            return False
        return any(s.provider == target.provider.id and _same(s.base_url, endpoint.base_url) for s in self._discovered)


def _serving(row: Provider, server: LocalServer) -> Target | None:
    """The row's default model where the server has it, else the first it has; None where it has none."""
    if row.default_model in server.models:
        return Target(row, row.default_model)
    return Target(row, server.models[0]) if server.models else None


def _same(one: str, other: str) -> bool:
    """Whether two loopback addresses are equal; localhost equals 127.0.0.1."""
    return one.replace("127.0.0.1", "localhost").rstrip("/") == other.replace("127.0.0.1", "localhost").rstrip("/")
