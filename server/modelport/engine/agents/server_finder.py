"""Asks one address of this machine whether an agent answers there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import anyio

from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.domain.agents.servers.ports import TcpHandshakes
from modelport.domain.agents.servers.records import Seen, server_records, tcp_record
from modelport.domain.agents.servers.rows import AgentServers
from modelport.domain.local.fingerprints import Reply, answers_all_alike, open_paths, recognise
from modelport.domain.local.servers import ServerAddress
from modelport.domain.ports import LocalProber
from modelport.protocol.types import Agent

ANSWER_S = 0.3
"""How long a server may take for one answer."""
HANDSHAKE = 4
"""How many times as long an agent on a bare connection may take for its first answer."""
REQUESTS_PER_PLACE = 4
LONGEST_BODY = 64 * 1024


class ServerFinder:
    """Knows agents by their answers. Sends GETs, and the protocol's first line to whoever waits for lines."""

    def __init__(
        self,
        book: AgentBook,
        servers: AgentServers,
        prober: LocalProber,
        tcp: TcpHandshakes,
        *,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.book = book
        self.servers = servers
        self.answer_s = answer_s
        self._prober = prober
        self._tcp = tcp

    async def over_http(self, place: ServerAddress) -> list[Agent] | None:
        """The agents that answer over HTTP; None where nobody spoke HTTP in time."""
        answers: dict[str, Reply] = {}
        asked: set[str] = set()
        match = None
        for wave in self.servers.waves:
            paths = [path for path in wave if path in open_paths(self.servers, answers, asked)]
            await self._ask(place, paths, answers)
            asked.update(paths)
            match = recognise(self.servers, answers)
            if match or not answers or answers_all_alike(answers, list(answers)):
                break
        if not answers:
            return None
        match = match or recognise(self.servers, answers, final=True)
        return server_records(match, answers, self.book, _seen(place, "http")) if match else []

    async def over_tcp(self, place: ServerAddress, row: AgentRow | None) -> list[Agent]:
        """The agent that answers on a bare connection. ``row`` is the one that listens there by its command line.

        Whoever is not known so is asked only if he seems to wait for lines, and believed only if what he answers is
        this protocol's.
        """
        if row is None and not await self._tcp.may_listen(place, wait_s=self.answer_s):
            return []
        verdict = await self._tcp.ask(place, timeout_s=self.answer_s * HANDSHAKE)
        if verdict is None or (row is None and verdict.protocol_version is None):
            return []
        return [tcp_record(row, verdict, self.book, _seen(place, "tcp"))]

    async def _ask(self, place: ServerAddress, paths: Sequence[str], answers: dict[str, Reply]) -> None:
        """Asks; what does not come in time is left out."""
        limiter = anyio.CapacityLimiter(REQUESTS_PER_PLACE)

        async def ask(path: str) -> None:
            async with limiter:
                with anyio.move_on_after(self.answer_s):
                    if reply := await self._prober.get(place, path, LONGEST_BODY):
                        answers[path] = reply

        async with anyio.create_task_group() as tasks:
            for path in paths:
                tasks.start_soon(ask, path)


def _seen(place: ServerAddress, scheme: str) -> Seen:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Seen(url=ServerAddress(place.host, place.port, scheme).url, port=place.port, at=at)
