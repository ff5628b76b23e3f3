"""Runs ``acp-discover`` as a program, on a machine that has what a test gives it and nothing else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from support.forked import Commands

PROGRAM = Path(sys.executable).with_name("acp-discover")
SYSTEM = "/usr/bin:/bin"


class Discovering:
    """A home, a search path and a data folder of their own."""

    def __init__(self, home: Path, path: Iterable[Path] = (), system: str = SYSTEM) -> None:
        self.home = home
        self.path = [str(folder) for folder in path]
        self.system = system
        home.mkdir(parents=True, exist_ok=True)
        self.runtime = home / "runtime"
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        self.sees_this_process = True
        """Whether it finds the servers and processes of the tests that run here; other modules have many, some slow."""

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment, without anything of the tests' own."""
        return {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(filter(None, [*self.path, self.system])),
            "LANG": "C.UTF-8",
            "MODELPORT_DATA_DIR": str(self.home / "modelport"),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "MODELPORT_PROCESS_TREE": str(os.getpid()) if self.sees_this_process else "none",
            **(more or {}),
        }

    def run(
        self, *arguments: str, timeout: float = 60.0, more: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What the command printed, and its exit code; forked where the module's tests have what forks."""
        env, cwd = self.variables(more), cwd or self.home
        if Commands.current is not None:
            done = Commands.current.run(arguments, entry="acp_discover", env=env, cwd=cwd, timeout=timeout)
        else:
            command = [str(PROGRAM), *arguments]
            done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, timeout=timeout, check=False)
        output, errors = (io.TextIOWrapper(io.BytesIO(text), "utf-8").read() for text in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(done.args, done.returncode, output, errors)

    def agents(self, *arguments: str, timeout: float = 60.0, **more: Any) -> dict[str, dict[str, Any]]:
        """The records by id; a message on its stderr fails the test."""
        done = self.run(*arguments, "--json", timeout=timeout, **more)
        assert done.stdout, done.stderr
        return {agent["agentId"]: agent for agent in json.loads(done.stdout)["agents"]}


def left_behind(text: str) -> list[str]:
    """The command lines of processes that have this text in their arguments or as their working folder."""
    found: list[str] = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found
