"""Processes started in odd ways: streams that are closed, full or one socket, no home, no folder, Ctrl-C at once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import command_batch
from support.checks import together
from support.server_process import frame

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are ways of POSIX systems")

PYTHON = (sys.executable, "-m", "modelport")
BATCH = (sys.executable, str(Path(command_batch.__file__)))
ACP_DISCOVER = (sys.executable, "-c", "from modelport.__main__ import acp_discover; acp_discover()")
COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "chat": ((*PYTHON, "chat", "-m", "mock/mock", "hi"), 0),
    "chat --json": ((*PYTHON, "chat", "-m", "mock/mock", "--json", "hi"), 0),
    "config path": ((*PYTHON, "config", "path"), 0),
    "config check": ((*PYTHON, "config", "check"), 0),
    "config schema": ((*PYTHON, "config", "schema"), 0),
    "discover": ((*PYTHON, "discover"), 1),
    "discover-agents": ((*PYTHON, "discover-agents", "nobody"), 2),
    "doctor": ((*PYTHON, "doctor", "--json"), 0),
    "keys list": ((*PYTHON, "keys", "list", "--json"), 1),
    "logs": ((*PYTHON, "logs"), 1),
    "models": ((*PYTHON, "models", "--provider", "mock"), 0),
    "providers": ((*PYTHON, "providers"), 0),
    "pull": ((*PYTHON, "pull", "ollama/x"), 1),
    "usage": ((*PYTHON, "usage"), 1),
    "help": ((*PYTHON, "--help"), 0),
    "version": ((*PYTHON, "--version"), 0),
    "wrong usage": ((*PYTHON, "chat", "--made-up"), 2),
    "no command": ((*PYTHON, "made-up"), 2),
    "serve": ((*PYTHON, "serve"), 1),
    "serve --made-up": ((*PYTHON, "serve", "--made-up"), 2),
    "acp-discover": ((*ACP_DISCOVER, "--json"), 1),
    "acp-discover --help": ((*ACP_DISCOVER, "--help"), 0),
    "acp-discover --made-up": ((*ACP_DISCOVER, "--made-up"), 2),
}
REDIRECTIONS = {
    "input closed": "<&-",
    "output closed": "</dev/null >&-",
    "errors closed": "</dev/null 2>&-",
    "all closed": "<&- >&- 2>&-",
    "errors full": "</dev/null 2>/dev/full",
    "output full": "</dev/null >/dev/full",
    "both full": "</dev/null >/dev/full 2>&1",
}
SILENT = frozenset(
    {
        "discover",
        "usage",
        "acp-discover --help",
        "discover-agents",
        "logs",
        "pull",
        "acp-discover",
        "serve",
        "serve --made-up",
    }
)
"""Commands with nothing for standard output, here; argparse ignores that it is full."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on this machine, as far as the commands see."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("MODELPORT_PROCESS_TREE", "999999999")


def expected(name: str, way: str) -> int:
    """The code of a command: 1 where its output is full, and its own otherwise."""
    own = COMMANDS[name][1]
    if "full" in way and way != "errors full" and name not in SILENT and own != 2:
        return 1
    return 2 if (name, "<&-" in REDIRECTIONS[way]) == ("serve", True) else own


def run(
    command: tuple[str, ...], redirection: str = "</dev/null", **options: Any
) -> subprocess.CompletedProcess[bytes]:
    line = f'exec "$@" {redirection}'
    return subprocess.run(["sh", "-c", line, "sh", *command], capture_output=True, timeout=60, check=False, **options)


def batch(script: tuple[str, ...], folder: Path | None, line: str, **options: Any) -> dict[str, tuple[int, str]]:
    """The code and the errors of each command, run by one interpreter that ``line`` starts.

    Each has folders of its own in ``folder``, so that none finds what another has kept.
    """
    given: dict[str, Any] = {}
    for number, (name, (command, _)) in enumerate(COMMANDS.items()):
        env: dict[str, str] = {}
        if folder is not None:
            for variable in ("MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR", "XDG_RUNTIME_DIR"):
                path = folder / str(number) / variable
                path.mkdir(mode=0o700, parents=True)
                env[variable] = str(path)
        entry = "main" if command[:3] == PYTHON else "acp_discover"
        given[name] = {"entry": entry, "arguments": command[3:], "env": env}
    read, write = os.pipe()
    with os.fdopen(read, "rb") as report:
        try:
            done = subprocess.run(
                ["sh", "-c", line, "sh", *script, str(write), json.dumps(given)],
                capture_output=True, timeout=60, check=False, pass_fds=(write,), **options,
            )  # fmt: skip
        finally:
            os.close(write)
        text = report.read()
    assert text, done.stderr
    return json.loads(text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", REDIRECTIONS)
def test_a_command_with_odd_streams_keeps_its_code(way: str, tmp_path: Path) -> None:
    """One is started by itself, the others are forked from an interpreter that was started with the same streams."""
    done = run(COMMANDS["chat"][0], REDIRECTIONS[way])
    ended = batch(BATCH, tmp_path, f'exec "$@" {REDIRECTIONS[way]}')
    ended["chat, started"] = (done.returncode, done.stderr.decode())
    assert len(ended) == len(COMMANDS) + 1
    with together() as failures:
        for part, (code, errors) in ended.items():
            name = part.removesuffix(", started")
            with failures.of(part):
                assert "Traceback" not in errors
                assert "Exception ignored" not in errors
                assert code == expected(name, way), errors
                if way == "output full" and expected(name, way) == 1 and name not in SILENT:
                    assert "No space left on device" in errors


def test_nothing_is_printed_into_a_file_that_took_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.close(1); os.close(2); sys.stdout = sys.stderr = None\n"
        "from modelport.frontends.process import settle; settle()\n"
        f"taken = os.open({str(tmp_path / 'ledger')!r}, os.O_WRONLY | os.O_CREAT)\n"
        "print('printed', flush=True); print('to errors', file=sys.stderr); os.write(1, b'raw'); os.write(2, b'raw')\n"
        "sys.exit(0 if taken > 2 else 1)"
    )
    assert run((sys.executable, "-c", code)).returncode == 0
    assert (tmp_path / "ledger").read_bytes() == b""


# No home, no name, no folder.


HOMELESS = f"""
import pwd, sys
def nobody(number): raise KeyError(number)
pwd.getpwuid = nobody
from modelport.frontends import process
# Root could make the usual one.
process.NO_HOME = "/proc/nonexistent"
sys.path.insert(0, {str(Path(command_batch.__file__).parent)!r})
import command_batch
command_batch.main()
"""


def homeless() -> dict[str, str]:
    """The environment of a user without a home, whose folders are the platform's own.

    The runtime folder stays this test's: in the platform's, other programs announce themselves.
    """
    names = {"HOME", "USER", "LOGNAME", "MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR"}
    names |= {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}
    return {name: value for name, value in os.environ.items() if name not in names}


@pytest.mark.timeout(60)
def test_a_command_without_a_home_keeps_its_code(tmp_path: Path) -> None:
    ended = batch((sys.executable, "-c", HOMELESS), None, 'exec "$@" </dev/null', env=homeless(), cwd=tmp_path)
    assert ended.keys() == COMMANDS.keys()
    with together() as failures:
        for name, (code, errors) in ended.items():
            with failures.of(name):
                assert "Traceback" not in errors
                # doctor has something to say of a folder that nothing can be written to.
                assert code == (1 if name == "doctor" else COMMANDS[name][1]), errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["chat", "doctor", "serve", "acp-discover"])
def test_a_command_of_a_user_that_is_not_there(name: str) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become a user that is not there")
    if (setpriv := shutil.which("setpriv")) is None:
        if os.environ.get("CI"):
            pytest.fail("setpriv is not installed: it is in util-linux, which every Linux has")
        pytest.skip("setpriv, of util-linux, is not installed")
    # With one right of root: to read the interpreter wherever it is.
    right = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    somebody = (setpriv, "--reuid=12345", "--regid=12345", "--clear-groups", *right)
    command, code = COMMANDS[name]
    done = run((*somebody, *command), env=homeless(), cwd="/")
    assert b"Traceback" not in done.stderr
    # As without a home, doctor has something to say.
    assert done.returncode == (1 if name == "doctor" else code), done.stderr


def test_an_empty_home_is_none(tmp_path: Path) -> None:
    code = "from modelport.frontends.process import settle; settle(); import os; print(os.environ['HOME'])"
    done = run((sys.executable, "-c", code), env={**os.environ, "HOME": ""})
    assert done.stdout.decode().strip().startswith("/")


@pytest.mark.timeout(60)
def test_a_command_in_a_folder_that_is_gone_keeps_its_code(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    line = f'mkdir "{gone}" && cd "{gone}" && rmdir "{gone}" && exec "$@" </dev/null'
    command = ["sh", "-c", line, "sh", *COMMANDS["chat"][0]]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    ended = batch(BATCH, tmp_path, line)
    ended["chat, started"] = (done.returncode, done.stderr.decode())
    with together() as failures:
        for part, (code, errors) in ended.items():
            with failures.of(part):
                assert "Traceback" not in errors
                assert code == COMMANDS[part.removesuffix(", started")][1], errors


# Ctrl-C while modules are loaded.

INTERRUPT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt())
sys.argv = {argv!r}
from modelport.__main__ import {entry}
{entry}()
"""


@pytest.mark.parametrize(
    ("entry", "argv", "module"),
    [
        *(
            ("main", ["modelport", "providers"], module)
            for module in (
                "click",
                "modelport.frontends.cli.main",
                "modelport.frontends.cli.providers",
                "anyio",
                "msgspec",
                "modelport.app.core",
                "sqlite3",
                "rich",
                "keyring",
            )
        ),
        *(
            ("main", ["modelport", "serve"], module)
            for module in ("modelport.frontends.lsp.serve", "json", "modelport.frontends.lsp.server", "asyncio")
        ),
        *(
            ("acp_discover", ["acp-discover"], module)
            for module in ("argparse", "msgspec", "modelport.app.agents", "modelport.frontends.cli.agent_table")
        ),
    ],
)
def test_ctrl_c_during_imports_is_silent(entry: str, argv: list[str], module: str) -> None:
    code = INTERRUPT.format(entry=entry, argv=argv, module=module)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        _, errors = process.communicate(
            frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}), timeout=60
        )
    assert b"Traceback" not in errors
    loaded_before = module in ("json", "keyring", "argparse", "rich")
    assert process.returncode == 130 or (loaded_before and process.returncode in (0, 1)), errors


# Input and output are one socket, as socat, inetd and systemd start a server.


@pytest.mark.parametrize("errors", ["apart", "on the wire"])
def test_a_server_on_one_socket(errors: str) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    process = subprocess.Popen(
        [*PYTHON, "serve"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if errors == "on the wire" else subprocess.PIPE,
        env={**os.environ, "MODELPORT_LOG": "debug"},
    )
    theirs.close()
    with ours, ours.makefile("rb") as replies:

        def ask(message_id: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
            ours.sendall(frame({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}))
            while True:
                header = replies.readline()
                assert header.startswith(b"Content-Length: "), header
                assert replies.readline() == b"\r\n"
                message = json.loads(replies.read(int(header.split()[1])))
                if message.get("id") == message_id:
                    return message

        assert "result" in ask(1, "initialize", {"capabilities": {}})
        ours.sendall(frame({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
        assert "result" in ask(2, "provider/status", {})
        # More than a socket holds, both ways: 208 kB on Linux, less elsewhere.
        prompt = "word " * 80_000
        answer = ask(3, "completion/create", {"model": "mock/mock", "prompt": prompt, "streamId": "s"})
        assert answer["result"]["text"] == f"You said: {prompt}".rstrip() or answer["result"]["text"].startswith(
            "You said"
        )
        assert ask(4, "shutdown", {})["result"] is None
        ours.sendall(frame({"jsonrpc": "2.0", "method": "exit"}))
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Traceback" not in (said or b"")


def test_a_server_on_one_socket_ends_with_its_client() -> None:
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([*PYTHON, "serve"], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
    theirs.close()
    with ours:
        ours.sendall(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}))
        assert ours.recv(10)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"Traceback" not in errors


def test_a_non_blocking_input_is_waited_for() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    process = subprocess.Popen([*PYTHON, "serve"], stdin=read_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(read_end)
    hello = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
    os.write(write_end, hello)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"Content-Length")
    os.write(write_end, frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
    os.write(write_end, frame({"jsonrpc": "2.0", "method": "exit"}))
    os.close(write_end)
    output, errors = process.communicate(timeout=30)
    assert b'"id":2,"result":null' in output
    assert process.returncode == 0, errors
