"""Handshakes with agents of every kind, each a real process; and that nothing of them is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.agents.handshakes import conversation as talking
from modelport.adapters.agents.handshakes.process import AgentProcess
from modelport.adapters.agents.handshakes.stdio import StdioHandshakes
from modelport.adapters.child_processes import supervised
from modelport.domain.agents.observations import HandshakeResult, Launch
from support import fake_agent
from support.builders import CANARY
from support.peers import alive, gone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups")
FAKE = (sys.executable, "-I", "-S", str(Path(fake_agent.__file__)))
LIMIT_S = 15.0
GRACE_S = 0.3


class Place:
    """A folder for the handshakes, and the notes of the agents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "empty"
        self.pids_file, self.notes_file, self.received_file = folder / "pids", folder / "notes", folder / "received"
        self.variables = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
        self.handshakes = StdioHandshakes(self.folder, grace_s=GRACE_S)

    def launch(self, *modes: str, **changes: Any) -> Launch:
        files = {"pids": self.pids_file, "notes": self.notes_file, "received": self.received_file}
        argv = (*FAKE, *modes, *(f"{name}={path}" for name, path in files.items()))
        return msgspec.structs.replace(Launch(argv=argv, start_s=LIMIT_S), **changes)

    async def meet(
        self, *modes: str, timeout_s: float = LIMIT_S, session: bool = False, **changes: Any
    ) -> HandshakeResult:
        launch = self.launch(*modes, **changes)
        return await self.handshakes.start(launch, self.variables, timeout_s=timeout_s, session=session)

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self.pids_file.read_text().split()]

    @property
    def seen(self) -> dict[str, Any]:
        return json.loads(self.notes_file.read_text().splitlines()[-1])

    @property
    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.received_file.read_text().splitlines()]

    def nothing_is_left(self) -> None:
        assert [pid for pid in self.pids if not gone(pid)] == []
        assert list(self.folder.iterdir()) == []
        self.no_thread_is_left()

    def no_thread_is_left(self) -> None:
        names = {thread.name for thread in threading.enumerate()}
        assert not {name for name in names if name.startswith("modelport-agent")}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_good_agent(place: Place) -> None:
    with blockbuster_ctx():
        result = await place.meet()

    assert result.status == "ready"
    assert result.auth == "unknown"
    assert result.detail == ""
    assert result.protocol_version == 1
    assert result.agent_info == {"name": "fake", "title": "Fake", "version": "1.0"}
    assert result.capabilities == fake_agent.CAPABILITIES
    assert result.auth_methods == ({"id": "log-in", "name": "Log in", "description": "In the browser"},)
    assert result.models is None
    assert result.stdout_noise == 0
    assert result.stderr_tail is None
    assert result.exits_cleanly is True
    assert result.argv is None
    assert result.latency_ms
    assert result.verified_at
    assert result.verified_at.endswith("Z")
    assert [message["method"] for message in place.received] == ["initialize"]
    place.nothing_is_left()


async def test_it_starts_in_an_empty_folder_with_the_environment_it_is_given_and_no_terminal(place: Place) -> None:
    place.variables |= {"PWD": "/somewhere", "OLDPWD": "/elsewhere"}

    await place.meet(env={"FAKE_FLAG": "1"})

    seen = place.seen
    assert Path(seen["cwd"]).parent == place.folder
    assert seen["files"] == []
    expected = {**place.variables, "FAKE_FLAG": "1", "PWD": seen["cwd"]}
    del expected["OLDPWD"]
    added_by_python = {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert {name: value for name, value in seen["environment"].items() if name not in added_by_python} == expected
    assert seen["session"] == place.pids[0]
    assert place.folder.stat().st_mode & 0o777 == 0o700


async def test_what_it_writes_into_its_folder_is_removed(place: Place) -> None:
    assert (await place.meet("writes")).status == "ready"

    place.nothing_is_left()


@pytest.mark.parametrize(
    ("mode", "detail"),
    [
        ("null", "It answered the first request with nothing."),
        ("string", "It answered the first request with a text."),
        ("array", "It answered the first request with a list."),
        ("empty", "It answered the first request with an object that is not the protocol's."),
        ("mcp", "It speaks another protocol: its answer is that of a tool server (MCP)."),
        ("initialize-fails", "It answered the first request with an error: no database (error -32603)"),
        ("null-id", "It answered the first request with an error: Parse error (error -32700)"),
    ],
)
async def test_an_answer_that_is_not_the_protocol(place: Place, mode: str, detail: str) -> None:
    result = await place.meet(mode)

    assert (result.status, result.detail) == ("broken", detail)
    assert result.verified_at is None
    place.nothing_is_left()


async def test_the_newer_shape_and_the_version_that_is_only_named(place: Place) -> None:
    newer, named = await place.meet("v2"), await place.meet("v2-v1")

    assert (newer.status, newer.protocol_version, newer.agent_info) == ("ready", 2, {"name": "fake", "version": "2.0"})
    assert newer.auth_methods == ({"methodId": "log-in", "name": "Log in", "type": "agent"},)
    assert (named.status, named.auth, named.protocol_version) == ("ready", "not_required", 2)


async def test_noise_on_standard_output_is_counted(place: Place) -> None:
    result = await place.meet("noise")

    assert (result.status, result.stdout_noise) == ("ready", 5)


async def test_an_answer_without_an_end_of_the_line(place: Place) -> None:
    result = await place.meet("no-newline")

    assert (result.status, result.exits_cleanly) == ("ready", None)
    place.nothing_is_left()


async def test_requests_of_the_agent_are_refused_before_it_answers(place: Place) -> None:
    result = await place.meet("asks-first")

    assert result.status == "ready"
    [refusal] = [message for message in place.received if message.get("id") == "p1"]
    assert refusal["error"]["code"] == -32601


async def test_not_every_request_of_the_agent_gets_an_answer(place: Place) -> None:
    result = await place.meet("asks-often")

    assert result.status == "ready"
    assert len([message for message in place.received if "error" in message]) == talking.MAX_REQUESTS


async def test_no_write_blocks_on_an_agent_that_sends_requests_and_does_not_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "MAX_REQUESTS", fake_agent.MANY)

    result = await place.meet("asks-often", "deaf", timeout_s=2)

    assert result.status == "hung"
    place.nothing_is_left()


async def test_one_that_never_answers(place: Place) -> None:
    result = await place.meet("silent", "canary", timeout_s=0.5)

    assert result.status == "hung"
    assert result.detail == "It did not answer within 0.5 s: the key is None, of ~/x"
    assert result.stderr_tail == ("the key is None, of ~/x",)
    assert result.latency_ms is None
    place.nothing_is_left()


async def test_an_answer_to_no_request_is_none(place: Place) -> None:
    result = await place.meet("wrong-id", timeout_s=0.5)

    assert result.status == "hung"
    assert "1 answers to no request" in result.detail


@pytest.mark.parametrize("mode", ["ignores-eof", "ignores-all"])
async def test_one_that_does_not_end_by_itself(place: Place, mode: str) -> None:
    result = await place.meet(mode)

    assert (result.status, result.exits_cleanly) == ("ready", False)
    place.nothing_is_left()


@pytest.mark.parametrize("mode", ["child", "escapes"])
@pytest.mark.parametrize("ending", ["", "ignores-all", "silent", "exit-1"])
async def test_children_that_hold_the_pipes_are_ended(place: Place, mode: str, ending: str) -> None:
    if mode == "escapes" and sys.platform != "linux":
        pytest.skip("only Linux lets processes be adopted")
    await place.meet(mode, *filter(None, [ending]), timeout_s=LIMIT_S if ending != "silent" else 1)

    assert len(place.pids) == (1 if ending == "exit-1" else 2)
    place.nothing_is_left()


async def test_a_group_is_ended_where_the_system_does_not_list_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "SCOPE", "group")

    for ending in ("", "ignores-all", "parent-leaves"):
        await place.meet("child", *filter(None, [ending]))

    assert len(place.pids) == 7
    place.nothing_is_left()


async def test_one_whose_child_outlives_it_during_the_handshake(place: Place) -> None:
    result = await place.meet("parent-leaves")

    assert (result.status, result.detail) == (
        "broken",
        "It ended with exit code 3 before it answered, and wrote nothing.",
    )
    assert len(place.pids) == 2
    place.nothing_is_left()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets processes be adopted")
async def test_a_child_that_leaves_the_session_and_the_folder_is_ended(place: Place) -> None:
    assert (await place.meet("gets-away")).status == "ready"

    assert len(place.pids) == 2
    place.nothing_is_left()


async def test_an_escaped_child_with_the_pipes_delays_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes cannot be adopted, one that has left the group is out of reach."""
    monkeypatch.setattr(supervised, "SCOPE", "group")

    result = await place.meet("gets-away")

    assert result.status == "ready"
    leader, escaped = place.pids
    assert not alive(leader)
    assert alive(escaped)
    place.no_thread_is_left()
    os.kill(escaped, signal.SIGKILL)
    place.nothing_is_left()


@pytest.mark.parametrize(("mode", "how_much"), [("flood", "16 MiB"), ("flood-lines", "100000 lines")])
async def test_one_that_writes_more_than_the_limit(place: Place, mode: str, how_much: str) -> None:
    result = await place.meet(mode)

    assert (result.status, result.detail) == ("broken", f"It wrote {how_much} without answering.")
    place.nothing_is_left()


async def test_standard_error_is_read_however_much_it_is(place: Place) -> None:
    assert (await place.meet("stderr-flood")).stderr_tail is None

    result = await place.meet("stderr-flood", "null")
    assert result.stderr_tail == tuple(f"line {number}" for number in range(99_950, 100_000))


async def test_one_that_closes_its_output(place: Place) -> None:
    result = await place.meet("closes-output")

    assert (result.status, result.detail) == ("broken", "It closed its output without answering, and wrote nothing.")
    place.nothing_is_left()


@pytest.mark.parametrize(
    ("mode", "status", "detail"),
    [
        ("exit-0", "broken", "It ended with exit code 0 before it answered: bye"),
        ("exit-1", "broken", "It ended with exit code 1 before it answered, and wrote nothing."),
        ("needs-module", "broken", "It ended with exit code 1 before it answered: ModuleNotFoundError: fake_module"),
        ("stub", "stub", "It only prints: kimi-cli is no longer maintained. Install kimi-code instead."),
    ],
)
async def test_one_that_ends_at_once(place: Place, mode: str, status: str, detail: str) -> None:
    result = await place.meet(mode)

    assert (result.status, result.detail) == (status, detail)
    assert result.exits_cleanly is None
    place.nothing_is_left()


async def test_one_that_ends_after_its_output_has_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the thread that reads is slow to end."""
    read = AgentProcess._read_output

    def lingers(process: AgentProcess, pipe: Any) -> None:
        read(process, pipe)
        time.sleep(0.2)

    monkeypatch.setattr(AgentProcess, "_read_output", lingers)

    result = await place.meet("ends-late")

    assert (result.status, result.detail) == ("broken", "It ended with exit code 0 before it answered: bye")


async def test_the_older_spelling_is_tried_where_the_newer_is_unknown(place: Place) -> None:
    older = place.launch("older", "--experimental-acp").argv

    result = await place.meet("older", "--acp", older_argv=older)

    assert (result.status, result.argv) == ("ready", older)
    assert len(place.pids) == 2
    place.nothing_is_left()


async def test_the_first_reason_counts_where_neither_spelling_is_known(place: Place) -> None:
    older = place.launch("older", "--acp").argv

    result = await place.meet("older", "--acp", older_argv=older)

    assert result.status == "broken"
    assert result.detail == "It ended with exit code 1 before it answered: error: unknown option '--acp'"
    assert result.argv is None


@pytest.mark.parametrize("mode", ["exit-1", "null"])
async def test_no_other_failure_starts_it_twice(place: Place, mode: str) -> None:
    await place.meet(mode, "--acp", older_argv=place.launch("--experimental-acp").argv)

    assert len(place.pids) == 1


async def test_a_session_lists_models_and_is_closed_and_deleted(place: Place) -> None:
    result = await place.meet(session=True)

    assert (result.status, result.auth, result.models) == ("ready", "unknown", ("small", "large"))
    assert [message["method"] for message in place.received] == [
        "initialize", "session/new", "session/close", "session/delete",
    ]  # fmt: skip
    assert place.received[1]["params"] == {"cwd": place.seen["cwd"], "mcpServers": []}
    assert place.received[2]["params"] == place.received[3]["params"] == {"sessionId": "s1"}


@pytest.mark.parametrize(
    ("modes", "status", "auth", "detail"),
    [
        (["no-methods"], "ready", "not_required", ""),
        (["session-auth"], "auth_required", "required", "Authentication required (error -32000)"),
        (["initialize-refuses"], "auth_required", "required", "Authentication required (error -32000)"),
        (["session-fails"], "not_configured", "unknown", "It opened no session: pi is not installed (error -32603)"),
        (["session-null"], "broken", "unknown", "It answered the request for a session with nothing."),
        (["session-dies"], "not_configured", "unknown",
         "It ended with exit code 4 when a session was requested: Error: no model is set"),
    ],
)  # fmt: skip
async def test_results_of_the_request_for_a_session(
    place: Place, modes: list[str], status: str, auth: str, detail: str
) -> None:
    result = await place.meet(*modes, session=True)

    assert (result.status, result.auth, result.detail) == (status, auth, detail)
    assert (result.verified_at is None) == (status == "broken")
    place.nothing_is_left()


async def test_an_agent_that_times_out_on_the_session_has_answered_all_the_same(place: Place) -> None:
    result = await place.meet("session-silent", session=True, timeout_s=2)

    assert (result.status, result.auth) == ("ready", "unknown")
    assert result.detail == "It did not answer the request for a session within 2 s."


async def test_a_goodbye_that_is_not_answered_changes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "GOODBYE_S", 0.1)

    result = await place.meet("no-goodbye", session=True)

    assert result.auth == "unknown"
    place.nothing_is_left()


async def test_no_key_and_no_escape_sequence_comes_back(place: Place) -> None:
    place.variables["FAKE_API_KEY"] = CANARY

    failed = await place.meet("canary", "null")
    nasty = await place.meet("nasty")

    assert failed.stderr_tail == ("the key is [redacted], of ~/x",)
    assert nasty.agent_info == {"name": "Fake agent second line", "version": "1"}
    assert nasty.capabilities == {"Fake agent second line": "Fake agent second line"}
    for result in (failed, nasty):
        assert CANARY not in str(result)


async def test_programs_that_do_not_start(place: Place, tmp_path: Path) -> None:
    plain, foreign, lost = tmp_path / "plain", tmp_path / "foreign", tmp_path / "lost"
    plain.write_text("#!/bin/sh\n")
    foreign.write_bytes(b"\x7fELF nothing")
    lost.write_text("#!/nowhere/node\n")
    foreign.chmod(0o755)
    lost.chmod(0o755)
    launches = {
        str(tmp_path / "none"): "no longer exists",
        str(plain): "is not executable for this user",
        str(foreign): "is not a program for this machine",
        str(lost): "needs an interpreter that is not installed",
        "/bin/\0sh": "cannot be started with this command line",
    }
    for program, words in launches.items():
        launch = Launch(argv=(program,), start_s=1)
        result = await place.handshakes.start(launch, place.variables, timeout_s=1, session=False)
        assert result.status == "broken"
        assert words in result.detail
    assert list(place.folder.iterdir()) == []


async def test_nothing_is_started_without_an_empty_folder(place: Place) -> None:
    place.folder.write_text("in the way")

    result = await place.meet()

    assert result.status == "unknown"
    assert "no empty folder" in result.detail
    assert not place.pids_file.exists()


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for something that a process does to a file; call it in a thread, with a timeout."""
    while not holds():
        threading.Event().wait(0.01)


@pytest.mark.parametrize("mode", ["silent", "ignores-all"])
async def test_cancelling_ends_the_agent_first(place: Place, mode: str) -> None:
    place.handshakes = StdioHandshakes(place.folder, grace_s=60)
    with anyio.fail_after(LIMIT_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(place.meet, mode, "silent", "child")
            await anyio.to_thread.run_sync(wait_until, lambda: place.pids_file.exists() and len(place.pids) == 2)
            tasks.cancel_scope.cancel()

    place.nothing_is_left()


async def test_three_at_once_are_three_processes(place: Place) -> None:
    results: list[HandshakeResult] = []

    async def meet() -> None:
        results.append(await place.meet())

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(meet)

    assert [result.status for result in results] == ["ready"] * 3
    assert len(set(place.pids)) == 3
    place.nothing_is_left()


@pytest.mark.parametrize("modes", [["silent"], ["silent", "ignores-all"]])
@pytest.mark.parametrize("child", ["child", "escapes", "gets-away"])
def test_nothing_of_an_agent_outlives_us_when_we_are_killed(
    place: Place, tmp_path: Path, modes: list[str], child: str
) -> None:
    if child != "child" and sys.platform != "linux":
        pytest.skip("only Linux lets processes be adopted")
    launch = place.launch(*modes, child)
    script = (
        "import sys, anyio\nfrom pathlib import Path\n"
        "from modelport.adapters.agents.handshakes.stdio import StdioHandshakes\n"
        "from modelport.domain.agents.observations import Launch\n"
        "launch = Launch(argv=tuple(sys.argv[2:]), start_s=60)\n"
        "async def main(): await StdioHandshakes(Path(sys.argv[1])).start(launch, {}, timeout_s=60, session=False)\n"
        "anyio.run(main)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path / "other", *launch.argv]) as ours:
        wait_until(
            lambda: ours.poll() is not None or (place.received_file.exists() and place.received_file.read_text() != "")
        )
        assert ours.returncode is None
        ours.kill()
    assert len(place.pids) == 2
    assert [pid for pid in place.pids if not gone(pid)] == []
