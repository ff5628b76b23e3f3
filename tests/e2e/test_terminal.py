"""The commands on a real terminal, with a provider whose every word would command it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.http_server import Answer, LocalServer, Received
from support.sse import refused

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a terminal of POSIX")

EVIL = "\x1b]0;evil\x07\x1b[31m\x9b2J\x9d52;c;ZXZpbA==\x9c\u202eabc\x08\x7f\r"
OBEYED = {chr(n) for n in (*range(0x20), 0x7F, *range(0x80, 0xA0))} - set("\n\t\r\x1b") | set("\u202a\u202e\u2066")
OWN = ("\x1b[", "\x1b[?25l")
"""The beginnings of what this program itself sends: styles, and the cursor of a bar."""
CLI = Path(__file__).resolve().parents[2] / "server" / "modelport" / "frontends" / "cli"


def hostile(request: Received) -> Answer:
    if request.method == "GET":
        entries = [{"id": "good", "name": f"Good {EVIL}", "description": EVIL}, {"id": f"bad{EVIL}"}]
        return Answer(chunks=[json.dumps({"data": entries}).encode()])
    body = json.loads(request.body)
    if body["model"] == "broken":
        return refused(400, {"error": {"message": f"no {EVIL} here", "code": EVIL}})
    delta = [{"content": letter} for letter in f"one {EVIL}two"]
    call = {
        "index": 0,
        "id": "c",
        "function": {"name": f"run{EVIL}", "arguments": json.dumps({"a": EVIL}, ensure_ascii=False)},
    }
    events = [{"reasoning_content": f"so {EVIL}"}, *delta, {"tool_calls": [call]}]
    sent = [{"choices": [{"index": 0, "delta": event}]} for event in events]
    sent.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in sent]
    return Answer(headers={"content-type": "text/event-stream"}, chunks=[*lines, b"data: [DONE]\n\n"])


@pytest.fixture(scope="module")
def upstream() -> Iterator[LocalServer]:
    with LocalServer(hostile) as server:
        yield server


@pytest.fixture
def variables(upstream: LocalServer, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").write_text(f'[providers.acme]\nbase_url = "{upstream.url}/v1"\ndisplay_name = "Acme"\n')
    return {
        **os.environ,
        "MODELPORT_CONFIG_DIR": str(tmp_path),
        "ACME_API_KEY": "key-0123456789abcdef",
        "OPENAI_COMPATIBLE_BASE_URL": f"{upstream.url}/v1",
        "TERM": "xterm",
        "MODELPORT_PROCESS_TREE": str(os.getpid()),
    }


def on_terminal(variables: dict[str, str], *arguments: str, program: str = "modelport") -> str:
    """What a terminal gets of a command, from both of its outputs."""
    import pty

    ours, theirs = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while chunk := os.read(ours, 65536):
                shown.extend(chunk)
        except OSError:
            # Linux ends a terminal that nobody has open with an error.
            return

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-c", f"from modelport.__main__ import {program}; {program}()", *arguments]
    subprocess.run(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, timeout=60, check=False
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    return shown.decode()


COMMANDS = [
    ("chat", "-m", "acme/good", "--no-log", "hi"),
    ("chat", "-m", "acme/good", "--json", "--no-log", "hi"),
    ("chat", "-m", "acme/broken", "--no-log", "hi"),
    ("models", "--provider", "acme"),
    ("models", "--provider", "acme", "--json"),
    ("models", f"nothing{EVIL}".replace("\0", "")),
    ("providers",),
    ("doctor",),
    ("discover",),
    ("usage", "--history"),
    ("logs",),
    (f"no-such-command{EVIL}",),
]


@pytest.mark.parametrize(
    "arguments", COMMANDS, ids=lambda words: " ".join(words)[:24].encode("ascii", "ignore").decode()
)
def test_no_command_of_others_reaches_the_terminal(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    shown = on_terminal(variables, *arguments, program="main")
    assert shown
    harmful = (OBEYED & set(shown), [part[:20] for part in shown.split("\x1b")[1:] if not part.startswith("[")])
    assert harmful == (set(), [])
    assert "\x1b[31m" not in shown
    if arguments[:3] == ("chat", "-m", "acme/good") and "--json" not in arguments:
        assert "one abctwo" in shown
        assert "wants to call runabc(" in shown
    assert "\r" not in shown.replace("\r\n", "\n")


def test_agents_neither(variables: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "zed"
    folder.mkdir(parents=True)
    servers = {"agent_servers": {f"Evil {EVIL}": {"command": f"/bin/evil{EVIL}", "args": [EVIL]}}}
    (folder / "settings.json").write_text(json.dumps(servers))
    for options in ((), ("--json",), ("--ndjson",), ("--emit", "zed")):
        home = variables | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")}
        shown = on_terminal(home, "--all", *options, program="acp_discover")
        assert not OBEYED & set(shown)
        assert "\x1b]" not in shown


def test_a_file_gets_the_answer_as_it_is(variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "modelport", "chat", "-m", "acme/good", "--no-log", "hi"]
    done = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.stdout.decode() == f"one {EVIL}two\n"
    assert not OBEYED & set(done.stderr.decode())


def test_every_command_prints_by_one_way() -> None:
    """Calls that write to a terminal without cleaning stand in the modules that clean, or print answers, JSON and our own codes."""
    printing = {
        path.relative_to(CLI).as_posix()
        for path in CLI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write", "click.confirm")
    }  # fmt: skip
    assert printing == {"chat/terminal.py", "config.py", "output/lines.py", "output/printing.py", "usage/watch.py"}
