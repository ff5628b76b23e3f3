"""Names of programs and packages as users write them into settings, and the records of the agents set up there."""

from __future__ import annotations

import msgspec
import pytest

from modelport.domain.agents.editors.settings import own_agents, package_of_line, program_name, started_by
from modelport.domain.agents.observations import Setting
from modelport.protocol.types import Agent

MINE = Setting(
    host="Zed (~/.config/zed/settings.json)", name="Mine", command="mine", program="/bin/mine", args=("acp",)
)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("gemini", "gemini"),
        ("/usr/local/bin/gemini", "gemini"),
        (r"C:\Users\a\AppData\Roaming\npm\gemini.cmd", "gemini"),
        ("goose.EXE", "goose"),
        ("my.agent", "my.agent"),
        (".exe", ".exe"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_program_is_named_without_folder_and_windows_ending(command: str, name: str) -> None:
    assert program_name(command) == name


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("npx -y @google/gemini-cli@0.61.0 --acp", "npm:@google/gemini-cli"),
        ("npx pi-acp@latest", "npm:pi-acp"),
        ("bunx opencode-ai", "npm:opencode-ai"),
        ("uvx mistral-vibe==3.0.2", "pypi:mistral-vibe"),
        ("uvx mistral-vibe@latest", "pypi:mistral-vibe"),
        ("uvx fast-agent-mcp[all]", "pypi:fast-agent-mcp"),
        ("npx -y", None),
        ("node agent.js", None),
    ],
)  # fmt: skip
def test_the_package_of_a_line_that_downloads(line: str, package: str | None) -> None:
    name, *args = line.split()
    assert package_of_line(name, args) == package


def test_an_agent_of_the_users_own_is_reached_as_its_editor_reaches_it() -> None:
    (one,) = own_agents([MINE, msgspec.structs.replace(MINE, host="Emacs")])
    assert one.agent == Agent(
        agent_id="Mine", display_name="Mine", installed=True, configured=True, command="mine", version="", detail="",
        protocol="acp", transport="stdio", identity="name-only", status="unknown", argv=("/bin/mine", "acp"),
        sources=(MINE.host,), configured_in=(MINE.host, "Emacs"),
    )  # fmt: skip
    assert one.launch is not None
    assert one.launch.argv == one.agent.argv


def test_a_program_that_an_editor_starts_is_no_longer_to_be_installed() -> None:
    (own,) = own_agents([MINE])
    missing = msgspec.structs.replace(own.agent, installed=False, status="needs_install", install_hint="npm i mine")
    agent = started_by(MINE, missing).agent
    assert (agent.installed, agent.status, agent.install_hint) == (True, "unknown", None)


@pytest.mark.parametrize("host", ["Zed", "Zed (~/.config/zed/settings.json)"])
def test_a_program_that_is_missing_is_reported_with_the_editor_that_starts_it(host: str) -> None:
    (one,) = own_agents([msgspec.structs.replace(MINE, host=host, program=None)])
    assert (one.agent.installed, one.agent.status, one.launch) == (False, "needs_install", None)
    assert one.agent.detail == "Zed starts mine, which is not installed."
