"""``acp-discover`` as a program, on machines made for it. What must not be started writes a file when it is."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from support import fake_agents
from support.agent_answers import OTHERS, SERVERS
from support.agent_homes import program
from support.discovering import Discovering, left_behind
from support.http_server import Answer, LocalServer

pytestmark = pytest.mark.usefixtures("commands")
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "protocol" / "agent.schema.json").read_text(encoding="utf-8"))
SEVEN = {"agentId", "displayName", "installed", "configured", "command", "version", "detail"}
CANARY = "sk-canary-0123456789abcdef"
GEMINI = ("@google/gemini-cli", "gemini")
SHARES = 5


@pytest.fixture
def machine(tmp_path: Path) -> Discovering:
    """A machine with nothing on it but what the fake agents are written in."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "env"):
        (tools / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    made = Discovering(tmp_path / "home", [tools], system="")
    made.sees_this_process = False
    return made


def add(
    machine: Discovering, *modes: str, package: str = GEMINI[0], command: str = GEMINI[1], version: str = "1.2.3"
) -> None:
    prefix = machine.home.parent / f"npm-{command}"
    machine.path.insert(0, str(fake_agents.installed(prefix, package, command, *modes, version=version)))


def witness(path: Path) -> str:
    """A program that leaves a file behind when it is started."""
    return f"#!/bin/sh\necho started > '{path}.started'\n"


def started(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.started")]


def settings(machine: Discovering, **servers: Any) -> None:
    file = machine.home / ".config/zed/settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"agent_servers": servers}))


# What is printed.


def test_nothing_here_is_1_and_says_what_to_do(machine: Discovering) -> None:
    done = machine.run()
    assert (done.returncode, done.stdout) == (1, "")
    assert "acp-discover --all" in done.stderr
    done = machine.run("--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"agents": []})
    assert machine.run("--ndjson").stdout == ""


@pytest.mark.parametrize("level", ["static", "probe", "verify"])
def test_a_record_has_the_seven_fields_and_follows_the_schema(machine: Discovering, level: str) -> None:
    add(machine)
    done = machine.run("--json", "--level", level, "gemini")
    assert done.returncode == 0
    (record,) = json.loads(done.stdout)["agents"]
    assert record.keys() >= SEVEN
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert (record["agentId"], record["installed"], record["version"]) == ("gemini", True, "1.2.3")
    assert record["status"] == ("ready" if level == "verify" else "unknown")
    assert record.get("auth") == ("unknown" if level == "verify" else None)


def test_all_known_agents_fit_the_schema(machine: Discovering) -> None:
    records = machine.agents("--all")
    assert len(records) > 30
    for record in records.values():
        jsonschema.Draft202012Validator(SCHEMA).validate(record)
        assert record["status"] == "needs_install"
        assert not record["installed"]
    assert machine.run("--all").returncode == 1


def test_the_table_is_aligned_and_plain_when_piped(machine: Discovering) -> None:
    add(machine)
    add(machine, package="pi-acp", command="pi-acp")
    head, gemini, pi, *rest = machine.run().stdout.splitlines()
    assert head.split() == ["agent", "version", "status", "log-in", "where", "how", "it", "is", "known"]
    assert gemini.index("1.2.3") == pi.index("1.2.3") == head.index("version")
    assert "package @google/gemini-cli" in gemini
    assert any("needs pi" in line for line in rest)
    assert "\x1b" not in "".join([head, gemini, pi, *rest])


def test_a_terminal_gets_colours_unless_it_wants_none(machine: Discovering) -> None:
    add(machine)
    assert b"\x1b[1m" in on_a_terminal(machine)
    assert b"\x1b" not in on_a_terminal(machine, NO_COLOR="1")


def on_a_terminal(machine: Discovering, **more: str) -> bytes:
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("acp-discover"))]
    process = subprocess.Popen(command, env=machine.variables(more), stdout=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    printed = b""
    try:
        while chunk := os.read(ours, 4096):
            printed += chunk
    except OSError:
        pass  # Linux reports so that no writer is left.
    assert process.wait() == 0
    os.close(ours)
    return printed


def test_lines_of_json_are_the_same_records(machine: Discovering) -> None:
    add(machine)
    add(machine, package="pi-acp", command="pi-acp")
    lines = [json.loads(line) for line in machine.run("--ndjson").stdout.splitlines()]
    assert {line["agentId"]: line for line in lines} == machine.agents()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--level", "deep"], "--level"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "soon"], "--timeout"),
        (["--json", "--ndjson"], "not allowed with"),
        (["--emit", "word"], "--emit"),
        (["--sessions"], "--level verify"),
        (["--refresh", "--level", "probe"], "--level verify"),
        (["gemni"], "did you mean gemini?"),
        (["--registry", "ftp://x/y"], "https"),
        (["--what"], "--what"),
    ],
)  # fmt: skip
def test_wrong_usage_is_2_and_says_what_is_wrong(machine: Discovering, arguments: list[str], words: str) -> None:
    done = machine.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_three_ways_to_call_it(machine: Discovering) -> None:
    add(machine)
    expected = machine.run("--json").stdout
    for command in (["-m", "modelport", "discover-agents"],):
        done = subprocess.run(
            [sys.executable, *command, "--json"], env=machine.variables(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, expected)


@pytest.mark.parametrize("target", ["zed", "jetbrains", "vscode", "codecompanion", "avante", "acpx"])
def test_settings_are_printed_for_what_was_found(machine: Discovering, target: str) -> None:
    add(machine)
    done = machine.run("--emit", target)
    assert done.returncode == 0
    assert str(machine.home.parent / "npm-gemini/bin/gemini") in done.stdout
    assert "--acp" in done.stdout
    assert done.stderr.strip()
    if target in ("zed", "jetbrains", "vscode", "acpx"):
        json.loads(done.stdout)


def test_what_is_printed_for_zed_is_found_in_zed(machine: Discovering) -> None:
    add(machine)
    file = machine.home / ".config/zed/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(machine.run("--emit", "zed").stdout)
    record = machine.agents()["gemini"]
    assert record["configuredIn"] == ["Zed (~/.config/zed/settings.json)"]


# What is started, and what is not.


@pytest.mark.parametrize("level", ["static", "probe"])
def test_the_first_two_levels_start_nothing(machine: Discovering, level: str) -> None:
    folder = machine.home / "bin"
    for name in ("gemini", "codex-acp", "claude", "node", "npx", "npm", "opencode", "pi-acp", "pi"):
        program(folder / name, witness(folder / name))
    machine.path.insert(0, str(folder))
    assert {"gemini", "codex-acp"} <= machine.agents("--level", level).keys()
    assert started(machine.home) == []


def test_verify_is_a_conversation_in_an_empty_folder_with_a_session_of_its_own(
    machine: Discovering, tmp_path: Path
) -> None:
    add(machine, f"notes={tmp_path}/notes", f"received={tmp_path}/received", f"pids={tmp_path}/pids")
    record = machine.agents("--level", "verify", more={"GEMINI_API_KEY": CANARY, "SOME_TOKEN": CANARY})["gemini"]
    assert record["agentInfo"] == {"name": "fake", "title": "Fake", "version": "1.0"}
    assert record["protocolVersion"] == 1
    assert record["exitsCleanly"]
    assert record["latencyMs"] > 0
    notes = json.loads((tmp_path / "notes").read_text())
    assert notes["files"] == []
    assert not Path(notes["cwd"]).exists()
    assert CANARY not in json.dumps(notes["environment"])
    assert notes["environment"]["HOME"] == str(machine.home)
    (received,) = map(json.loads, (tmp_path / "received").read_text().splitlines())
    assert received["method"] == "initialize"
    assert left_behind(str(tmp_path / "npm-gemini")) == []


def test_a_session_is_opened_only_on_request_and_gets_the_agents_own_key(machine: Discovering, tmp_path: Path) -> None:
    add(machine, f"notes={tmp_path}/notes", f"received={tmp_path}/received")
    record = machine.agents(
        "--level", "verify", "--sessions", more={"GEMINI_API_KEY": CANARY, "OPENAI_API_KEY": "sk-other"}
    )["gemini"]
    assert (record["status"], record["auth"], record["models"]) == ("ready", "unknown", ["small", "large"])
    methods = [json.loads(line)["method"] for line in (tmp_path / "received").read_text().splitlines()]
    assert methods[:2] == ["initialize", "session/new"]
    given = json.loads((tmp_path / "notes").read_text())["environment"]
    assert given["GEMINI_API_KEY"] == CANARY
    assert "OPENAI_API_KEY" not in given


@pytest.mark.parametrize(
    ("mode", "status", "auth"),
    [
        ("session-auth", "auth_required", "required"),
        ("session-fails", "not_configured", "unknown"),
        ("no-methods", "ready", "not_required"),
    ],
)  # fmt: skip
def test_what_a_session_proves(machine: Discovering, mode: str, status: str, auth: str) -> None:
    add(machine, mode)
    record = machine.agents("--level", "verify", "--sessions")["gemini"]
    assert (record["status"], record.get("auth")) == (status, auth)


def test_what_has_answered_is_kept_until_the_program_changes(machine: Discovering, tmp_path: Path) -> None:
    add(machine, f"pids={tmp_path}/pids")
    machine.agents("--level", "verify")
    once = (tmp_path / "pids").read_text()
    again = machine.agents("--level", "verify")["gemini"]
    assert again["status"] == machine.agents()["gemini"]["status"] == "ready"
    assert (tmp_path / "pids").read_text() == once
    machine.agents("--level", "verify", "--refresh")
    twice = (tmp_path / "pids").read_text()
    assert twice != once
    agent = tmp_path / "npm-gemini/lib/node_modules/@google/gemini-cli/agent.sh"
    agent.write_text(agent.read_text() + "# changed\n")
    assert machine.agents()["gemini"]["status"] == "unknown"
    machine.agents("--level", "verify")
    assert (tmp_path / "pids").read_text() != twice


TRIES = 4
"""An agent that a busy machine had no time left for is unknown, and is tried again."""


@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        ("exit-1", "broken", "exit code 1"),
        ("needs-module", "broken", "fake_module"),
        ("stub", "stub", "no longer maintained"),
        ("null", "broken", ""),
        ("string", "broken", ""),
        ("wrong-id", "hung", ""),
        ("silent", "hung", ""),
        ("flood", "broken", ""),
        ("html", "hung", ""),
    ],
)  # fmt: skip
@pytest.mark.timeout(90)
def test_a_failure_has_a_reason(machine: Discovering, mode: str, status: str, words: str) -> None:
    add(machine, mode)
    record: dict[str, Any] = {"status": "unknown"}
    for _ in range(TRIES):
        done = machine.run("--json", "--level", "verify", "--timeout", "3")
        record = {agent["agentId"]: agent for agent in json.loads(done.stdout)["agents"]}["gemini"]
        if record["status"] != "unknown":
            break
    assert (record["status"], record.get("auth")) == (status, None), record["detail"]
    assert words in record["detail"]
    assert record["detail"]
    assert left_behind(str(machine.home.parent / "npm-gemini")) == []


def test_noise_is_skipped_and_counted_and_an_older_spelling_is_found(machine: Discovering) -> None:
    add(machine, "noise", "older")
    record = machine.agents("--level", "verify")["gemini"]
    assert record["status"] == "ready"
    assert record["stdoutNoise"] > 3
    assert record["argv"][-1] == "--experimental-acp"


def test_the_second_draft_of_the_protocol_is_understood_by_its_shape(machine: Discovering) -> None:
    add(machine, "v2")
    record = machine.agents("--level", "verify")["gemini"]
    assert (record["status"], record["protocolVersion"]) == ("ready", 2)
    assert record["agentInfo"]["name"] == "fake"


def test_what_an_agent_says_cannot_harm_a_terminal(machine: Discovering) -> None:
    add(machine, "nasty")
    for text in (machine.run("--level", "verify").stdout, machine.run("--json").stdout, machine.run("--ndjson").stdout):
        assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("mode", ["child", "escapes", "ignores-all"])
def test_no_process_is_left_behind(machine: Discovering, tmp_path: Path, mode: str) -> None:
    add(machine, mode, f"pids={tmp_path}/pids")
    record = machine.agents("--level", "verify")["gemini"]
    assert record["status"] == "ready"
    pids = list(map(int, (tmp_path / "pids").read_text().split()))
    assert pids
    assert [pid for pid in pids if is_alive(pid)] == []


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in (Path("/proc") / str(pid) / "status").read_text()
    except FileNotFoundError:
        return False


def test_ctrl_c_ends_what_was_started(machine: Discovering, tmp_path: Path) -> None:
    add(machine, "silent", "ignores-all", f"pids={tmp_path}/pids")
    command = [str(Path(sys.executable).with_name("acp-discover")), "--level", "verify"]
    process = subprocess.Popen(
        command, env=machine.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "pids").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert [pid for pid in map(int, (tmp_path / "pids").read_text().split()) if is_alive(pid)] == []


# Rules for what is found.


def test_a_line_that_would_download_is_never_run(machine: Discovering) -> None:
    folder = machine.home / "bin"
    for name in ("npx", "uvx", "bunx", "pnpm"):
        program(folder / name, witness(folder / name))
    machine.path.insert(0, str(folder))
    settings(
        machine,
        one={"type": "custom", "command": "npx", "args": ["-y", "@google/gemini-cli", "--acp"]},
        two={"type": "custom", "command": str(folder / "uvx"), "args": ["some-agent"]},
        three={"type": "custom", "command": "pnpm", "args": ["dlx", "other-agent"]},
    )
    records = machine.agents("--level", "verify")
    assert records.keys() == {"gemini", "two", "three"}
    assert not any(record["installed"] or "argv" in record for record in records.values())
    named = machine.agents("--level", "verify", "gemini", "two")
    assert "download" in named["two"]["detail"]
    assert started(machine.home) == []


def test_nothing_that_a_workspace_names_is_read_or_started(machine: Discovering, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    evil = program(workspace / "evil", witness(workspace / "evil"))
    entry = {"agent_servers": {"evil": {"type": "custom", "command": str(evil), "args": []}}}
    for name, content in (
        (".zed/settings.json", entry),
        (".vscode/settings.json", {"acp.agents": {"evil": {"command": str(evil)}}}),
        (".acpxrc.json", {"agents": {"evil": {"command": str(evil)}}}),
        (".jetbrains/acp.json", entry),
    ):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(json.dumps(content))
    program(workspace / "gemini", witness(workspace / "gemini"))
    assert machine.agents("--level", "verify", cwd=workspace) == {}
    assert started(workspace) == []


@pytest.mark.parametrize("entry", ["relative", "", "."])
def test_a_relative_entry_of_the_search_path_is_refused(machine: Discovering, tmp_path: Path, entry: str) -> None:
    folder = tmp_path / "work" / entry
    program(folder / "gemini", witness(folder / "gemini"))
    machine.path.insert(0, entry)
    record = machine.agents(
        "--level", "verify", cwd=tmp_path / "work", more={"PATH": f"{entry}:{machine.path[-1]}"}
    ).get("gemini")
    assert record is None or (not record["installed"] and "argv" not in record and "relative" in record["detail"])
    assert started(tmp_path) == []


def test_a_folder_that_every_user_can_write_to_is_refused(machine: Discovering) -> None:
    folder = machine.home / "open"
    program(folder / "gemini", witness(folder / "gemini"))
    folder.chmod(0o777)
    machine.path.insert(0, str(folder))
    record = machine.agents("--level", "verify")["gemini"]
    assert (record["installed"], record["status"], "argv" in record) == (False, "unknown", False)
    assert "~/open can be written to by every user" in record["detail"]
    assert started(machine.home) == []


def test_a_program_that_every_user_can_write_to_is_refused(machine: Discovering) -> None:
    folder = machine.home / "bin"
    program(folder / "gemini", witness(folder / "gemini"), 0o777)
    machine.path.insert(0, str(folder))
    assert not machine.agents("--level", "verify")["gemini"]["installed"]
    assert started(machine.home) == []


@pytest.mark.parametrize("name", ["goose", "agent", "pool", "fx", "kimi", "copilot"])
def test_a_generic_name_is_not_started_unless_it_is_named(machine: Discovering, name: str) -> None:
    folder = machine.home / "bin"
    program(folder / name, witness(folder / name))
    machine.path.insert(0, str(folder))
    (record,) = machine.agents("--level", "verify").values()
    assert not record["installed"]
    assert started(machine.home) == []
    machine.run("--level", "verify", record["agentId"])
    assert started(machine.home) == [f"{name}.started"]


def test_a_namesake_is_told_apart_by_its_package(machine: Discovering) -> None:
    add(machine, package="goose-migrations", command="goose")
    record = machine.agents("--level", "verify")["goose"]
    assert (record["installed"], record["identity"]) == (False, "mismatch")
    assert record["owner"]["package"] == "goose-migrations"


def test_a_program_alone_says_which_adapter_it_needs(machine: Discovering) -> None:
    program(machine.home / "bin/claude", witness(machine.home / "bin/claude"))
    machine.path.insert(0, str(machine.home / "bin"))
    done = machine.run("--json", "--level", "verify")
    (record,) = json.loads(done.stdout)["agents"]
    assert (done.returncode, record["agentId"], record["status"], record["installed"]) == (
        1,
        "claude-acp",
        "needs_install",
        False,
    )
    assert "claude-agent-acp" in record["detail"]
    assert record["installHint"] == "npm install -g @agentclientprotocol/claude-agent-acp"
    assert started(machine.home) == []


# Secrets.


def test_no_value_of_a_variable_is_shown_or_kept(machine: Discovering) -> None:
    add(machine, "canary", "exit-1")
    own = program(machine.home / "own", fake_agents.script("canary", "exit-1"))
    settings(machine, mine={"type": "custom", "command": str(own), "args": [], "env": {"MY_KEY": CANARY}})
    printed = ""
    for arguments in (["--json"], [], ["--level", "probe", "--json"], ["--level", "verify", "--json"], ["--level", "verify", "--sessions", "--ndjson"], ["--emit", "zed"]):  # fmt: skip
        done = machine.run(*arguments, more={"FAKE_API_KEY": CANARY, "GEMINI_API_KEY": CANARY})
        printed += done.stdout + done.stderr
    assert "MY_KEY" in printed
    assert CANARY not in printed
    kept = [path.read_bytes() for path in (machine.home / "modelport").rglob("*") if path.is_file()]
    assert all(CANARY.encode() not in data for data in kept)


def test_arguments_of_running_agents_are_not_shown(machine: Discovering, tmp_path: Path) -> None:
    machine.sees_this_process = True
    add(machine)
    agent = program(tmp_path / "gemini", f"#!{sys.executable}\nprint(flush=True)\ninput()\n")
    with subprocess.Popen(
        [agent, "--acp", f"key={CANARY}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=machine.variables()
    ) as process:
        assert process.stdout is not None
        # It runs under its own name once it has written something.
        process.stdout.readline()
        done = machine.run("--level", "probe", "--json", "gemini")
        process.communicate(b"\n")
    (record,) = json.loads(done.stdout)["agents"]
    assert record["pid"] == process.pid
    assert [one["pid"] for one in record["processes"]] == [process.pid]
    assert CANARY not in done.stdout


# What listens.


@pytest.mark.parametrize("share", range(SHARES))
def test_servers_are_recognised_and_get_only_plain_requests(machine: Discovering, share: int) -> None:
    """A share at a time: all of them live in this one process, and have 0.3 s each for an answer."""
    machine.sees_this_process = True
    with contextlib.ExitStack() as stack:
        agents = [stack.enter_context(LocalServer(sample.behave)) for sample in SERVERS[share::SHARES]]
        others = [stack.enter_context(LocalServer(sample.behave)) for sample in OTHERS[share::SHARES]]
        done = machine.run("--json", "--level", "probe", "--timeout", "30", more={"ANTHROPIC_API_KEY": CANARY})
        received = [request for server in (*agents, *others) for request in server.requests]
    found = json.loads(done.stdout)["agents"]
    ports = {urlsplit(agent["url"]).port for agent in found if "url" in agent}
    assert {server.port for server in agents} <= ports
    assert ports.isdisjoint(server.port for server in others)
    assert {request.method for request in received} == {"GET"}
    assert not any(CANARY in str(request.headers) or "authorization" in request.headers for request in received)
    for agent in found:
        jsonschema.Draft202012Validator(SCHEMA).validate(agent)


# The public registry.


def test_the_registry_is_downloaded_only_on_request_and_is_cached(machine: Discovering) -> None:
    entry = {"id": "brand-new", "name": "Brand New", "version": "1.0.0", "description": "An agent.",
             "distribution": {"npx": {"package": "brand-new-agent@1.0.0", "args": ["--acp"]}}}  # fmt: skip
    document = json.dumps({"version": "1.0.0", "agents": [entry]}).encode()
    with LocalServer(lambda _: Answer(chunks=[document])) as server:
        assert "brand-new" not in machine.agents("--all")
        assert server.requests == []
        url = f"{server.url}/registry.json"
        printed = json.loads(machine.run("--all", "--json", "--registry", url).stdout)
        assert len(server.requests) == 1
        machine.agents("--level", "probe")
        assert [request.path for request in server.requests if "registry" in request.path] == ["/registry.json"]
    assert printed["registry"]["url"] == url
    assert printed["registry"]["agentCount"] == 1
    # It is kept, with its age, and needs no network any more.
    kept = machine.run("--all")
    assert "brand-new" in kept.stdout
    assert f"Registry of {printed['registry']['fetchedAt'][:10]}, 1 agents" in kept.stderr
    assert machine.agents("brand-new")["brand-new"]["installHint"] == "npm install -g brand-new-agent"
    add(machine, package="brand-new-agent", command="other-name")
    found = machine.agents("--level", "verify", "brand-new")["brand-new"]
    assert (found["status"], found["identity"], found["argv"][1:]) == ("ready", "confirmed", ["--acp"])


def test_a_registry_that_cannot_be_had_or_does_not_fit_leaves_the_old_one(machine: Discovering) -> None:
    answers = iter(
        [Answer(chunks=[b'{"version":"1.0.0","agents":[]}']), Answer(chunks=[b'{"agents": 7}']), Answer(status=503)]
    )
    with LocalServer(lambda _: next(answers)) as server:
        for code in (1, 1, 1):
            done = machine.run("--json", "--registry", f"{server.url}/r.json")
            assert done.returncode == code
    assert "503" in done.stderr or "again" in done.stderr
    assert json.loads(machine.run("--json").stdout)["registry"]["agentCount"] == 0
