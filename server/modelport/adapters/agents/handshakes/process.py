"""An agent as a process: started without a shell in a group of its own, and ended with everything it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from modelport.adapters.agents.handshakes.orphans import Orphans
from modelport.adapters.agents.handshakes.stdout_lines import LONGEST_WORDS, Output
from modelport.domain.agents.exit_report import MOST_LINES, ExitReport

PIECE = 64 * 1024
DRAIN_S = 1.0
"""How long the last words of a program that has ended may take; its children may hold the pipe for ever."""
KILL_S = 5.0
"""How long the system may take to end what it was told to."""
HURRY_S = 0.2
"""The grace where nobody wants to know any more."""
POLL_S = 0.02
FORCE = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
"""What no program can ignore. Windows has no signals: whatever is sent there ends the program at once."""


class StopReason(Enum):
    """Why there is nothing more to be read."""

    CLOSED = "it closed its output, or has ended"
    TOO_MUCH = "it wrote more than anybody has to say"
    STOPPED = "nobody wants to know any more"


class AgentProcess:
    """A running agent. Everything here blocks, and belongs to a thread; ``stop`` may come from any.

    Raises:
        OSError: it cannot be started.
        ValueError: nothing can be started so, for instance with a zero character in an argument.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self.output = Output()
        self._events: SimpleQueue[dict[str, Any] | StopReason] = SimpleQueue()
        self._errors: deque[bytes] = deque(maxlen=MOST_LINES)
        self._ended = threading.Event()
        self._hurry = threading.Event()
        self._by_itself = False
        self._wake = os.pipe()
        try:
            self._process = _started(argv, environment, folder)
        except BaseException:
            os.close(self._wake[0])
            os.close(self._wake[1])
            raise
        self._remains = Orphans(self._process.pid, folder)
        assert self._process.stdin and self._process.stdout and self._process.stderr  # noqa: S101, PT018  asked for
        self._stdin = self._process.stdin
        if os.name != "nt":
            # An agent that does not read must not stop whoever writes.
            os.set_blocking(self._stdin.fileno(), False)
        self._readers = [
            _thread("output", self._read_output, self._process.stdout),
            _thread("errors", self._read_errors, self._process.stderr),
        ]
        self._waiter = _thread("end", self._await)
        for thread in (*self._readers, self._waiter):
            thread.start()

    def ending(self) -> ExitReport:
        """How it ended, and its last words; call it after ``finish``. Whoever had to be made to end has no code."""
        errors = tuple(line.decode("utf-8", "replace") for line in list(self._errors))
        code = self._process.returncode if self._by_itself else None
        return ExitReport(code=code, printed=self.output.words, errors=errors)

    def send(self, message: dict[str, Any]) -> None:
        """Writes a message; one that it does not take is lost."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(msgspec.json.encode(message) + b"\n")

    def receive(self, within_s: float) -> dict[str, Any] | StopReason | None:
        """The next message; None when there is none in time."""
        try:
            return self._events.get(timeout=max(0.0, within_s))
        except Empty:
            return None

    def stop(self) -> None:
        """Makes whoever waits for a message go on, and the end short."""
        self._hurry.set()
        self._events.put(StopReason.STOPPED)

    def finish(self, grace_s: float) -> bool | None:
        """Ends it with everything it started: by closing its input, then by asking, then by force.

        Returns whether closing its input was enough; None where it had ended before. It takes some three times the
        grace at most, unless the system itself cannot end it.
        """
        closed = not self._readers[0].is_alive()
        early = self._ended.wait(DRAIN_S if closed else 0)
        with contextlib.suppress(OSError):
            self._stdin.close()
        if self._hurry.is_set():
            grace_s = min(grace_s, HURRY_S)
        self._by_itself = self._ended.wait(grace_s)
        if not self._by_itself or self._remains.find():
            self._signal(signal.SIGTERM)
            self._remains.end(signal.SIGTERM)
            self._ended.wait(grace_s)
            self._wait_for_remains(min(grace_s, DRAIN_S))
            self._remains.end(FORCE)
        self._signal(FORCE)
        if self._ended.wait(KILL_S):
            self._process.wait()
        self._release()
        return None if early else self._by_itself

    def _wait_for_remains(self, within_s: float) -> None:
        for _ in range(int(within_s / POLL_S)):
            if not self._remains.find() or self._hurry.wait(POLL_S):
                return

    def _release(self) -> None:
        """Lets go of the pipes, also of those that somebody holds who got away."""
        for reader in self._readers:
            reader.join(DRAIN_S)
        os.close(self._wake[1])
        for reader in self._readers:
            reader.join(KILL_S)
        os.close(self._wake[0])
        if self._ended.is_set():
            self._waiter.join(KILL_S)

    def _signal(self, number: signal.Signals) -> None:
        """Sends a signal to the group. It is ours: its leader's number is not free before it was asked how it ended."""
        if os.name == "nt":
            command = ["taskkill", "/T", "/F", "/PID", str(self._process.pid)]
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _await(self) -> None:
        """Waits for its end, without asking how it ended where the system can do that."""
        if sys.platform != "win32" and (sys.platform != "darwin" or sys.version_info >= (3, 13)):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()
        self._ended.set()
        self._readers[0].join(DRAIN_S)
        self._events.put(StopReason.CLOSED)

    def _read_output(self, pipe: Any) -> None:
        with pipe:
            while data := self._next(pipe.fileno()):
                for message in self.output.feed(data):
                    self._events.put(message)
                if self.output.too_much:
                    self._events.put(StopReason.TOO_MUCH)
                    return
        for message in self.output.close():
            self._events.put(message)
        self._events.put(StopReason.CLOSED)

    def _read_errors(self, pipe: Any) -> None:
        rest = b""
        with pipe:
            while data := self._next(pipe.fileno()):
                *lines, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
                self._errors.extend(line[:LONGEST_WORDS] for line in lines if line.strip())
                rest = rest[:LONGEST_WORDS]
        if rest.strip():
            self._errors.append(rest)

    def _next(self, descriptor: int) -> bytes:
        """What comes next; nothing at the end, or when the pipe is let go of."""
        try:
            if os.name != "nt":
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.register(self._wake[0], select.POLLIN)
                if any(ready == self._wake[0] for ready, _ in poll.poll()):
                    return b""
            return os.read(descriptor, PIECE)
        except OSError:
            return b""


def _started(argv: Sequence[str], environment: Mapping[str, str], folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  the command line is what was found, and is told
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=dict(environment),
        bufsize=0,
        # A group of its own, without a terminal: it can ask nobody anything, and it is ended as a whole.
        start_new_session=os.name != "nt",
    )


def _thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=work, args=arguments, name=f"modelport-agent-{name}", daemon=True)
