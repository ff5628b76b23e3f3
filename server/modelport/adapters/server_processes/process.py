"""One server of ours as a process: started without a shell, its output drained, ended with everything it started."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from modelport.adapters.child_processes.child import STDOUT, start
from modelport.adapters.system.programs import home_folder

GRACE_S = 2.0
"""How long a server may take to end by itself."""
DRAIN_S = 1.0
"""How long its last output may take; a daemon that it has left behind may hold the pipe for ever."""
FOREVER_S = 3600.0
GONE_S = 5.0
"""How long what a server leaves behind may take to be gone, once it was killed."""
MAX_LINES = 40
MAX_LINE_BYTES = 500
CHUNK_SIZE = 64 * 1024
_FRAME = re.compile(r'\s+File ".*", line \d+')
_FOLDERS = re.compile(r"""(?:[A-Za-z]:|~)?[\\/](?:[^\s\\/:'"`]+[\\/])+""")
"""The folders in front of a file's name."""


class ServerProcess:
    """A program and its last lines. Making one blocks; nothing else does, apart from ``wait``.

    Raises:
        OSError: it cannot be started.
        ValueError: the command line is not valid.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._ended = threading.Event()
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._child = start(command, environment, cwd=home_folder(), stderr=STDOUT)
        self._drainer = threading.Thread(target=self._drain, name="modelport-server-output", daemon=True)
        self._drainer.start()
        threading.Thread(target=self._await, name="modelport-server-end", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether it is over, and nothing of it is left."""
        return self._ended.is_set()

    @property
    def code(self) -> int | None:
        """Its exit code, as a shell would return it."""
        code = self._child.code
        return 128 - code if code is not None and code < 0 else code

    def last_lines(self, known: Mapping[str, str], limit: int = 3) -> str:
        """Its last lines on one line: known paths under the names to show for them, other files without folders."""
        text = " | ".join(_without_traceback(list(self._lines))[-limit:])
        for path in sorted(filter(None, known), key=len, reverse=True):
            text = text.replace(path, known[path])
        return _FOLDERS.sub("", text)

    def printed(self, pattern: str) -> bool:
        """Whether one of the last lines holds something that matches, in any case."""
        return any(re.search(pattern, line, re.IGNORECASE) for line in self._lines)

    def stop(self) -> None:
        """Requests its end, which the supervisor enforces; returns at once."""
        self._child.end(GRACE_S)

    def wait(self, timeout_s: float) -> bool:
        """Waits until it is over; returns whether it is."""
        return self._ended.wait(timeout_s)

    def _drain(self) -> None:
        assert self._child.stdout is not None  # noqa: S101  opened as a pipe
        rest = b""
        with contextlib.suppress(OSError, ValueError):
            while data := self._child.stdout.read(CHUNK_SIZE):
                *lines, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
                for line in lines:
                    self._append(line)
                # Points that show progress come without an end of the line.
                rest = rest[-MAX_LINE_BYTES:]
            self._append(rest)
            self._child.stdout.close()

    def _await(self) -> None:
        """Waits for the end, then ends what the server has left behind."""
        while not self._child.wait(FOREVER_S):
            continue
        self._child.end(0)
        self._child.wait_gone(GONE_S)
        self._drainer.join(DRAIN_S)
        self._ended.set()

    def _append(self, line: bytes) -> None:
        text = line[:MAX_LINE_BYTES].decode("utf-8", "replace")
        shown = "".join(c if c.isprintable() else " " for c in text).rstrip()
        if shown:
            self._lines.append(shown)


def _without_traceback(lines: list[str]) -> list[str]:
    """The lines without the frames of a traceback, which only name the server's own code."""
    shown: list[str] = []
    inside = False
    for line in lines:
        inside = _FRAME.match(line) is not None or (inside and line.startswith("    "))
        if not inside and not line.startswith("Traceback (most recent"):
            shown.append(line.strip())
    return shown


def free_port() -> int:
    """A port of this machine that no program listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
