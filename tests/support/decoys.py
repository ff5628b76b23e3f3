"""Programs of the same user that no test may find: model servers, agents, an announced instance.

Run as a program it leaves the process tree of the one that started it, prints what it plays as a line of JSON, and ends
with its standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from support import agent_answers, local_answers
from support.http_server import LocalServer

DECOYS = "TEST_DECOYS"
"""The variable that lists the decoys that run during all tests."""
MODEL_SERVERS = {"ollama": 11434, "LM Studio": 1234, "vLLM": 8000, "llama.cpp": 8080, "KoboldCpp": 5001}
AGENT_SERVERS = {"opencode serve": 4096, "qwen serve": 4170, "AgentAPI": 3284, "A2A 1.0": 9999}
AGENTS = (("gemini", "--acp"), ("codex-acp",))
WAITS = "import sys\nprint(flush=True)\nsys.stdin.read()\n"
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
READY = {"jsonrpc": "2.0", "method": "initialized", "params": {}}


class Decoys:
    """Plays them while it is open. ``usual`` ports are taken too, where they are free; ``listing`` has them."""

    def __init__(self, *, usual: bool) -> None:
        script = [sys.executable, "-m", "support.decoys", *(["usual"] if usual else [])]
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        self._program = subprocess.Popen(
            script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        assert self._program.stdout is not None
        self.listing: dict[str, Any] = json.loads(self._program.stdout.readline())

    def close(self) -> None:
        """Ends them, and waits for it."""
        self._program.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def play(*, usual: bool) -> None:
    """Plays everything until standard input ends."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        models = _servers(stack, local_answers.SERVERS, MODEL_SERVERS, usual=usual)
        agent_servers = _servers(stack, agent_answers.SERVERS, AGENT_SERVERS, usual=usual)
        pids = [_agent(stack, folder, name, *arguments) for name, *arguments in AGENTS]
        instance = _instance(stack, folder)
        listing = {
            "pid": os.getpid(),
            "models": models,
            "agentServers": agent_servers,
            "agents": pids,
            "instance": instance,
        }
        print(json.dumps(listing), flush=True)
        sys.stdin.read()


def _servers(
    stack: contextlib.ExitStack, samples: list[local_answers.Sample], ports: Mapping[str, int], *, usual: bool
) -> list[int]:
    """The ports of the servers: each at one that the system gives, and at its usual one where that is wanted and free."""
    named = {sample.name: sample for sample in samples}
    open_ports: list[int] = []
    for name, usual_port in ports.items():
        for port in (0, usual_port) if usual else (0,):
            # Another program of this user may listen there already, which serves as a decoy too.
            with contextlib.suppress(OSError):
                open_ports.append(stack.enter_context(LocalServer(named[name].behave, port=port)).port)
    return open_ports


def _agent(stack: contextlib.ExitStack, folder: Path, name: str, *arguments: str) -> int:
    """A process that has an agent's command line, once it has it."""
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{WAITS}")
    program.chmod(0o700)
    process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    stack.callback(process.communicate)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def _instance(stack: contextlib.ExitStack, folder: Path) -> int:
    """A server that announces itself where this user's servers do."""
    env = {**os.environ, "MODELPORT_DATA_DIR": str(folder / "data"), "MODELPORT_CONFIG_DIR": str(folder / "config")}
    command = [sys.executable, "-m", "modelport", "serve"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    )
    stack.callback(process.communicate)
    assert process.stdin is not None
    for message in (HELLO, READY):
        body = json.dumps(message).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    process.stdin.flush()
    return process.pid


if __name__ == "__main__":
    # Only a process whose parent has ended is outside of the tree that it was started in.
    if os.fork():
        os._exit(0)
    os.setsid()
    play(usual="usual" in sys.argv)
