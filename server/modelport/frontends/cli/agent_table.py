"""The table of ``acp-discover``: fitted to the terminal, with colours where it takes them."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.terminal_text import plain
from modelport.frontends.cli.output.tables import indented, layout
from modelport.frontends.cli.output.terminal import BOLD, DIM
from modelport.protocol.types import Agent, AgentStatus

HEADINGS = ("agent", "version", "status", "log-in", "where", "how it is known")
STATUS = 2
"""The number of its column."""
RED, GREEN, YELLOW, WHITE = 31, 32, 33, 37
COLOURS: dict[AgentStatus, int] = {
    "ready": GREEN,
    "auth_required": YELLOW,
    "not_configured": YELLOW,
    "needs_install": YELLOW,
    "unknown": WHITE,
}
LOG_IN_WORDS = {"not_required": "none needed", "required": "needed", "unknown": "unknown"}


def lines(agents: Sequence[Agent], *, colours: bool, width: int | None = None) -> list[str]:
    """The lines of the table, with the remarks on an agent below its own; they fit into ``width`` columns."""

    def mark(row: int | None, column: int, text: str) -> str:
        if row is None:
            return _styled(text, BOLD if colours else None)
        return _styled(text, _colour(agents[row]) if colours and column == STATUS else None)

    head, *rows = layout(HEADINGS, [tuple(map(plain, _cells(agent))) for agent in agents], width, mark)
    printed = [*head]
    for agent, row in zip(agents, rows, strict=True):
        printed += row
        for remark in _remarks(agent):
            printed += [_styled(line, DIM if colours else None) for line in indented(plain(remark), width)]
    return printed


def _cells(agent: Agent) -> tuple[str, ...]:
    sources = [*(agent.sources or ()), *(f"in {host.partition(' (')[0]}" for host in agent.configured_in or ())]
    where = agent.url or ", ".join(dict.fromkeys(sources))
    return (
        agent.agent_id,
        agent.version or "-",
        agent.status,
        LOG_IN_WORDS.get(agent.auth or "", "-"),
        where or "-",
        _evidence(agent),
    )


def _evidence(agent: Agent) -> str:
    """The evidence for a record, in a few words."""
    if agent.verified_at and agent.latency_ms is not None:
        return f"answered in {agent.latency_ms / 1000:.1f} s"
    if agent.url:
        return "answers" if agent.status == "ready" else "listens"
    if agent.owner:
        return f"package {agent.owner.package}"
    return {"confirmed": "its own folder", "name-only": "name only"}.get(agent.identity or "", "-")


def _remarks(agent: Agent) -> list[str]:
    printed = [agent.detail] if agent.detail else []
    if agent.processes:
        printed.append("runs now: " + ", ".join(_process(p.pid, p.parent) for p in agent.processes))
    printed += [f"! {line}" for line in (agent.stderr_tail or ())[-3:]]
    if agent.install_hint and (not agent.installed or agent.status == "needs_install"):
        printed.append(f"to install: {agent.install_hint}")
    if agent.login_hint and agent.auth in ("required", "unknown"):
        printed.append(f"to log in: {agent.login_hint}")
    return printed


def _process(pid: int, parent: str | None) -> str:
    return f"pid {pid} under {parent}" if parent else f"pid {pid}"


def _colour(agent: Agent) -> int:
    """Green is for what is proven, the log-in included."""
    if agent.status == "ready" and agent.auth == "unknown":
        return YELLOW
    return COLOURS.get(agent.status, RED)


def _styled(text: str, code: int | None) -> str:
    return text if code is None or not text else f"\x1b[{code}m{text}\x1b[0m"
