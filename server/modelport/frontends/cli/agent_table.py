"""The table of ``acp-discover``: aligned, with colours on a terminal only."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

from modelport.protocol.types import Agent, AgentStatus

BOLD, DIM = 1, 2
"""Source: ECMA-48, select graphic rendition."""
HEADINGS = ("agent", "version", "status", "log-in", "where", "how it is known")
RED, GREEN, YELLOW, WHITE = 31, 32, 33, 37
COLOURS: dict[AgentStatus, int] = {
    "ready": GREEN,
    "auth_required": YELLOW,
    "not_configured": YELLOW,
    "needs_install": YELLOW,
    "unknown": WHITE,
}
LOG_IN_WORDS = {"not_required": "none needed", "required": "needed", "unknown": "unknown"}


def lines(agents: Sequence[Agent], *, colours: bool) -> list[str]:
    """The lines of the table, with the remarks on an agent below its line."""
    rows = [_cells(agent) for agent in agents]
    widths = [max(_width(row[column]) for row in (HEADINGS, *rows)) for column in range(len(HEADINGS))]
    printed = [_styled(_aligned(HEADINGS, widths), BOLD if colours else None)]
    for agent, row in zip(agents, rows, strict=True):
        printed.append(_aligned(row, widths, _colour(agent) if colours else None))
        printed += [_styled(f"    {remark}", DIM if colours else None) for remark in _remarks(agent)]
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


def _aligned(cells: Sequence[str], widths: Sequence[int], colour: int | None = None) -> str:
    padded = [cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    padded[2] = _styled(padded[2], colour)
    return "  ".join(padded).rstrip()


def _styled(text: str, code: int | None) -> str:
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"


def _width(text: str) -> int:
    """The columns a text takes in a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
