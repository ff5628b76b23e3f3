"""Whom to ask when a request names nothing and nothing is connected: keys that are found, servers that answer."""

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
"""Where a key counts the more the earlier; what a session gave is connected and needs no default."""
KEPT_S = 60.0
"""How long it is remembered which local servers answered."""


class DefaultChain:
    """Targets in the order in which they are asked, each a fallback of the one before."""

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
        self._found: Sequence[LocalServer] = ()
        self._looked_at_s = float("-inf")

    async def targets(self) -> list[Target]:
        """Providers whose key is found, by where it is and the rank of their row, then the local servers that answer.

        One that cannot start is left out with a warning.
        """
        rows = [row for row in self._registry.all() if row.default_model and row.status != "retired"]
        statuses = await self._credentials.statuses([(row, self._connections.overrides(row), None) for row in rows])
        keyed = [
            (SOURCES.index(status.source), row.rank, position, row)
            for position, (row, status) in enumerate(zip(rows, statuses, strict=True))
            if status.source in SOURCES
        ]
        found = [Target(row, row.default_model) for *_, row in sorted(keyed, key=lambda entry: entry[:3])]
        return [target for target in found if await self._starts(target)] + await self._local()

    async def _starts(self, target: Target) -> bool:
        try:
            await self._connections.endpoint(target.provider, target.model)
        except ModelportError as error:
            self._log.warning("%s is left out of the defaults: %s", target.provider.display_name, error.message)
            return False
        return True

    async def _local(self) -> list[Target]:
        if anyio.current_time() - self._looked_at_s > KEPT_S:
            self._found = await self._local_servers()
            self._looked_at_s = anyio.current_time()
        targets = [_serving(row, server) for server in self._found if (row := self._registry.find(server.provider))]
        return [target for target in targets if target is not None and await self._is_there(target)]

    async def _is_there(self, target: Target) -> bool:
        """Whether calls of the provider go to the server that was found: it may run at another address too."""
        try:
            endpoint = await self._connections.endpoint(target.provider, target.model)
        except (InvalidParams, ModelportError):
            return False
        return any(s.provider == target.provider.id and _same(s.base_url, endpoint.base_url) for s in self._found)


def _serving(row: Provider, server: LocalServer) -> Target | None:
    """The row's default model where the server has it, else the first it has; None where it has none."""
    if row.default_model in server.models:
        return Target(row, row.default_model)
    return Target(row, server.models[0]) if server.models else None


def _same(one: str, other: str) -> bool:
    """Whether two loopback addresses are one: a name and its number are."""
    return one.replace("127.0.0.1", "localhost").rstrip("/") == other.replace("127.0.0.1", "localhost").rstrip("/")
