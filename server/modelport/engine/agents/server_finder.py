"""Finds out whether an agent answers at one address of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import anyio

from modelport.domain.agents.ports import TcpHandshakes
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.domain.agents.servers.records import Seen, server_records, tcp_record
from modelport.domain.agents.servers.rows import AgentServers
from modelport.domain.local.fingerprints import Reply
from modelport.domain.local.servers import ServerAddress
from modelport.domain.ports import LocalProber
from modelport.engine.local.recognition import recognise_in_waves, request_each
from modelport.protocol.types import Agent

PROBE_ANSWER_S = 0.3
"""How long a server may take for one answer."""
HANDSHAKE_ANSWERS = 4
"""For how many answers an agent on a bare connection may take for its first one."""
MAX_REQUESTS_PER_ADDRESS = 4
MAX_BODY_BYTES = 64 * 1024


class ServerFinder:
    """Recognises agents by their answers. Sends GETs, and a handshake to a server that seems to wait for lines."""

    def __init__(
        self,
        book: AgentBook,
        servers: AgentServers,
        prober: LocalProber,
        tcp: TcpHandshakes,
        *,
        answer_s: float = PROBE_ANSWER_S,
    ) -> None:
        self.book = book
        self.servers = servers
        self.answer_s = answer_s
        self._prober = prober
        self._tcp = tcp

    async def over_http(self, address: ServerAddress) -> list[Agent] | None:
        """The agents that answer over HTTP; None where no HTTP answer comes in time."""
        answers: dict[str, Reply] = {}

        async def get(path: str) -> None:
            with anyio.move_on_after(self.answer_s):
                if reply := await self._prober.get(address, path, MAX_BODY_BYTES):
                    answers[path] = reply

        async def send(paths: Sequence[str]) -> None:
            await request_each(paths, get, at_once=MAX_REQUESTS_PER_ADDRESS)

        match = await recognise_in_waves(self.servers, answers, send, compare_waves=False)
        if not answers:
            return None
        return server_records(match, answers, self.book, _seen(address, "http")) if match else []

    async def over_tcp(self, address: ServerAddress, row: AgentRow | None) -> list[Agent]:
        """The agent that answers on a bare connection. ``row`` is the one that listens there by its command line.

        Without a row, a handshake is sent only to a server that seems to wait for lines, and counts only where the
        answer is one of this protocol.
        """
        if row is None and not await self._tcp.may_listen(address, wait_s=self.answer_s):
            return []
        result = await self._tcp.ask(address, timeout_s=self.answer_s * HANDSHAKE_ANSWERS)
        if result is None or (row is None and result.protocol_version is None):
            return []
        return [tcp_record(row, result, self.book, _seen(address, "tcp"))]


def _seen(address: ServerAddress, scheme: str) -> Seen:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Seen(url=ServerAddress(address.host, address.port, scheme).url, port=address.port, at=at)
