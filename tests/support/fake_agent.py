"""An agent on standard input and output whose arguments are its modes; a program of its own.

``fake_agent.py MODE… [--acp | --experimental-acp] [NAME=VALUE…]``: modes add up. ``pids=FILE`` names a file that every
process of it adds its number to, ``notes=FILE`` one for what it saw of its surroundings.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOREVER_S = 120.0
"""Longer than any test, and not for ever, should one fail."""
MANY = 5000
MODELS = [{"value": "small", "name": "Small"}, {"value": "large", "name": "Large"}]
GROUPS = [
    {"group": "one", "name": "One", "options": MODELS[:1]},
    {"group": "two", "name": "Two", "options": MODELS[1:]},
]
METHODS = [{"id": "log-in", "name": "Log in", "description": "In the browser"}]
NASTY = "\x1b]0;owned\x07\x1b[31mFake\u202e agent\r\nsecond line\x00"
CAPABILITIES = {
    "loadSession": False,
    "promptCapabilities": {"image": True},
    "sessionCapabilities": {"close": {}, "delete": {}, "list": {}},
}
# How requests are answered, by mode; a value that is callable gets the request.
INITIALIZE: dict[str, Any] = {
    "v2": {"protocolVersion": 2, "info": {"name": "fake", "version": "2.0"}, "capabilities": {"session": {}},
           "authMethods": [{"type": "agent", "methodId": "log-in", "name": "Log in"}]},
    "v2-v1": {"protocolVersion": 2, "agentInfo": {"name": "fake", "version": "1.0"}, "agentCapabilities": CAPABILITIES},
    "null": None, "string": "hello", "array": [1], "number": 7, "empty": {}, "true-version": {"protocolVersion": True},
    "mcp": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "tools", "version": "1"}},
    "no-methods": {"protocolVersion": 1, "agentCapabilities": CAPABILITIES, "authMethods": []},
    "nasty": {"protocolVersion": 1, "agentInfo": {"name": NASTY, "version": "1"}, "agentCapabilities": {NASTY: NASTY}},
}  # fmt: skip
ERRORS: dict[str, Any] = {
    "initialize-refuses": {"code": -32000, "message": "Authentication required"},
    "initialize-fails": {"code": -32603, "message": "Internal error", "data": {"details": "no database"}},
}
SESSIONS: dict[str, Any] = {
    "session-auth": {"error": {"code": -32000, "message": "Authentication required"}},
    "session-fails": {"error": {"code": -32603, "message": "pi is not installed"}},
    "session-null": {"result": None},
    "session-legacy": {"result": {"sessionId": "s1", "models": {"availableModels": [{"modelId": "old", "name": "Old"}]}}},
    "session-groups": {"result": {"sessionId": "s1", "configOptions": [
        {"id": "m", "name": "Model", "category": "model", "type": "select", "currentValue": "small", "options": GROUPS}]}},
}  # fmt: skip
WORDS = {
    "exit-0": (0, "bye"),
    "exit-1": (1, ""),
    "stub": (0, "kimi-cli is no longer maintained. Install kimi-code instead."),
    "warns": (0, "(node:7) [DEP0040] DeprecationWarning: The `punycode` module is deprecated."),
    "needs-module": (1, 'Traceback (most recent call last):\n  File "x.py", line 1\nModuleNotFoundError: fake_module\n'),
}  # fmt: skip


def main(arguments: list[str]) -> None:
    """Plays an agent until its input is closed, or longer."""
    modes = {a for a in arguments if "=" not in a and not a.startswith("--")}
    settings = dict(a.split("=", 1) for a in arguments if "=" in a)
    note(settings.get("pids"), str(os.getpid()))
    before(modes, settings, arguments)
    misbehave(modes, settings)
    with contextlib.suppress(BrokenPipeError):
        converse(modes, settings)
    if "ignores-eof" in modes or "ignores-all" in modes:
        time.sleep(FOREVER_S)


def before(modes: set[str], settings: dict[str, str], arguments: list[str]) -> None:
    """What it does before it looks at its input."""
    if "notes" in settings:
        folder = Path.cwd()
        files = [path.name for path in folder.iterdir()]
        seen = {"cwd": str(folder), "files": files, "environment": dict(os.environ), "session": os.getsid(0)}
        seen |= {"arguments": sys.argv}
        note(settings["notes"], json.dumps(seen))
    if "older" in modes and "--experimental-acp" not in arguments:
        print("error: unknown option '--acp'", file=sys.stderr)
        sys.exit(1)
    if "ignores-all" in modes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "canary" in modes:
        print(
            f"the key is {os.environ.get('FAKE_API_KEY')}, of {os.environ.get('HOME')}/x", file=sys.stderr, flush=True
        )
    if "stderr-flood" in modes:
        for number in range(100_000):
            print(f"line {number}", file=sys.stderr)
        sys.stderr.flush()
    if "writes" in modes:
        Path("locked").mkdir()
        Path("locked/file").write_text("left behind")
        Path("locked").chmod(0o500)
    for mode, (code, words) in WORDS.items():
        if mode in modes:
            print(words, file=sys.stdout if code == 0 else sys.stderr)
            sys.exit(code)


def misbehave(modes: set[str], settings: dict[str, str]) -> None:
    """Children, and output that is not the protocol."""
    for mode, session, folder in (("child", False, None), ("escapes", True, None), ("gets-away", True, "/")):
        if mode in modes:
            child(settings, session=session, folder=folder)
    if "noise" in modes:
        print('Migrating the database ...\n42\n[1, 2]\n{"jsonrpc": "1.0"}\n\n{half', flush=True)
    if "html" in modes:
        print("<!DOCTYPE html>\n<html><body>502</body></html>", flush=True)
    with contextlib.suppress(BrokenPipeError):
        while "flood" in modes:
            sys.stdout.write("x" * 65536)
        while "flood-lines" in modes:
            sys.stdout.write("not the protocol\n" * 4096)
    if "closes-output" in modes:
        os.close(1)
        time.sleep(FOREVER_S)
    if "ends-late" in modes:
        print("bye", flush=True)
        os.close(1)
        time.sleep(0.3)
        os._exit(0)
    if "parent-leaves" in modes:
        child(settings, session=False, folder=None)
        os._exit(3)


def child(settings: dict[str, str], *, session: bool, folder: str | None) -> None:
    """A process that holds the pipes and ignores what it can; returns once it is ready."""
    code = (
        "import os,signal,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "f = open(sys.argv[1], 'a'); f.write(f'{os.getpid()}\\n'); f.close(); os.write(int(sys.argv[2]), b'.');"
        f"time.sleep({FOREVER_S})"
    )
    ready, ready_writer = os.pipe()
    subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, settings.get("pids", os.devnull), str(ready_writer)],
        start_new_session=session, cwd=folder, pass_fds=(ready_writer,),
    )  # fmt: skip
    os.read(ready, 1)


def converse(modes: set[str], settings: dict[str, str]) -> None:
    """Answers the requests."""
    if "asks-often" in modes:
        for number in range(MANY):
            send({"id": f"{number:0180}", "method": "fs/read_text_file", "params": {"sessionId": "s", "path": "/x"}})
    if "deaf" in modes:
        time.sleep(FOREVER_S)
    if "asks-first" in modes:
        asks_first(modes, settings)
    for line in sys.stdin:
        request = json.loads(line)
        note(settings.get("received"), line.strip())
        if request.get("method") == "initialize":
            initialize(request, modes)
        elif request.get("method") == "session/new":
            new_session(request, modes)
        elif request.get("method", "").startswith("session/") and "no-goodbye" not in modes:
            send({"id": request["id"], "result": {}})


def initialize(request: dict[str, Any], modes: set[str]) -> None:
    if "silent" in modes or "html" in modes:
        return
    if "wrong-id" in modes:
        send({"id": 99, "result": GOOD})
        return
    if "null-id" in modes:
        send({"id": None, "error": {"code": -32700, "message": "Parse error"}})
        return
    if error := next((ERRORS[mode] for mode in modes if mode in ERRORS), None):
        send({"id": request["id"], "error": error})
        return
    chosen = [INITIALIZE[mode] for mode in modes if mode in INITIALIZE]
    send({"id": request["id"], "result": chosen[0] if chosen else GOOD}, end="" if "no-newline" in modes else "\n")
    if "no-newline" in modes:
        sys.exit()


def new_session(request: dict[str, Any], modes: set[str]) -> None:
    if "session-silent" in modes:
        return
    if "session-dies" in modes:
        print("Error: no model is set", file=sys.stderr)
        sys.exit(4)
    send({"id": request["id"], **next((SESSIONS[mode] for mode in modes if mode in SESSIONS), {"result": SESSION})})


def asks_first(modes: set[str], settings: dict[str, str]) -> None:
    """Sends the client a request, and continues once it is answered."""
    send({"method": "session/update", "params": {}})
    options = [{"optionId": "yes", "name": "Yes", "kind": "allow_once"}]
    send(
        {
            "id": "p1",
            "method": "session/request_permission",
            "params": {"sessionId": "s", "toolCall": {"toolCallId": "t"}, "options": options},
        }
    )
    for line in sys.stdin:
        note(settings.get("received"), line.strip())
        message = json.loads(line)
        if message.get("method") == "initialize":
            held = message
        if message.get("id") == "p1":
            initialize(held, modes)
            return


def send(message: dict[str, Any], end: str = "\n") -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + end)
    sys.stdout.flush()


def note(path: str | None, line: str) -> None:
    if path:
        with Path(path).open("a") as file:
            file.write(f"{line}\n")


GOOD = {
    "protocolVersion": 1,
    "agentInfo": {"name": "fake", "title": "Fake", "version": "1.0"},
    "agentCapabilities": CAPABILITIES,
    "authMethods": METHODS,
}
SESSION = {
    "sessionId": "s1",
    "configOptions": [
        {
            "id": "mode",
            "name": "Mode",
            "category": "mode",
            "type": "select",
            "currentValue": "a",
            "options": [{"value": "a", "name": "A"}],
        },
        {
            "id": "model",
            "name": "Model",
            "category": "model",
            "type": "select",
            "currentValue": "small",
            "options": MODELS,
        },
    ],
}

if __name__ == "__main__":
    main(sys.argv[1:])
