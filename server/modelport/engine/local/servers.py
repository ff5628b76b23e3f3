"""Finds the model servers of this machine, all ports at once and within one time limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import cast

import anyio

from modelport.domain.errors import InvalidParams
from modelport.domain.local.fingerprints import (
    Fingerprint,
    Fingerprints,
    Recognition,
    Reply,
    answers_all_alike,
    names_at,
    open_paths,
    recognise,
    text_at,
)
from modelport.domain.local.servers import (
    PortCandidate,
    ServerAddress,
    configured_candidates,
    default_candidates,
    listening_candidates,
    merged,
    server_url,
)
from modelport.domain.ports import Environment, ListeningPorts, LocalProber
from modelport.domain.providers.registry import Registry
from modelport.protocol.types import DiscoverProviderParams, DiscoverProviderResult, LocalServer

DEFAULT_MS = 1500
SPOTS_AT_ONCE = 64
REQUESTS_PER_PLACE = 3
HEAD_START_S = 0.1
"""How long a server found at the second address of a port waits, in case the first address is the same server."""
LONGEST_BODY = 64 * 1024
LONGEST_LIST = 1024 * 1024
LAST_PORT = 65535
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
        self, params: DiscoverProviderParams, found: OnServer, *, open_ports: bool = True
    ) -> DiscoverProviderResult:
        """The servers that answered in time; ``found`` hears of each as soon as it is known.

        ``open_ports`` also asks what else this user's processes serve, at ports where no model server usually is.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        timeout_ms = DEFAULT_MS if params.timeout_ms is None else params.timeout_ms
        if timeout_ms <= 0:
            raise InvalidParams("timeoutMs must be more than 0.", field="timeoutMs")
        if not all(0 < port <= LAST_PORT for port in params.ports or ()):
            raise InvalidParams(f"ports must be numbers from 1 to {LAST_PORT}.", field="ports")
        wanted = frozenset(self.registry.get(name, "providers").id for name in params.providers or ())
        search = _Search(self, wanted, timeout_ms / 1000, found)
        if params.ports:
            await search.run(PortCandidate(port) for port in params.ports)
        elif not wanted or any(row.provider in wanted for row in self.book.server):
            await search.run(self._known(wanted), self._open if open_ports else None)
        return DiscoverProviderResult(servers=tuple(search.servers()))

    def _known(self, wanted: frozenset[str]) -> list[PortCandidate]:
        providers = wanted or frozenset(row.id for row in self.registry.all())
        variables = self._environment.variables()
        named = configured_candidates(self.registry, self.book, providers, variables)
        return [*named, *default_candidates(self.book, providers)]

    async def _open(self) -> list[PortCandidate]:
        return listening_candidates(await self._listening.ports(), self.book)


class _Search:
    """One search: what is left of its time, and what it has found."""

    def __init__(self, discovery: ServerDiscovery, wanted: frozenset[str], timeout_s: float, found: OnServer) -> None:
        self._book = discovery.book
        self._prober = discovery.prober
        self._registry = discovery.registry
        self._wanted = wanted
        self._found = found
        self._end = anyio.current_time() + timeout_s
        self._limiter = anyio.CapacityLimiter(SPOTS_AT_ONCE)
        self._lists = frozenset(row.models.path for row in self._book.server if row.models)
        self._servers: dict[ServerAddress, LocalServer] = {}

    async def run(
        self, spots: Iterable[PortCandidate], more: Callable[[], Awaitable[Iterable[PortCandidate]]] | None = None
    ) -> None:
        """Looks at the spots, and at those that it takes longer to learn of. Ends by itself when the time is over."""
        known = merged(spots)
        try:
            async with anyio.create_task_group() as tasks:
                for spot in known:
                    tasks.start_soon(self._look_at, spot)
                if more is not None:
                    keys = {spot.key for spot in known}
                    with anyio.move_on_after(self._left_s() / 2):
                        for spot in await more():
                            if spot.key not in keys:
                                tasks.start_soon(self._look_at, spot)
        except ExceptionGroup as several:
            raise _first_of(several) from several

    def servers(self) -> list[LocalServer]:
        """What was found, in the order of the rows, then of the addresses."""
        order = [row.provider for row in self._book.server]
        places = sorted(self._servers, key=lambda place: (place.port, place.host, place.prefix))
        return sorted((self._servers[place] for place in places), key=lambda server: order.index(server.provider))

    async def _look_at(self, spot: PortCandidate) -> None:
        async with self._limiter:
            first_known = anyio.Event()
            async with anyio.create_task_group() as tasks:
                for number, place in enumerate(spot.addresses()):
                    tasks.start_soon(self._look_in, place, first_known, number == 0)

    async def _look_in(self, place: ServerAddress, first_known: anyio.Event, first: bool) -> None:  # noqa: FBT001  a task's
        server = await self._identify(place)
        if first:
            first_known.set()
        elif server is not None:
            with anyio.move_on_after(min(HEAD_START_S, self._left_s())):
                await first_known.wait()
        if server is not None and not self._knows(place.port, server):
            self._servers[place] = server
            self._found(server)

    def _knows(self, port: int, server: LocalServer) -> bool:
        """Whether it was found at the other address of its port."""
        return any(
            place.port == port and (known.provider, known.version, known.models) == _what(server)
            for place, known in self._servers.items()
        )

    async def _identify(self, place: ServerAddress) -> LocalServer | None:
        answers: dict[str, Reply] = {}
        asked: set[str] = set()
        match = None
        for wave in self._book.waves:
            paths = [path for path in wave if path in open_paths(self._book, answers, asked)]
            await self._ask(place, paths, answers, self._left_s() / 2)
            asked.update(paths)
            match = recognise(self._book, answers)
            if match or not answers or answers_all_alike(answers, wave):
                break
        match = match or recognise(self._book, answers, final=True)
        if match is None or (self._wanted and match.row.provider not in self._wanted):
            return None
        return await self._described(place, match, answers)

    async def _described(
        self, place: ServerAddress, match: Recognition[Fingerprint], answers: dict[str, Reply]
    ) -> LocalServer:
        row = match.row
        await self._ask(place, sorted(row.details - answers.keys()), answers, self._left_s())
        models = answers.get(row.models.path) if row.models else None
        version = answers.get(row.version.path) if row.version else None
        locked = "; its model list needs a key" if models and models.status in REFUSALS else ""
        return LocalServer(
            provider=row.provider,
            base_url=server_url(place, row, self._registry),
            version=text_at(version.json, row.version.at) if version and row.version else None,
            models=names_at(models.json, row.models.at) if models and row.models else (),
            latency_ms=round(match.latency_ms, 3),
            evidence=match.evidence + locked,
        )

    async def _ask(self, place: ServerAddress, paths: Sequence[str], answers: dict[str, Reply], limit_s: float) -> None:
        """Asks; what does not come in time, or is not needed any more since the server is known, is left out."""
        limiter = anyio.CapacityLimiter(REQUESTS_PER_PLACE)
        waiting = set(paths)

        async def ask(path: str) -> None:
            async with limiter:
                longest = LONGEST_LIST if path in self._lists else LONGEST_BODY
                reply = await self._prober.get(place, path, longest)
                waiting.discard(path)
                if reply is None:
                    return
                answers[path] = reply
                if (match := recognise(self._book, answers)) and not waiting & match.row.details:
                    enough.cancel()

        with anyio.move_on_after(limit_s) as enough:
            async with anyio.create_task_group() as tasks:
                for path in paths:
                    tasks.start_soon(ask, path)

    def _left_s(self) -> float:
        return max(0.0, self._end - anyio.current_time())


def _what(server: LocalServer) -> tuple[str, str | None, tuple[str, ...]]:
    return server.provider, server.version, server.models


def _first_of(error: Exception) -> Exception:
    """What went wrong first: whoever asked deals with one thing."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
