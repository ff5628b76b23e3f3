"""Runs commands at once, each in a fork of one interpreter that has the streams, folder and user of its start; a script.

Its arguments are the number of a descriptor for what comes of them, and JSON: by name the entry point, the arguments and
more variables of each. What comes out is JSON too: by name the exit code and what was written to standard error, as far as
that was a pipe. A command ends as Python ends, with what that says.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import stat
import sys
import tempfile
from typing import Any

MODULES = (
    *(f"modelport.frontends.cli.{name}" for name in ("main", "running", "chat.command", "doctor", "keys", "providers")),
    "modelport.frontends.lsp.run",
    "modelport.frontends.cli.acp_discover",
)
ABOVE = 100
"""The first descriptor of our own: a stream that is closed stays closed."""


def main() -> None:
    """Loads what commands load, and forks for each."""
    del sys.path[0]
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    report, commands = int(sys.argv[1]), json.loads(sys.argv[2])
    running: dict[int, tuple[str, int]] = {}
    for name, command in commands.items():
        errors = _file()
        pid = os.fork()
        if pid == 0:
            if _is_pipe(2):
                os.dup2(errors, 2)
            os.closerange(3, 256)
            _run(command)
            return
        running[pid] = (name, errors)
    found: dict[str, tuple[int, str]] = {}
    for pid, (name, errors) in running.items():
        _, status = os.waitpid(pid, 0)
        text = os.pread(errors, 1_000_000, 0)
        found[name] = (os.waitstatus_to_exitcode(status), text.decode("utf-8", "replace"))
    os.write(report, json.dumps(found).encode())


def _run(command: dict[str, Any]) -> None:
    os.environ.update(command["env"])
    entry = importlib.import_module("modelport.__main__")
    sys.argv = [command["entry"], *command["arguments"]]
    getattr(entry, command["entry"])()


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _file() -> int:
    with tempfile.TemporaryFile() as file:
        return fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, ABOVE)


if __name__ == "__main__":
    main()
