"""An agent process: started without a shell in its own process group, and ended with every process it started."""

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
from modelport.adapters.agents.handshakes.stdout_lines import MAX_KEPT_LINE_BYTES, Output
from modelport.domain.agents.exit_report import MAX_TAIL_LINES, ExitReport

CHUNK_SIZE = 64 * 1024
DRAIN_S = 1.0
"""How long to read the output of a program that has ended; its children may keep the pipe open for ever."""
KILL_S = 5.0
"""How long to wait for a process after SIGKILL."""
HURRY_S = 0.2
"""The grace once the handshake is cancelled."""
POLL_S = 0.02
FORCE = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
"""What no program can ignore. Windows has no signals: whatever is sent there ends the program at once."""


class StopReason(Enum):
    """Why no more messages follow."""

    CLOSED = "it closed its output, or has ended"
    TOO_MUCH = "it wrote more than the limit"
    STOPPED = "the handshake was cancelled"


class AgentProcess:
    """A running agent. Its methods block and belong to one thread; ``stop`` may be called from any.

    Raises:
        OSError: it cannot be started.
        ValueError: the command line is not valid, for instance because of a NUL in an argument.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self.output = Output()
        self._events: SimpleQueue[dict[str, Any] | StopReason] = SimpleQueue()
        self._errors: deque[bytes] = deque(maxlen=MAX_TAIL_LINES)
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
        self._orphans = Orphans(self._process.pid, folder)
        assert self._process.stdin and self._process.stdout and self._process.stderr  # noqa: S101, PT018  pipes
        self._stdin = self._process.stdin
        if os.name != "nt":
            # A write must not block on an agent that does not read.
            os.set_blocking(self._stdin.fileno(), False)
        self._readers = [
            _thread("output", self._read_output, self._process.stdout),
            _thread("errors", self._read_errors, self._process.stderr),
        ]
        self._waiter = _thread("end", self._await)
        for thread in (*self._readers, self._waiter):
            thread.start()

    def exit_report(self) -> ExitReport:
        """The exit code and the last lines of output, after ``finish``. A process that had to be killed has no code."""
        errors = tuple(line.decode("utf-8", "replace") for line in list(self._errors))
        code = self._process.returncode if self._by_itself else None
        return ExitReport(code=code, printed=self.output.words, errors=errors)

    def send(self, message: dict[str, Any]) -> None:
        """Writes a message; it is lost if the agent does not read it."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(msgspec.json.encode(message) + b"\n")

    def receive(self, within_s: float) -> dict[str, Any] | StopReason | None:
        """The next message; None after the timeout."""
        try:
            return self._events.get(timeout=max(0.0, within_s))
        except Empty:
            return None

    def stop(self) -> None:
        """Wakes a waiting ``receive``, and makes ``finish`` short."""
        self._hurry.set()
        self._events.put(StopReason.STOPPED)

    def finish(self, grace_s: float) -> bool | None:
        """Ends the agent and every process it started: closes its input, then sends SIGTERM, then SIGKILL.

        Returns whether closing its input was enough; None if it had ended before. Takes about three times the grace at
        most, unless the system itself cannot end it.
        """
        closed = not self._readers[0].is_alive()
        early = self._ended.wait(DRAIN_S if closed else 0)
        with contextlib.suppress(OSError):
            self._stdin.close()
        if self._hurry.is_set():
            grace_s = min(grace_s, HURRY_S)
        self._by_itself = self._ended.wait(grace_s)
        if not self._by_itself or self._orphans.find():
            self._signal(signal.SIGTERM)
            self._orphans.end(signal.SIGTERM)
            self._ended.wait(grace_s)
            self._wait_for_orphans(min(grace_s, DRAIN_S))
            self._orphans.end(FORCE)
        self._signal(FORCE)
        if self._ended.wait(KILL_S):
            self._process.wait()
        self._release()
        return None if early else self._by_itself

    def _wait_for_orphans(self, within_s: float) -> None:
        for _ in range(int(within_s / POLL_S)):
            if not self._orphans.find() or self._hurry.wait(POLL_S):
                return

    def _release(self) -> None:
        """Closes the pipes, also those that an escaped child still holds."""
        for reader in self._readers:
            reader.join(DRAIN_S)
        os.close(self._wake[1])
        for reader in self._readers:
            reader.join(KILL_S)
        os.close(self._wake[0])
        if self._ended.is_set():
            self._waiter.join(KILL_S)

    def _signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process group. The id cannot have been reused: its leader has not been waited for."""
        if os.name == "nt":
            command = ["taskkill", "/T", "/F", "/PID", str(self._process.pid)]
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _await(self) -> None:
        """Waits for the end of the process, where possible without reaping it, so that its id stays taken."""
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
        remainder = b""
        with pipe:
            while data := self._next(pipe.fileno()):
                *lines, remainder = (remainder + data).replace(b"\r", b"\n").split(b"\n")
                self._errors.extend(line[:MAX_KEPT_LINE_BYTES] for line in lines if line.strip())
                remainder = remainder[:MAX_KEPT_LINE_BYTES]
        if remainder.strip():
            self._errors.append(remainder)

    def _next(self, descriptor: int) -> bytes:
        """The next bytes; none at the end of the file, or once the pipe is released."""
        try:
            if os.name != "nt":
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.register(self._wake[0], select.POLLIN)
                if any(ready == self._wake[0] for ready, _ in poll.poll()):
                    return b""
            return os.read(descriptor, CHUNK_SIZE)
        except OSError:
            return b""


def _started(argv: Sequence[str], environment: Mapping[str, str], folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  the command line is the one that was found and reported
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=dict(environment),
        bufsize=0,
        # A process group of its own, without a terminal: it cannot prompt, and is ended as a whole.
        start_new_session=os.name != "nt",
    )


def _thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=work, args=arguments, name=f"modelport-agent-{name}", daemon=True)
