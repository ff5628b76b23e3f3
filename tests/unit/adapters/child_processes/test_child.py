"""Programs under a supervisor: what they are given, what is reported of them, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelport.adapters.child_processes import child, supervised
from modelport.adapters.child_processes.child import Child
from support import child_programs
from support.peers import alive, gone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups")
LIMIT_S = 10.0
ALL = ("child", "escapes", "daemon")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets processes be adopted")


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "notes"
    for pid in child_programs.pids(tmp_path / "notes"):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def until(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT_S / 0.01)):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it does not happen")


def started(notes: Path, *words: str) -> Child:
    running = child.start(child_programs.command(notes, *words), os.environ, stdout=child.DEVNULL)
    until(lambda: len(child_programs.pids(notes)) == child_programs.how_many(*words))
    return running


def read(argv: list[str], environment: dict[str, str] | None = None) -> bytes:
    running = child.start(argv, os.environ if environment is None else environment)
    assert running.stdout is not None
    with running.stdout as pipe:
        printed = pipe.read()
    assert running.wait_gone(LIMIT_S)
    return printed


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_it_gets_the_environment_that_it_is_given_and_nothing_else() -> None:
    given = {"NAME": "value with \udcff", "HOME": "/nowhere"}
    # Python's own addition is seen in a program of another kind only.
    printed = read(["/usr/bin/env"], given)
    assert set(printed.split(b"\n")) == {b"NAME=value with \xff", b"HOME=/nowhere", b""}


def test_what_python_adds_is_not_taken_from_an_environment_that_has_it() -> None:
    assert read(["/usr/bin/env"], {"LC_CTYPE": "C.UTF-8"}) == b"LC_CTYPE=C.UTF-8\n"


def test_it_gets_its_arguments_as_they_are() -> None:
    arguments = ["", "a b", "line\nline", "\udcff", "-c"]
    code = "import sys, os; os.write(1, b'|'.join(map(os.fsencode, sys.argv[1:])))"
    assert read([*python(code), *arguments]) == b"|".join(map(os.fsencode, arguments))


def test_it_leads_a_session_without_a_terminal_and_no_signal_is_ignored_or_blocked() -> None:
    code = (
        "import os, signal\n"
        "print(os.getpid() == os.getsid(0) == os.getpgid(0), end=' ')\n"
        "lines = dict(line.split(':\\t') for line in open('/proc/self/status') if line.startswith('Sig'))\n"
        # Python ignores two, and the C library keeps two for itself.
        "own = ~(1 << 31 | 1 << 32)\n"
        "print(int(lines['SigIgn'], 16) & ~(1 << 12 | 1 << 24) & own, int(lines['SigBlk'], 16) & own)\n"
    )
    if sys.platform == "linux":
        assert read(python(code)) == b"True 0 0\n"
    # A program that is not Python's dies of a closed pipe, as from a terminal.
    assert read(["/bin/sh", "-c", "(while :; do echo x; done; echo ignored >&2) 2>&1 | head -n 1"]) == b"x\n"


def test_it_holds_no_descriptor_of_ours() -> None:
    if sys.platform == "linux":
        listed = read(python("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"))
        assert listed == b"[0, 1, 2, 3]\n", "3 is the folder that is read"


@pytest.mark.parametrize("name", ["no-such-program-at-all", "/nowhere/program"])
def test_a_program_that_is_missing(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        child.start([name], os.environ)


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x00\x01")
    with pytest.raises(PermissionError):
        child.start([str(tmp_path / "broken")], os.environ)
    (tmp_path / "broken").chmod(0o755)
    with pytest.raises(OSError, match=r"[Ee]xec format"):
        child.start([str(tmp_path / "broken")], os.environ)


@pytest.mark.parametrize("argv", [[], ["/bin/echo", "a\0b"]])
def test_a_command_line_that_is_none(argv: list[str]) -> None:
    with pytest.raises(ValueError, match=r"null|empty"):
        child.start(argv, os.environ)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        child.start(["/bin/echo"], os.environ, cwd=str(tmp_path / "none"))


def test_no_interpreter_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(FileNotFoundError):
        child.start(["/bin/echo"], os.environ)


@pytest.mark.parametrize(("script", "code"), [("exit 5", 5), ("kill -9 $$", -9), ("kill -15 $$", -15), (":", 0)])
def test_the_exit_code_is_that_of_the_program(script: str, code: int) -> None:
    ended = threading.Event()
    running = child.start(["/bin/sh", "-c", script], os.environ, stdout=child.DEVNULL, on_ended=ended.set)
    assert running.wait(LIMIT_S)
    assert ended.wait(LIMIT_S)
    assert running.code == code
    assert running.wait_gone(LIMIT_S)
    assert not running.left


def test_the_end_of_its_output_is_seen_while_it_runs(notes: Path) -> None:
    running = child.start(["/bin/sh", "-c", "exec >&-; sleep 60"], os.environ)
    assert running.stdout is not None
    with running.stdout as pipe:
        assert pipe.read() == b""
    assert not running.wait(0)
    running.end(0)
    assert running.wait_gone(LIMIT_S)


def test_one_that_is_told_to_end_may_end_by_itself(tmp_path: Path) -> None:
    script = f"trap 'echo bye > {tmp_path}/bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done"
    running = child.start(["/bin/sh", "-c", script], os.environ)
    assert running.stdout is not None
    with running.stdout as pipe:
        assert pipe.readline() == b"ready\n"
        running.end(LIMIT_S)
        assert running.wait_gone(LIMIT_S)
    assert running.code == 7
    assert (tmp_path / "bye").exists()


@linux
@pytest.mark.parametrize("deaf", [(), ("deaf",)])
def test_end_ends_all_that_it_has_started(notes: Path, deaf: tuple[str, ...]) -> None:
    running = started(notes, *ALL, *deaf)
    running.end(0.2)
    assert running.wait_gone(LIMIT_S)
    assert [pid for pid in child_programs.pids(notes) if alive(pid)] == []


@linux
def test_a_shorter_grace_counts(notes: Path) -> None:
    running = started(notes, *ALL, "deaf")
    running.end(60)
    assert not running.wait_gone(0.2)
    running.end(0)
    assert running.wait_gone(LIMIT_S)


@linux
def test_what_is_left_by_one_that_has_ended_is_known(notes: Path) -> None:
    running = started(notes, *ALL, "exit=3")
    assert running.wait(LIMIT_S)
    assert (running.code, running.left) == (3, True)
    assert not running.wait_gone(0.1)
    running.end(0)
    assert running.wait_gone(LIMIT_S)
    assert [pid for pid in child_programs.pids(notes) if alive(pid)] == []


@linux
def test_daemons_can_be_spared(notes: Path) -> None:
    running = started(notes, *ALL, "exit=0")
    assert running.wait(LIMIT_S)
    running.spare()
    assert running.wait_gone(LIMIT_S)
    kept = [pid for pid in child_programs.pids(notes) if alive(pid)]
    assert len(kept) == 2, "the one that escapes and the daemon"


def test_a_group_is_ended_where_processes_cannot_be_adopted(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "SCOPE", "group")
    running = started(notes, "child", "deaf", "exit=0")
    assert running.wait(LIMIT_S)
    assert running.left
    running.end(0.1)
    assert running.wait_gone(LIMIT_S)
    assert [pid for pid in child_programs.pids(notes) if not gone(pid)] == []


@linux
@pytest.mark.parametrize("words", [(), ("deaf",), ("exit=0",)])
def test_nothing_outlives_us_when_we_are_killed(notes: Path, words: tuple[str, ...]) -> None:
    script = (
        "import os, sys, threading\n"
        "from modelport.adapters.child_processes.child import start\n"
        "started = start(sys.argv[1:], os.environ)\n"
        "threading.Event().wait()\n"
    )
    words = (*ALL, *words)
    with subprocess.Popen([sys.executable, "-c", script, *child_programs.command(notes, *words)]) as ours:
        until(lambda: len(child_programs.pids(notes)) == child_programs.how_many(*words))
        ours.kill()
    assert [pid for pid in child_programs.pids(notes) if not gone(pid)] == []


@linux
def test_when_its_supervisor_is_killed_the_program_ends_and_it_is_reported(notes: Path) -> None:
    running = started(notes, "child", "deaf")
    ended = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(ended[1]), signal.SIGKILL)
    assert running.wait_gone(LIMIT_S)
    assert running.wait(LIMIT_S)
    assert running.code is None
    assert [pid for pid in child_programs.pids(notes) if not gone(pid)] == []


def test_a_supervisor_starts_nothing_for_one_that_is_gone(tmp_path: Path) -> None:
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(supervised._request(["/bin/sh", "-c", f"echo > {tmp_path}/started"], os.environ))
        ours.close()
        process = supervised._supervisor(theirs.fileno(), os.environ, None, (child.DEVNULL,) * 3)
        assert process.wait(LIMIT_S) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_terminal_sends_to_us_does_not_reach_it(notes: Path) -> None:
    running = started(notes)
    assert os.getsid(running.pid) == running.pid
    assert os.getpgid(running.pid) == running.pid
    running.end(0)
    assert running.wait_gone(LIMIT_S)


def test_what_this_process_ignores_is_not_ignored_by_a_program() -> None:
    """As a shell has its commands in the background ignore Ctrl-C and Ctrl-\\."""
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        code = "import signal; print(signal.getsignal(signal.SIGQUIT) is signal.SIG_DFL)"
        assert read(python(code)) == b"True\n"
    finally:
        signal.signal(signal.SIGQUIT, before)
