"""Finds the model servers of this machine, all ports at once and within one time limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import anyio

from modelport.domain.errors import InvalidParams
from modelport.domain.local.fingerprints import (
    Fingerprint,
    Fingerprints,
    Recognition,
    Reply,
    names_at,
    recognise,
    text_at,
)
from modelport.domain.local.servers import (
    PortCandidate,
    ServerAddress,
    configured_candidates,
    default_candidates,
    listening_candidates,
    server_url,
)
from modelport.domain.ports import Environment, ListeningPorts, LocalProber
from modelport.domain.providers.registry import Registry
from modelport.engine.local.port_search import PortSearch
from modelport.engine.local.recognition import recognise_in_waves, request_each
from modelport.engine.time_limit import TimeLimit
from modelport.protocol.types import DiscoverProviderParams, DiscoverProviderResult, LocalServer

DEFAULT_MS = 1500
MAX_PORTS_AT_ONCE = 64
MAX_REQUESTS_PER_ADDRESS = 3
HEAD_START_S = 0.1
"""How long a server found at the second address of a port waits, in case the first address is the same server."""
MAX_BODY_BYTES = 64 * 1024
MAX_LIST_BYTES = 1024 * 1024
MAX_PORT = 65535
REFUSALS = (401, 403)

OnServer = Callable[[LocalServer], None]


class ServerDiscovery:
    """The use case of ``provider/discover``."""

    def __init__(
        self,
        registry: Registry,
        book: Fingerprints,
        environment: Environment,
        prober: LocalProber,
        listening: ListeningPorts,
    ) -> None:
        self.registry = registry
        self.book = book
        self.prober = prober
        self._environment = environment
        self._listening = listening

    async def find(
        self,
        params: DiscoverProviderParams,
        on_server: OnServer,
        limit: TimeLimit | None = None,
        *,
        open_ports: bool = True,
    ) -> DiscoverProviderResult:
        """The servers that answered in time; ``on_server`` is called with each as soon as it is recognised.

        ``limit`` began when the request arrived; without one its ``timeout_ms`` begins now.
        ``open_ports`` also looks at the other ports that this user's processes listen on.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        limit = limit or TimeLimit(params.timeout_ms)
        if not all(0 < port <= MAX_PORT for port in params.ports or ()):
            raise InvalidParams(f"ports must be numbers from 1 to {MAX_PORT}.", field="ports")
        wanted = frozenset(self.registry.get(name, "providers").id for name in params.providers or ())
        kind = _ModelServers(self, wanted, limit.ends_by_default(DEFAULT_MS), on_server)
        search = PortSearch(kind, ports_at_once=MAX_PORTS_AT_ONCE)
        if params.ports:
            await search.run(PortCandidate(port) for port in params.ports)
        elif not wanted or any(row.provider in wanted for row in self.book.server):
            await search.run(self._known(wanted), kind.open if open_ports else None)
        # Sorting is stable: the order of the rows, then of the addresses.
        order = [row.provider for row in self.book.server]
        servers = sorted(search.records(), key=lambda server: order.index(server.provider))
        return DiscoverProviderResult(servers=tuple(servers))

    async def listening_candidates(self) -> list[PortCandidate]:
        """The ports that this user's processes listen on, where a model server may be."""
        return listening_candidates(await self._listening.ports(), self.book)

    def _known(self, wanted: frozenset[str]) -> list[PortCandidate]:
        providers = wanted or frozenset(row.id for row in self.registry.all())
        variables = self._environment.variables()
        named = configured_candidates(self.registry, self.book, providers, variables)
        return [*named, *default_candidates(self.book, providers)]


class _ModelServers:
    """How one search recognises model servers, within what is left of its time."""

    def __init__(self, discovery: ServerDiscovery, wanted: frozenset[str], end_s: float, on_server: OnServer) -> None:
        self._discovery = discovery
        self._book = discovery.book
        self._wanted = wanted
        self._on_server = on_server
        self._end = end_s
        self._lists = frozenset(row.models.path for row in self._book.server if row.models)

    async def open(self) -> list[PortCandidate]:
        """The open ports, if the system lists them in half of the time."""
        with anyio.move_on_after(self._left_s() / 2):
            return await self._discovery.listening_candidates()
        return []

    async def identify(self, address: ServerAddress) -> Sequence[LocalServer]:
        """The server that answers at an address, if it is one that is wanted."""
        answers: dict[str, Reply] = {}

        async def send(paths: Sequence[str]) -> None:
            await self._request(address, paths, answers, self._left_s() / 2)

        match = await recognise_in_waves(self._book, answers, send, compare_waves=True)
        if match is None or (self._wanted and match.row.provider not in self._wanted):
            return ()
        await self._request(address, sorted(match.row.details - answers.keys()), answers, self._left_s())
        return (self._described(address, match, answers),)

    def identity(self, record: LocalServer) -> Hashable:
        """The provider, its version and its models."""
        return record.provider, record.version, record.models

    def head_start_s(self) -> float:
        """The head start of a first address, as far as there is time."""
        return min(HEAD_START_S, self._left_s())

    def report(self, address: ServerAddress, record: LocalServer) -> LocalServer:
        """Reports a server."""
        self._on_server(record)
        return record

    def _described(
        self, address: ServerAddress, match: Recognition[Fingerprint], answers: dict[str, Reply]
    ) -> LocalServer:
        row = match.row
        models = answers.get(row.models.path) if row.models else None
        version = answers.get(row.version.path) if row.version else None
        locked = "; its model list needs a key" if models and models.status in REFUSALS else ""
        return LocalServer(
            provider=row.provider,
            base_url=server_url(address, row, self._discovery.registry),
            version=text_at(version.json, row.version.at) if version and row.version else None,
            models=names_at(models.json, row.models.at) if models and row.models else (),
            latency_ms=round(match.latency_ms, 3),
            evidence=match.evidence + locked,
        )

    async def _request(
        self, address: ServerAddress, paths: Sequence[str], answers: dict[str, Reply], limit_s: float
    ) -> None:
        """Adds the answers that come in time. The others are left out, as soon as the server is recognised without."""
        waiting = set(paths)

        async def get(path: str) -> None:
            max_bytes = MAX_LIST_BYTES if path in self._lists else MAX_BODY_BYTES
            reply = await self._discovery.prober.get(address, path, max_bytes)
            waiting.discard(path)
            if reply is None:
                return
            answers[path] = reply
            if (match := recognise(self._book, answers)) and not waiting & match.row.details:
                enough.cancel()

        with anyio.move_on_after(limit_s) as enough:
            await request_each(paths, get, at_once=MAX_REQUESTS_PER_ADDRESS)

    def _left_s(self) -> float:
        return max(0.0, self._end - anyio.current_time())
