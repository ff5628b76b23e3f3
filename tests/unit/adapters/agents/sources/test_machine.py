"""Tests the whole view of a machine, and that looking at it runs and contacts nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.editors import settings as editor_settings
from modelport.adapters.agents.sources.login_shell import cache_path, cached_path
from modelport.adapters.agents.sources.machine import LocalMachine
from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.observations import Machine, Program, Setting
from modelport.domain.agents.records import records
from modelport.domain.agents.registry import RegistryCopy, RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.protocol.types import Agent, AgentRegistry
from support.agent_homes import environment, npm_global, npm_package, program, project, tool

BOOK = load_agents()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def machine(home: Path, **variables: str) -> LocalMachine:
    return LocalMachine(variables, home, home / ".modelport", "linux")


def look(home: Path, *path: str, **variables: str) -> Machine:
    variables |= {"PATH": ":".join(str(home / folder) for folder in path)} if path else {}
    return machine(home, **variables).look(BOOK, None)


def seen(found: Machine, name: str) -> list[Program]:
    return [program for program in found.programs if program.name == name]


def agent(found: Machine, id_: str, book: AgentBook = BOOK) -> Agent:
    return next(one.agent for one in records(book, (), found) if one.agent.agent_id == id_)


def test_an_empty_home_has_nothing(home: Path):
    found = look(home)
    assert found.programs == ()
    assert found.settings == ()


def test_a_home_that_is_not_there_neither(tmp_path: Path):
    assert machine(tmp_path / "missing").look(BOOK, None).programs == ()


def test_programs_come_from_every_kind_of_place_in_order(home: Path):
    npm_global(home / "prefix", "@google/gemini-cli", "0.61.0", gemini="dist/index.js")
    npm_global(home / ".nvm/versions/node/v22.19.0", "@google/gemini-cli", "0.60.0", gemini="dist/index.js")
    npm_package(home / ".npm/_npx/abc/node_modules", "@google/gemini-cli", "0.59.0", gemini="dist/index.js")
    cache_path(str(home / ".modelport"), f"{home}/login")
    program(home / "login/gemini")
    found = look(home, "prefix/bin")
    assert [(one.found_in, one.owner and one.owner.version) for one in seen(found, "gemini")] == [
        ("PATH", "0.61.0"),
        ("login shell's PATH", None),
        ("~/.nvm/versions/node/v22.19.0/bin", "0.60.0"),
        ("npx cache", "0.59.0"),
    ]
    record = agent(found, "gemini")
    assert (record.installed, record.identity, record.version) == (True, "confirmed", "0.61.0")
    assert record.argv == (str(home / "prefix/bin/gemini"), "--acp")


def test_what_is_only_cached_by_npx_is_started_from_there_and_downloads_nothing(home: Path):
    npm_package(home / ".npm/_npx/abc/node_modules", "@qwen-code/qwen-code", "0.24.4", qwen="cli.js")
    record = agent(look(home), "qwen-code")
    assert record.installed
    assert record.argv == (str(home / ".npm/_npx/abc/node_modules/.bin/qwen"), "--acp")


def test_a_tool_of_uv_and_its_dead_namesake(home: Path):
    tool(home, "kimi-cli", "1.52.0", "kimi")
    record = agent(look(home, ".local/bin"), "kimi")
    assert (record.installed, record.status, record.version) == (False, "stub", "1.52.0")
    npm_global(home / ".npm-global", "@moonshot-ai/kimi-code", "2.1.0", kimi="dist/main.js")
    record = agent(look(home, ".local/bin"), "kimi")
    assert (record.installed, record.identity, record.version) == (True, "confirmed", "2.1.0")


def test_a_namesake_is_never_the_agent(home: Path):
    npm_global(home / "prefix", "fx", "35.0.0", fx="index.js")
    program(home / "prefix/bin/goose", "\x7fELF")
    found = look(home, "prefix/bin")
    assert not agent(found, "fx").installed
    assert not agent(found, "goose").installed
    assert agent(found, "goose").identity == "name-only"


def test_what_zed_has_unpacked_from_the_registry_is_the_agent(home: Path):
    program(home / ".local/share/zed/external_agents/registry/goose/v_abc/goose", "\x7fELF")
    record = agent(look(home), "goose")
    assert (record.installed, record.identity) == (True, "confirmed")


def test_but_not_another_one_with_a_program_of_that_name(home: Path):
    program(home / ".local/share/zed/external_agents/registry/other/v_abc/goose", "\x7fELF")
    assert not agent(look(home), "goose").installed


def test_an_agents_own_folder_confirms_it_also_where_path_names_the_folder(home: Path):
    program(home / ".kimi-code/bin/kimi", "\x7fELF")
    found = look(home, ".kimi-code/bin")
    assert [one.found_in for one in seen(found, "kimi")] == ["PATH", "~/.kimi-code/bin"]
    assert agent(found, "kimi").identity == "confirmed"


def test_a_program_where_every_user_can_write_is_reported_and_never_started(home: Path):
    program(home / "open/bin/gemini")
    (home / "open/bin").chmod(0o1777)
    record = agent(look(home, "open/bin"), "gemini")
    assert record.detail == "Found, but not used: ~/open/bin can be written to by every user."
    assert record.argv is None
    npm_global(home / "safe", "@google/gemini-cli", gemini="dist/index.js")
    assert agent(look(home, "open/bin", "safe/bin"), "gemini").argv == (str(home / "safe/bin/gemini"), "--acp")


def test_nor_is_one_of_the_folder_one_is_in(home: Path, monkeypatch: pytest.MonkeyPatch):
    npm_package(home / "project/node_modules", "@google/gemini-cli", gemini="dist/index.js")
    monkeypatch.chdir(home / "project")
    for path in ("node_modules/.bin", "./node_modules/.bin:/usr/bin"):
        record = agent(machine(home, PATH=path).look(BOOK, None), "gemini")
        assert record.detail == "Found, but not used: its folder is a relative or empty entry of PATH."
        assert record.argv is None
    assert not seen(machine(home, PATH="/usr/bin").look(BOOK, None), "gemini")


def test_a_script_whose_python_is_gone_is_reported(home: Path):
    prefix = tool(home, "mistral-vibe", "3.0.2", "vibe-acp")
    (prefix / "bin/python3").unlink()
    record = agent(look(home, ".local/bin"), "mistral-vibe")
    assert not record.installed
    assert record.detail == (
        "Found, but not used: it needs ~/.local/share/uv/tools/mistral-vibe/bin/python3, which is missing."
    )


def test_a_package_without_a_program_is_run_by_its_python(home: Path):
    project(environment(home / ".local/share/uv/tools/deepagents-acp"), "deepagents-acp", "0.0.13")
    record = agent(look(home), "deepagents")
    python = str(home / ".local/share/uv/tools/deepagents-acp/bin/python3")
    assert (record.installed, record.identity, record.version) == (True, "confirmed", "0.0.13")
    assert record.argv == (python, "-m", "deepagents_acp")


def test_it_is_still_confirmed_where_another_folder_has_a_link_to_it(home: Path):
    real = program(home / ".local/share/cursor-agent/versions/2026.11/cursor-agent")
    (home / ".local/bin").mkdir()
    (home / ".local/bin/cursor-agent").symlink_to(real)
    record = agent(look(home, ".local/bin"), "cursor")
    assert (record.installed, record.identity) == (True, "confirmed")
    assert record.argv == (str(home / ".local/bin/cursor-agent"), "acp")
    assert record.sources == ("PATH", "~/.local/share/cursor-agent/versions/2026.11")


@pytest.mark.parametrize("where", ["active", "path"])
def test_also_in_the_active_environment_and_in_one_on_the_path(home: Path, where: str):
    project(environment(home / "env"), "deepagents-acp", "0.0.13")
    found = look(home, VIRTUAL_ENV=str(home / "env")) if where == "active" else look(home, "env/bin")
    assert [one.argv[1:] for one in seen(found, "deepagents-acp")] == [("-m", "deepagents_acp")]


def test_agents_that_only_the_registry_has_are_found_by_package(home: Path):
    npm_global(home / ".npm-global", "@other/newcomer", "3.0.0", newcomer="cli.js")
    tool(home, "some-agent", "1.0", "some-agent")
    entries = (
        RegistryEntry(id="newcomer", name="Newcomer", version="3.1.0", package="npm:@other/newcomer", args=("acp",)),
        RegistryEntry(id="some", name="Some", version="1.0", package="pypi:some-agent"),
        RegistryEntry(id="absent", name="Absent", version="1.0", package="npm:absent"),
    )
    copy = RegistryCopy(about=AgentRegistry(url="https://x", fetched_at="x", agent_count=3), entries=entries)
    found = machine(home).look(BOOK, copy)
    by_id = {one.agent.agent_id: one.agent for one in records(BOOK, entries, found)}
    root = home / ".npm-global/lib/node_modules/@other/newcomer"
    assert by_id["newcomer"].argv == (str(root / "cli.js"), "acp")
    assert by_id["newcomer"].identity == by_id["some"].identity == "confirmed"
    assert not by_id["absent"].installed


def test_what_an_adapter_adapts_counts_only_where_it_could_be_started(home: Path):
    program(home / "bin/claude")
    program(home / "open/codex")
    (home / "open").chmod(0o777)
    program(home / "bin/pi", mode=0o644)
    found = look(home, "bin", "open")
    assert found.commands == {"claude"}
    assert agent(found, "claude-acp").status == "needs_install"


ROW = AgentRow(
    id="x", name="X", command="x", key_variables=("X_KEY", "Y_KEY"), credential_files=("~/.x/auth.json", "/nowhere/x"),
    checked="x", source="x",
)  # fmt: skip


def test_of_keys_only_the_names_and_of_credentials_only_the_existence_is_seen(home: Path):
    book = AgentBook(agent=(ROW,))
    found = machine(home, X_KEY="canary", Y_KEY="").look(book, None)
    assert (found.variables, found.files) == ({"X_KEY"}, frozenset())
    (home / ".x").mkdir()
    (home / ".x/auth.json").write_text("canary")
    (home / ".x/auth.json").chmod(0)
    found = machine(home).look(book, None)
    assert (found.variables, found.files) == (frozenset(), {"~/.x/auth.json"})
    assert "canary" not in repr(found)


def test_the_first_node_that_may_be_started_has_the_version(home: Path):
    program(home / "open/v18.0.0/bin/node")
    (home / "open").chmod(0o777)
    program(home / ".nvm/versions/node/v22.19.0/bin/node")
    assert look(home, "open/v18.0.0/bin", ".nvm/versions/node/v22.19.0/bin").node == "22.19.0"


def test_editors_settings_get_their_programs(home: Path, monkeypatch: pytest.MonkeyPatch):
    path = str(program(home / "bin/my-agent"))
    settings = (
        Setting(host="Zed (x)", name="mine", command="my-agent", args=("acp",)),
        Setting(host="Zed (x)", name="gemini", command="npx", args=("@google/gemini-cli",)),
    )
    monkeypatch.setattr(editor_settings, "configured", lambda *_: settings)
    first, second = look(home, "bin").settings
    assert (first.program, first.refused) == (path, None)
    assert (second.program, second.refused) == (None, "starting it could download it")


def test_a_real_file_of_zeds_gets_there(home: Path):
    file = home / ".config/zed/settings.json"
    file.parent.mkdir(parents=True)
    command = str(program(home / "bin/my-agent"))
    file.write_text(
        json.dumps({"agent_servers": {"mine": {"type": "custom", "command": command, "env": {"K": "canary"}}}})
    )
    (setting,) = look(home).settings
    assert setting.program == command
    assert agent(look(home), "mine").argv == (command,)
    assert "canary" not in repr(look(home))


def test_odd_files_everywhere_are_skipped(home: Path):
    npm_global(home / "prefix", "@google/gemini-cli", gemini="dist/index.js")
    folder = home / "prefix/bin"
    (folder / "codex-acp").mkdir()
    (folder / "opencode").symlink_to("opencode")
    (folder / "qwen").symlink_to("/nonexistent/qwen")
    os.mkfifo(folder / "cline", 0o755)
    program(folder / "droid", "#!" + "x" * 5000)
    program(folder / "auggie", "#!\x00\x01\x02")
    program(folder / "junie", "")
    program(folder / "grok", "#!/usr/bin/env\n")
    program(folder / "a\x1b[2Jb")
    (home / ".npmrc").write_text("prefix=\x00\ncache=" + "x" * 5000)
    (home / ".npm").symlink_to(".npm")
    (home / ".nvm").write_text("no folder")
    found = look(home, "prefix/bin", "missing", "prefix/bin/droid")
    names = {one.name for one in found.programs}
    assert names == {"gemini", "droid", "auggie", "junie", "grok"}
    records(BOOK, (), found)


def test_windows(home: Path):
    npm = home / "AppData/Roaming/npm"
    npm_package(npm / "node_modules", "@google/gemini-cli", "0.61.0", gemini="dist/index.js")
    shim = '@ECHO off\n"%_prog%"  "%dp0%\\node_modules\\@google\\gemini-cli\\dist\\index.js" %*\n'
    program(npm / "gemini.cmd", shim)
    program(npm / "gemini", "#!/bin/sh\n")
    variables = {"APPDATA": str(home / "AppData/Roaming"), "PATH": ""}
    found = LocalMachine(variables, home, home / "data", "win32").look(BOOK, None)
    (one,) = seen(found, "gemini")
    assert one.argv == (str(npm / "gemini.cmd"),)
    assert one.owner is not None
    assert one.owner.version == "0.61.0"


def test_refreshing_runs_the_shell_and_looking_uses_its_path(home: Path):
    program(home / "from profile/gemini")
    (home / ".profile").write_text('PATH="$(echo "$HOME")/from profile:$PATH"\n')
    here = machine(home, SHELL="/bin/sh", PATH="/usr/bin")
    assert seen(here.look(BOOK, None), "gemini") == []
    here.refresh(older_than_s=0)
    assert [one.found_in for one in seen(here.look(BOOK, None), "gemini")] == ["login shell's PATH"]


def test_agents_are_started_with_a_path_without_folders_that_every_user_can_write(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    for folder in ("safe", "open", "login", "login-open"):
        (home / folder).mkdir()
    (home / "open").chmod(0o1777)
    (home / "login-open").chmod(0o777)
    monkeypatch.chdir(home)
    cache_path(str(home / ".modelport"), f"{home}/safe:{home}/login-open:{home}/login")
    path = f".::safe:{home}/open:{home}/safe:{home}/missing"
    assert machine(home, PATH=path).start_path() == f"{home}/safe:{home}/login"


def test_a_shell_that_prints_nothing_leaves_the_cached_path(home: Path):
    cache_path(str(home / ".modelport"), "/kept")
    machine(home, SHELL="/bin/false").refresh(older_than_s=0)
    assert cached_path(str(home / ".modelport")) == "/kept"


def test_the_shell_is_run_once_in_a_while_only(home: Path):
    shell = program(home / "sh", f'#!/bin/sh\necho asked >> {home}/asked\nexec /bin/sh "$@"\n')
    here = machine(home, SHELL=str(shell))
    for older_than_s in (3600, 3600, 0):
        here.refresh(older_than_s=older_than_s)
    assert (home / "asked").read_text().splitlines() == ["asked", "asked"]


LOOK = """
import sys

FORBIDDEN = (
    "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.system", "os.startfile",
    "pty.", "socket.", "urllib.", "http.", "ctypes.", "os.kill", "os.remove", "os.rename", "os.mkdir", "os.chmod",
    "os.link", "os.symlink", "os.truncate", "shutil.", "tempfile.", "webbrowser.", "os.putenv",
)
seen = []


def hook(event, args):
    writes = event == "open" and not isinstance(args[2], type(None)) and args[2] & 0b11
    if armed and (event.startswith(FORBIDDEN) or writes):
        seen.append((event, repr(args)))


armed = False
sys.addaudithook(hook)
from pathlib import Path
from modelport.adapters.data.agents import load_agents
from modelport.adapters.agents.sources.machine import LocalMachine
from modelport.domain.agents.records import records
armed = True
import os
book = load_agents()
found = LocalMachine(os.environ, Path.home(), Path.home() / "data").look(book, None)
listed = [one.agent.agent_id for one in records(book, (), found) if one.agent.installed]
armed = False
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {
    "subprocess", "asyncio", "anyio", "socket", "ssl", "httpx2", "pygls", "json", "platformdirs", "selectors", "logging",
})
import json
print(json.dumps([seen, listed, heavy]))
"""


def test_looking_runs_nothing_connects_to_nothing_and_writes_nothing(home: Path):
    npm_global(home / "prefix", "@google/gemini-cli", gemini="dist/index.js")
    tool(home, "mistral-vibe", "3.0.2", "vibe-acp")
    npm_package(home / ".npm/_npx/abc/node_modules", "@qwen-code/qwen-code", qwen="cli.js")
    cache_path(str(home / "data"), f"{home}/login")
    program(home / ".nvm/versions/node/v22.19.0/bin/node", "#!/bin/sh\ntouch ~/ran\n")
    file = home / ".config/zed/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"agent_servers": {"mine": {"command": "gemini", "args": ["--x"]}}}')
    before = sorted(str(path) for path in home.rglob("*"))
    variables = {"PATH": f"{home}/prefix/bin:{home}/.local/bin:/usr/bin", "HOME": str(home), "SHELL": "/bin/sh"}
    server = str(Path(__file__).resolve().parents[4] / "server")
    done = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, check=True, cwd=home,
        env={**variables, "PYTHONPATH": server, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    seen, listed, heavy = json.loads(done.stdout)
    assert seen == []
    assert {"gemini", "mistral-vibe", "qwen-code"} <= set(listed)
    assert heavy == []
    assert sorted(str(path) for path in home.rglob("*")) == before
