"""The settings by which an editor starts the agents of this machine, ready to be pasted.

Each has the form that the editor reads today, with the command line that was verified and nothing else: what works
here works there. None contains secrets, since none is available here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modelport.borders import json_bytes
from modelport.domain.agents.editors import lua
from modelport.domain.agents.rows import DEFAULT_START_S, AgentBook, AgentRow
from modelport.protocol.types import Agent

UNFIT = ("broken", "hung", "stub", "needs_install")
"""The statuses of agents that no editor can work with."""
CODECOMPANION_TIMEOUT_S = 20.0
"""How long CodeCompanion waits for an agent by default."""


class Snippet(Struct, frozen=True):
    """Settings, and where to paste them."""

    text: str
    where: str
    """Where to paste them, as a sentence."""


class Chosen(Struct, frozen=True):
    """An agent as a snippet needs it."""

    id: str
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    start_s: float = DEFAULT_START_S
    codecompanion: str | None = None


def snippet(target: str, agents: Sequence[Agent], book: AgentBook) -> Snippet:
    """The settings for one of ``TARGETS``, with those of the agents that are installed and not known to fail.

    ``book`` has the variables that an agent is started with.
    """
    return EMITTERS[target](_chosen(agents, book))


def _chosen(agents: Iterable[Agent], book: AgentBook) -> list[Chosen]:
    rows = {row.id: row for row in book.agent}
    # A snippet uses either ids or names, so an agent's id may equal a name.
    ids: set[str] = set()
    names: set[str] = set()
    chosen: list[Chosen] = []
    for agent in agents:
        if not _fit(agent) or agent.argv is None:
            continue
        row = rows.get(agent.agent_id) or AgentRow(id=agent.agent_id, name=agent.display_name, checked="", source="")
        chosen.append(
            Chosen(
                id=_unused(agent.agent_id, ids),
                name=_unused(agent.display_name, names),
                argv=agent.argv,
                env=row.env,
                start_s=row.start_s,
                codecompanion=row.codecompanion,
            )
        )
    return chosen


def _fit(agent: Agent) -> bool:
    """Whether an editor can start the agent, and its command line is valid text."""
    spoken = agent.transport == "stdio" and agent.protocol == "acp" and agent.status not in UNFIT
    return agent.installed and spoken and all(_is_text(word) for word in agent.argv or ())


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unused(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken, so that no setting hides another."""
    free = next(
        one for number in range(1, len(names) + 2) if (one := name if number == 1 else f"{name} {number}") not in names
    )
    names.add(free)
    return free


def _zed(agents: Sequence[Chosen]) -> Snippet:
    """Source: zed.dev/docs/ai/external-agents."""
    text = _json({"agent_servers": {agent.name: {"type": "custom", **_started(agent)} for agent in agents}})
    return Snippet(text, 'Put this into Zed\'s settings ("zed: open settings file"), beside what is there.')


def _jetbrains(agents: Sequence[Chosen]) -> Snippet:
    """Source: jetbrains.com/help/ai-assistant/acp.html."""
    servers = {agent.name: _started(agent) for agent in agents}
    text = _json({"default_mcp_settings": {}, "agent_servers": servers})
    return Snippet(text, "Put this into ~/.jetbrains/acp.json (AI Chat, Add Custom Agent), beside what is there.")


def _vscode(agents: Sequence[Chosen]) -> Snippet:
    """Source: formulahendry/vscode-acp package.json."""
    return Snippet(
        _json({"acp.agents": {agent.name: _started(agent) for agent in agents}}),
        'Put this into the user settings ("Preferences: Open User Settings (JSON)"), beside what is there. It is for '
        "the extension formulahendry.acp-client.",
    )


def _acpx(agents: Sequence[Chosen]) -> Snippet:
    """Source: openclaw/acpx docs/config.md."""
    where = "Put this into ~/.acpx/config.json, beside what is there."
    if lost := ", ".join(f"{name}={value}" for agent in agents for name, value in agent.env.items()):
        where += f" It has no place for variables: set {lost} before you start acpx."
    return Snippet(_json({"agents": {agent.id: {"argv": agent.argv} for agent in agents}}), where)


def _codecompanion(agents: Sequence[Chosen]) -> Snippet:
    """Source: codecompanion.olimorris.dev/configuration/adapters-acp; olimorris/codecompanion.nvim adapters/acp."""
    where = "Put this where your Neovim configuration sets up codecompanion.nvim, or join it with what is there."
    adapters = {agent.codecompanion or agent.id: lua.Code(_adapter(agent)) for agent in agents}
    setup = lua.written({"adapters": {"acp": adapters}})
    return Snippet(f'-- {where}\nrequire("codecompanion").setup({setup})', where)


def _adapter(agent: Chosen) -> str:
    changes: dict[str, Any] = {"commands": {"default": agent.argv}}
    if agent.env:
        changes["env"] = agent.env
    if agent.codecompanion:
        if agent.start_s > CODECOMPANION_TIMEOUT_S:
            changes["defaults"] = {"timeout": round(agent.start_s * 1000)}
        extended = (
            f'require("codecompanion.adapters").extend({lua.written(agent.codecompanion)}, {lua.written(changes)})'
        )
        return f"function()\n  return {lua.indented(extended)}\nend"
    adapter: dict[str, Any] = {
        "name": agent.id,
        "formatted_name": agent.name,
        "type": "acp",
        "roles": {"llm": "assistant", "user": "user"},
        **changes,
        "defaults": {"mcpServers": {}, "timeout": round(max(agent.start_s, CODECOMPANION_TIMEOUT_S) * 1000)},
        "parameters": {
            "protocolVersion": 1,
            "clientCapabilities": {"fs": {"readTextFile": True, "writeTextFile": True}},
            "clientInfo": {"name": "CodeCompanion.nvim", "version": "1.0.0"},
        },
        "handlers": {
            "setup": lua.Code("function() return true end"),
            "auth": lua.Code("function() return true end"),
            "form_messages": lua.Code('require("codecompanion.adapters.acp.helpers").form_messages'),
            "on_exit": lua.Code("function() end"),
        },
    }
    return f"function()\n  return {lua.indented(lua.written(adapter))}\nend"


def _avante(agents: Sequence[Chosen]) -> Snippet:
    """Source: yetone/avante.nvim README.md and lua/avante/config.lua."""
    where = "Put this where your Neovim configuration sets up avante.nvim, and name one of them as its provider."
    setup = lua.written({"acp_providers": {agent.id: _started(agent) for agent in agents}})
    return Snippet(f'-- {where}\nrequire("avante").setup({setup})', where)


def _started(agent: Chosen) -> dict[str, Any]:
    started: dict[str, Any] = {"command": agent.argv[0], "args": agent.argv[1:]}
    return {**started, "env": agent.env} if agent.env else started


def _json(value: object) -> str:
    """JSON over several lines, in which nothing can move a terminal's cursor."""
    text = msgspec.json.format(json_bytes(value), indent=2).decode()
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


EMITTERS: Mapping[str, Callable[[Sequence[Chosen]], Snippet]] = {
    "zed": _zed,
    "jetbrains": _jetbrains,
    "vscode": _vscode,
    "codecompanion": _codecompanion,
    "avante": _avante,
    "acpx": _acpx,
}
TARGETS = tuple(EMITTERS)
