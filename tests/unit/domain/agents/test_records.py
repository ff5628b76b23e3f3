"""The records made of static observations."""

from __future__ import annotations

import pytest

from modelport.domain.agents.editors.settings import Candidate
from modelport.domain.agents.observations import Machine, Program, Setting
from modelport.domain.agents.records import best, identity_of, records
from modelport.domain.agents.registry import RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.protocol.types import AgentOwner

FACTS = {"checked": "2026-11-20", "source": "test"}
GEMINI = AgentRow(
    id="gemini", name="Gemini CLI", command="gemini", args=("--acp",), older_args=("--experimental-acp",),
    packages=("npm:@google/gemini-cli",), key_variables=("GEMINI_API_KEY",), credential_files=("~/.gemini/creds",),
    **FACTS,
)  # fmt: skip
CLAUDE = AgentRow(
    id="claude-acp", name="Claude Code", command="claude-agent-acp", aliases=("claude-code-acp",),
    packages=("npm:@agentclientprotocol/claude-agent-acp",), adapts="claude", node="22", **FACTS,
)  # fmt: skip
KIMI = AgentRow(
    id="kimi", name="Kimi", command="kimi", args=("acp",), packages=("npm:@moonshot-ai/kimi-code", "pypi:kimi-cli"),
    stubs=("pypi:kimi-cli>=1.52",), generic=True, folders=("~/.kimi-code/bin",), **FACTS,
)  # fmt: skip
PI = AgentRow(id="pi-acp", name="pi", command="pi-acp", packages=("npm:pi-acp",), requires=("pi",), **FACTS)
DEEP = AgentRow(id="deepagents", name="Deep", module="deepagents_acp", packages=("pypi:deepagents-acp",), **FACTS)
CLINE = AgentRow(id="cline", name="Cline", command="cline", packages=("npm:cline", "npm:@cline/cli-*"), **FACTS)
GOOSE = AgentRow(
    id="goose", name="goose", command="goose", args=("acp",), generic=True, install="see https://x", **FACTS
)
BOOK = AgentBook((GEMINI, CLAUDE, KIMI, PI, DEEP, CLINE, GOOSE))


def program(name: str, owner: str | None = None, **more) -> Program:
    ecosystem, _, rest = (owner or "").partition(":")
    package, _, version = rest.partition("==")
    belongs = AgentOwner(ecosystem=ecosystem, package=package, version=version or None) if owner else None
    return Program(**{"name": name, "argv": (f"/bin/{name}",), "found_in": "PATH", "owner": belongs} | more)


def found(agent_id: str, *, entries=(), **machine) -> Candidate:
    machine = {key: tuple(value) if isinstance(value, list) else value for key, value in machine.items()}
    return next(one for one in records(BOOK, entries, Machine(**machine)) if one.agent.agent_id == agent_id)


def test_an_agent_that_its_package_proves_is_installed_and_nothing_more_is_claimed() -> None:
    one = found("gemini", programs=[program("gemini", "npm:@google/gemini-cli==0.61.0")])
    agent = one.agent
    assert (agent.installed, agent.identity, agent.version) == (True, "confirmed", "0.61.0")
    assert (agent.protocol, agent.transport) == ("acp", "stdio")
    assert (agent.status, agent.auth, agent.verified_at) == ("unknown", None, None)
    assert agent.argv == ("/bin/gemini", "--acp")
    assert agent.sources == ("PATH",)
    assert agent.install_hint is None


def test_what_was_found_is_what_is_launched() -> None:
    one = found("gemini", programs=[program("gemini", "npm:@google/gemini-cli")])
    assert one.launch is not None
    assert one.launch.argv == one.agent.argv
    assert one.launch.older_argv == ("/bin/gemini", "--experimental-acp")
    assert one.launch.keys == ("GEMINI_API_KEY",)


def test_an_unknown_owner_leaves_the_name_alone_as_evidence() -> None:
    one = found("gemini", programs=[program("gemini")])
    assert (one.agent.installed, one.agent.identity, one.consent) == (True, "name-only", False)


def test_a_namesake_is_not_taken_for_the_agent() -> None:
    one = found("goose", programs=[program("goose", "npm:goose-migrations==1.0.0")])
    assert (one.agent.installed, one.agent.identity, one.agent.status) == (False, "mismatch", "needs_install")
    assert "goose-migrations" in one.agent.detail
    assert (one.agent.argv, one.launch) == (None, None)
    assert one.agent.install_hint == "see https://x"


def test_a_generic_name_needs_an_identity_before_it_is_started() -> None:
    one = found("goose", programs=[program("goose")])
    assert (one.agent.installed, one.agent.identity, one.agent.status) == (False, "name-only", "unknown")
    assert one.consent
    assert "it is not proven" in one.agent.detail


def test_a_folder_of_its_own_installer_is_an_identity() -> None:
    one = found("kimi", programs=[program("kimi", found_in="~/.kimi-code/bin")])
    assert (one.agent.installed, one.agent.identity, one.consent) == (True, "confirmed", False)
    assert identity_of(program("kimi", found_in="~/.kimi-code/bin/v2"), KIMI) == "confirmed"
    assert identity_of(program("kimi", found_in="~/.kimi-code/binary"), KIMI) == "name-only"


def test_a_leftover_package_is_a_stub_and_is_never_started() -> None:
    one = found("kimi", programs=[program("kimi", "pypi:kimi-cli==1.52.0")])
    assert (one.agent.installed, one.agent.status, one.launch) == (False, "stub", None)
    assert "kimi-cli 1.52.0" in one.agent.detail
    assert one.agent.install_hint == "npm install -g @moonshot-ai/kimi-code"


def test_a_package_is_a_leftover_from_a_version_on() -> None:
    one = found("kimi", programs=[program("kimi", "pypi:kimi-cli==1.9.0")])
    assert (one.agent.installed, one.agent.identity, one.agent.status) == (True, "confirmed", "unknown")


def test_the_real_one_is_taken_where_a_stub_comes_first_on_the_path() -> None:
    two = [
        program("kimi", "pypi:kimi-cli==1.52.1"),
        program("kimi", "npm:@moonshot-ai/kimi-code==2.1.0", argv=("/b/kimi",)),
    ]
    one = found("kimi", programs=two)
    assert (one.agent.installed, one.agent.argv) == (True, ("/b/kimi", "acp"))


def test_a_refused_program_is_reported_and_never_started() -> None:
    one = found("gemini", programs=[program("gemini", refused="/tmp/x can be written to by every user")])
    assert (one.agent.installed, one.launch, one.agent.argv) == (False, None, None)
    assert one.agent.detail == "Found, but not used: /tmp/x can be written to by every user."
    assert one.agent.install_hint is None, "a second copy would be refused as well"


def test_a_program_that_may_be_used_comes_before_a_refused_one() -> None:
    good, bad = program("gemini"), program("gemini", "npm:@google/gemini-cli", refused="no")
    assert best([bad, good], GEMINI) == (good, "name-only")
    assert best([], GEMINI) is None


def test_a_platform_package_is_the_agents_own() -> None:
    assert found("cline", programs=[program("cline", "npm:@cline/cli-linux-x64==3.0.65")]).agent.installed
    assert found("cline", programs=[program("cline", "npm:@clinic/cli")]).agent.identity == "mismatch"


def test_a_program_without_its_adapter_has_a_hint_to_install_it() -> None:
    one = found("claude-acp", commands=frozenset({"claude"}))
    assert (one.agent.installed, one.agent.status) == (False, "needs_install")
    assert one.agent.sources == ("PATH",)
    assert "claude-agent-acp" in one.agent.detail
    assert one.agent.install_hint == "npm install -g @agentclientprotocol/claude-agent-acp"


def test_an_agent_without_the_program_it_needs_is_here_and_not_ready() -> None:
    one = found("pi-acp", programs=[program("pi-acp", "npm:pi-acp")])
    assert (one.agent.installed, one.agent.status) == (True, "needs_install")
    assert "needs pi" in one.agent.detail
    assert one.launch is not None
    whole = found("pi-acp", programs=[program("pi-acp", "npm:pi-acp")], commands=frozenset({"pi"}))
    assert (whole.agent.status, whole.agent.detail) == ("unknown", "")


def test_an_old_node_is_reported() -> None:
    mine = [program("claude-agent-acp", "npm:@agentclientprotocol/claude-agent-acp==0.49.0")]
    assert "the installed Node is 20.20.2" in found("claude-acp", programs=mine, node="20.20.2").agent.detail
    assert found("claude-acp", programs=mine, node="22.1.0").agent.detail == ""
    assert found("claude-acp", programs=mine).agent.detail == ""


def test_a_module_is_found_by_its_id() -> None:
    one = found(
        "deepagents",
        programs=[program("deepagents", "pypi:deepagents-acp", argv=("/v/python", "-m", "deepagents_acp"))],
    )
    assert one.agent.argv == ("/v/python", "-m", "deepagents_acp")
    assert one.agent.command == "python -m deepagents_acp"


@pytest.mark.parametrize(
    ("machine", "configured"),
    [
        ({}, False),
        ({"variables": frozenset({"GEMINI_API_KEY"})}, True),
        ({"files": frozenset({"~/.gemini/creds"})}, True),
        ({"variables": frozenset({"OTHER"})}, False),
    ],
)  # fmt: skip
def test_configured_is_a_key_or_a_credential_file_of_its_own(machine, configured: bool) -> None:
    assert found("gemini", **machine).agent.configured is configured


def test_what_needs_no_key_is_configured() -> None:
    assert found("goose").agent.configured


def test_what_is_known_and_not_here_has_no_source() -> None:
    one = found("gemini")
    assert (one.agent.sources, one.agent.status, one.agent.installed) == (None, "needs_install", False)
    assert one.agent.install_hint == "npm install -g @google/gemini-cli"


def setting(command: str | None, *args: str, **more) -> Setting:
    return Setting(
        **{"host": "Zed (~/.config/zed/settings.json)", "name": "mine", "command": command, "args": args} | more
    )


def test_a_setting_of_a_known_program_is_that_agents() -> None:
    mine = setting("/opt/gemini", "--acp", program="/opt/gemini")
    one = found("gemini", settings=[mine], programs=[program("gemini", "npm:@google/gemini-cli")])
    assert one.agent.configured_in == ("Zed (~/.config/zed/settings.json)",)
    assert one.agent.argv == ("/bin/gemini", "--acp")


def test_a_known_agent_that_only_an_editor_has_is_started_as_the_editor_does() -> None:
    one = found("gemini", settings=[setting("/opt/x/gemini", "--acp", "--debug", program="/opt/x/gemini")])
    assert (one.agent.installed, one.agent.argv) == (True, ("/opt/x/gemini", "--acp", "--debug"))
    assert one.launch is not None
    assert one.launch.argv == one.agent.argv


def test_an_npx_line_is_the_packages_agent_and_is_not_started() -> None:
    mine = setting(
        "npx", "-y", "@google/gemini-cli@0.61.0", "--acp", program="/bin/npx", refused="starting it could download it"
    )
    one = found("gemini", settings=[mine])
    assert (one.agent.installed, one.launch) == (False, None)
    assert "could download" in one.agent.detail
    assert one.agent.sources == ("Zed (~/.config/zed/settings.json)",)


def test_a_setting_that_names_the_registrys_agent_is_that_agents() -> None:
    one = found("claude-acp", settings=[setting(None, registry_id="claude-acp")])
    assert one.agent.status == "needs_install"
    assert one.agent.configured_in
    assert "Zed has a copy of its own" in one.agent.detail


def test_an_agent_of_the_users_own_is_listed_under_its_name() -> None:
    mine = setting("/opt/mine", "serve", name="My agent", program="/opt/mine", variables=("MY_KEY",))
    one = found("My agent", settings=[mine])
    assert (one.agent.installed, one.agent.identity, one.agent.status) == (True, "name-only", "unknown")
    assert "MY_KEY" in one.agent.detail
    assert one.launch is not None


@pytest.mark.parametrize(
    "args", [("--api-key", "abcdefgh12345678"), ("--token=abcdefgh12345678",), ("sk-0123456789abcdef0123",)]
)
def test_a_key_in_a_setting_is_neither_shown_nor_used(args: tuple[str, ...]) -> None:
    one = found("mine", settings=[setting("/opt/mine", *args, program="/opt/mine")])
    assert (one.agent.argv, one.launch) == (None, None)
    assert "looks like a key" in one.agent.detail


def test_one_program_in_two_editors_is_one_agent() -> None:
    both = [setting("/opt/m", program="/opt/m"), setting("/opt/m", program="/opt/m", host="Cursor (x)")]
    own = [one.agent for one in records(BOOK, (), Machine(settings=tuple(both))) if one.agent.agent_id == "mine"]
    assert [agent.configured_in for agent in own] == [("Zed (~/.config/zed/settings.json)", "Cursor (x)")]


def test_a_setting_whose_program_is_gone_is_reported() -> None:
    one = found("mine", settings=[setting("lost-agent")])
    assert (one.agent.installed, one.agent.status, one.launch) == (False, "needs_install", None)
    assert one.agent.detail == "Zed starts lost-agent, which is not installed."


def test_a_generic_name_in_a_setting_means_the_agent_only_with_its_arguments() -> None:
    plain = records(BOOK, (), Machine(settings=(setting("goose", "up", program="/bin/goose"),)))
    assert any(one.agent.agent_id == "mine" for one in plain)
    meant = records(BOOK, (), Machine(settings=(setting("goose", "acp", program="/bin/goose"),)))
    assert not any(one.agent.agent_id == "mine" for one in meant)


def test_the_registry_adds_the_agents_that_no_row_has() -> None:
    entries = (
        RegistryEntry(id="new", name="New", version="1.0", package="npm:new-agent", args=("--acp",)),
        RegistryEntry(id="gemini-too", name="Gemini", version="1.0", package="npm:@google/gemini-cli"),
    )
    ids = [one.agent.agent_id for one in records(BOOK, entries, Machine())]
    assert ids[-1] == "new"
    assert "gemini-too" not in ids
    here = found("new", entries=entries, programs=[program("new", "npm:new-agent==1.0", argv=("/n/new",))])
    assert (here.agent.argv, here.agent.identity) == (("/n/new", "--acp"), "confirmed")


def test_a_registry_decides_no_more_than_an_agents_own_variables() -> None:
    env = {
        "AGENT_MODE": "acp",
        "LD_PRELOAD": "/x.so",
        "NODE_OPTIONS": "--require=/x",
        "PATH": "/x",
        "pythonpath": "/x",
        "A_KEY": "x",
    }
    entry = RegistryEntry(id="new", name="New", version="1.0", package="npm:new-agent", env=env)
    one = found("new", entries=(entry,), programs=[program("new", "npm:new-agent==1.0")])
    assert one.launch is not None
    assert one.launch.env == {"AGENT_MODE": "acp"}
