"""Tests what the login shell is run with, and what is cached of it."""

import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.login_shell import FILE, ask_shell, cache_path, cached_path
from modelport.adapters.agents.sources.machine import LocalMachine
from modelport.adapters.agents.sources.program_folders import SearchPaths
from modelport.adapters.system.workspace import Workspace
from support.agent_homes import program

needs_bash = pytest.mark.skipif(not Path("/bin/bash").exists(), reason="bash is not here")


def shell(folder: Path, text: str, name: str = "bash") -> dict[str, str]:
    """Variables that name a shell which does what the text says, with ``$3`` as the command it was given."""
    return {"SHELL": str(program(folder / "shells" / name, f"#!/bin/sh\n{text}\n"))}


def ask(variables: dict[str, str], home: Path, timeout_s: float = 10.0) -> str:
    return ask_shell(variables, str(home), "linux", Inspector(str(home), "linux").refused, timeout_s)


@needs_bash
def test_a_real_shell_reads_the_users_own_files(tmp_path: Path):
    (tmp_path / ".bashrc").write_text('echo noise; export PATH="$HOME/rc/bin:$PATH"\n')
    (tmp_path / ".profile").write_text('. ~/.bashrc\nexport PATH="$HOME/profile/bin:$PATH"; printf "more noise"\n')
    path = ask({"SHELL": "/bin/bash"}, tmp_path).split(":")
    assert {f"{tmp_path}/rc/bin", f"{tmp_path}/profile/bin", "/usr/bin"} <= set(path)


@needs_bash
def test_a_file_that_only_a_shell_in_a_window_reads_counts_too_and_first(tmp_path: Path):
    (tmp_path / ".bashrc").write_text('case $- in *i*) ;; *) return ;; esac\nPATH="$HOME/rc/bin:$PATH"\n')
    (tmp_path / ".bash_profile").write_text('export PATH="$HOME/profile/bin:$PATH"\n')
    path = ask({"SHELL": "/bin/bash"}, tmp_path)
    assert path.startswith(f"{tmp_path}/rc/bin:{tmp_path}/profile/bin:")
    assert path.split(":").count("/usr/bin") == 1


@needs_bash
@pytest.mark.parametrize(
    "rc",
    [
        "exit 1", "return 1", "exec 1>&-", "exec >/dev/null", "exec true", "exec bash", "exec cat", "read -r line", "set -e; false",
        "if", "kill -9 $$", "set -- x", "unset BASH", "BASH=/nonexistent", "exec < /dev/tty", "trap '' TERM HUP INT",
    ],
)  # fmt: skip
def test_a_wrong_file_of_it_leaves_what_the_log_in_has(tmp_path: Path, rc: str):
    (tmp_path / ".bashrc").write_text(f"{rc}\n")
    (tmp_path / ".bash_profile").write_text('export PATH="$HOME/profile/bin:$PATH"\n')
    assert ask({"SHELL": "/bin/bash"}, tmp_path).startswith(f"{tmp_path}/profile/bin:")


@needs_bash
@pytest.mark.parametrize("rc", ["sleep 300 & wait", "kill -STOP $$", "bash -ic true"])
def test_one_that_hangs_is_ended_and_leaves_what_the_log_in_has(tmp_path: Path, rc: str):
    (tmp_path / ".bashrc").write_text(f"echo $$ >> ~/pids\n{rc}\n")
    (tmp_path / ".bash_profile").write_text('export PATH="$HOME/profile/bin:$PATH"\n')
    path = ask({"SHELL": "/bin/bash"}, tmp_path, timeout_s=4.0)
    assert path.startswith(f"{tmp_path}/profile/bin:")
    assert not any(_runs(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@needs_bash
def test_nothing_of_a_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = tmp_path / "project"
    project.mkdir()
    for name in (".bashrc", ".profile", ".bash_profile", "env"):
        (project / name).write_text(f"touch {tmp_path}/ran\n")
    program(project / "bin/bash", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    monkeypatch.chdir(project)
    given = {
        "BASH_ENV": "env",
        "ENV": "env",
        "ZDOTDIR": str(project),
        "PATH": f"{project}/bin",
        "PROMPT_COMMAND": ". env",
    }
    assert "/usr/bin" in ask({"SHELL": "/bin/bash", **given}, tmp_path).split(":")
    assert not (tmp_path / "ran").exists()


@needs_bash
def test_a_shell_of_the_open_workspace_is_not_run(tmp_path: Path):
    variables = shell(tmp_path / "project", f'touch {tmp_path}/ran; eval "$2"')
    workspace = Workspace((str(tmp_path / "project"),), str(tmp_path))
    paths = SearchPaths(variables, str(tmp_path), "linux", workspace)
    machine = LocalMachine(variables, tmp_path, tmp_path / "data", "linux", paths)
    machine.refresh(older_than_s=0)
    assert cached_path(str(tmp_path / "data")) == ""
    assert not (tmp_path / "ran").exists()


@needs_bash
def test_a_shell_that_every_user_can_write_is_not_run(tmp_path: Path):
    variables = shell(tmp_path, f'touch {tmp_path}/ran; eval "$2"')
    Path(variables["SHELL"]).chmod(0o777)
    assert ask(variables, tmp_path) == ""
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("zsh", {".zshenv": 'PATH="$HOME/a:$PATH"', ".zshrc": "path=(~/b $path)", ".zlogin": "path+=(~/c)"}),
        (
            "fish",
            {".config/fish/config.fish": "fish_add_path ~/a", ".config/fish/conf.d/x.fish": "set -gx PATH ~/b $PATH"},
        ),
    ],
)
def test_other_real_shells_read_their_own_files(tmp_path: Path, name: str, files: dict[str, str]):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here")
    for folder in "abc":
        (tmp_path / folder).mkdir()
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(f"{text}\n")
    found = ask({"SHELL": path}, tmp_path).split(":")
    assert {f"{tmp_path}/{folder}" for folder in "abc"[: len(files)]} <= set(found)


def test_a_plain_shell_too(tmp_path: Path):
    (tmp_path / ".profile").write_text('PATH="$HOME/profile/bin:$PATH"\n')
    assert ask({"SHELL": "/bin/sh"}, tmp_path).startswith(f"{tmp_path}/profile/bin:/usr/local/")


def test_it_gets_no_key_and_none_of_this_processes_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    seen = tmp_path / "seen"
    variables = shell(tmp_path, f'env > {seen}; cat >> {seen}; pwd >> {seen}; eval "$2"')
    path = ask(
        {**variables, "ANTHROPIC_API_KEY": "canary", "PATH": "/project/bin", "LANG": "C", "USER": "me"}, tmp_path
    )
    assert path.startswith("/usr/local/bin:")
    lines = seen.read_text().splitlines()
    assert lines[-1] == str(tmp_path)
    names = {line.partition("=")[0] for line in lines[:-1]}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"HOME", "SHELL", "TERM", "PATH", "LANG", "USER"}
    assert "canary" not in seen.read_text()


def test_the_options_fit_the_shell(tmp_path: Path):
    for name, option in (("zsh", "-ilc"), ("fish", "-ilc"), ("dash", "-lc"), ("ksh", "-lc")):
        variables = shell(tmp_path, f'echo "$1" > {tmp_path}/option', name)
        assert ask(variables, tmp_path) == ""
        assert (tmp_path / "option").read_text().strip() == option


@pytest.mark.parametrize("value", ["", "bash", "./bash", "/nonexistent/bash", "/usr/bin/nu", "/bin/tcsh", "/bin/false"])
def test_other_shells_are_left_alone(tmp_path: Path, value: str):
    assert ask({"SHELL": value}, tmp_path) == ""


def test_a_shell_that_hangs_is_ended_with_all_it_started(tmp_path: Path):
    variables = shell(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; sleep 300")
    assert ask(variables, tmp_path, timeout_s=2.0) == ""
    for name in ("child", "own"):
        pid = int((tmp_path / name).read_text())
        assert not _runs(pid), name


def test_what_an_answering_shell_left_behind_is_ended_too(tmp_path: Path):
    variables = shell(tmp_path, f'eval "$2"; sleep 300 & echo $! > {tmp_path}/child; sleep 300')
    assert ask(variables, tmp_path).startswith("/usr/local/bin")
    # A shell that answers may be ended before it starts anything.
    if (tmp_path / "child").exists() and (text := (tmp_path / "child").read_text()):
        assert not _runs(int(text))


def test_a_shell_that_never_stops_printing_is_ended(tmp_path: Path):
    assert ask(shell(tmp_path, "yes"), tmp_path) == ""


def test_only_what_stands_between_the_marks_counts(tmp_path: Path):
    assert ask(shell(tmp_path, "echo modelport-path-0-'<'/evil'>'modelport-path-0-"), tmp_path) == ""


def test_entries_that_lead_nowhere_certain_are_dropped(tmp_path: Path):
    variables = shell(tmp_path, 'PATH="/a:.::rel:/b:/a:/c\x1b[2J:/d e"; eval "$2"')
    assert ask(variables, tmp_path) == "/a:/b:/d e"


def test_windows_has_no_login_shell(tmp_path: Path):
    assert ask_shell({"SHELL": "/bin/sh"}, str(tmp_path), "win32", lambda _: None) == ""


def test_it_is_kept_for_this_user_alone(tmp_path: Path):
    folder = tmp_path / "data/modelport"
    cache_path(str(folder), "/a:/b")
    assert cached_path(str(folder)) == "/a:/b"
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    cache_path(str(folder), "/c")
    assert cached_path(str(folder)) == "/c"
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_a_folder_that_cannot_be_written_spoils_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    cache_path(str(tmp_path / "file/below"), "/a")
    assert cached_path(str(tmp_path / "file/below")) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"path": 5, "asked_at_s": 1}', b'{"path": "/a"}', b"\xff", b'{"path": "rel", "asked_at_s": 1}',
        b'{"path": "/' + b"a" * 40_000 + b'", "asked_at_s": 1}',
    ],
)  # fmt: skip
def test_an_odd_file_is_none(tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    assert cached_path(str(tmp_path)) == ""


def test_a_file_that_others_can_write_is_not_believed(tmp_path: Path):
    cache_path(str(tmp_path), "/a")
    (tmp_path / FILE).chmod(0o666)
    assert cached_path(str(tmp_path)) == ""


def test_nothing_is_written_through_a_link_that_waits_there(tmp_path: Path):
    (tmp_path / "victim").write_text("kept")
    (tmp_path / f"{FILE}.{os.getpid()}.new").symlink_to("victim")
    cache_path(str(tmp_path), "/a")
    assert (tmp_path / "victim").read_text() == "kept"


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    for _ in range(100_000):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return False
        if state == "Z":
            return False
        os.sched_yield()
    os.kill(pid, signal.SIGKILL)
    return True
