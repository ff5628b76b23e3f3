"""An agent process: started without a shell in its own process group, and ended with every process it started."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any

from modelport.adapters.agents.handshakes.stdout_lines import MAX_KEPT_LINE_BYTES, Output
from modelport.adapters.child_processes.child import PIPE, start
from modelport.adapters.child_processes.pipes import PipeReader
from modelport.borders import json_bytes
from modelport.domain.agents.exit_report import MAX_TAIL_LINES, ExitReport

DRAIN_S = 1.0
"""How long to read the output of a program that has ended; its children may keep the pipe open for ever."""
END_S = 3.0
"""How long a program that has closed its output may take to end, as nearly every one does."""
KILL_S = 5.0
"""How long to wait for a process after SIGKILL."""
HURRY_S = 0.2
"""The grace once the handshake is cancelled."""
POLL_S = 0.02


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
        self._closed = threading.Event()
        self._ended = threading.Event()
        self._hurry = threading.Event()
        self._by_itself = False
        # A process group of its own, without a terminal: it cannot prompt, and is ended as a whole.
        self._child = start(argv, environment, cwd=folder, stdin=PIPE, stderr=PIPE, on_ended=self._ended.set)
        assert self._child.stdin and self._child.stdout and self._child.stderr  # noqa: S101, PT018  pipes
        self._stdin = self._child.stdin
        self._pipes = PipeReader()
        if os.name != "nt":
            # A write must not block on an agent that does not read.
            os.set_blocking(self._stdin.fileno(), False)
        self._readers = [
            _thread("output", self._read_output, self._child.stdout),
            _thread("errors", self._read_errors, self._child.stderr),
        ]
        self._waiter = _thread("end", self._await)
        for thread in (*self._readers, self._waiter):
            thread.start()

    def exit_report(self) -> ExitReport:
        """The exit code and the last lines of output, after ``finish``. A process that had to be killed has no code."""
        errors = tuple(line.decode("utf-8", "replace") for line in list(self._errors))
        code = self._child.code if self._by_itself else None
        return ExitReport(code=code, printed=self.output.words, errors=errors)

    def send(self, message: dict[str, Any]) -> None:
        """Writes a message; it is lost if the agent does not read it."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(json_bytes(message) + b"\n")

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
        early = self._ended.wait(END_S if self._closed.is_set() else 0)
        with contextlib.suppress(OSError):
            self._stdin.close()
        if self._hurry.is_set():
            grace_s = min(grace_s, HURRY_S)
        self._by_itself = self._ended.wait(grace_s)
        if self._child.left:
            self._end_all(min(grace_s, DRAIN_S) if self._by_itself else grace_s)
        self._release()
        return None if early else self._by_itself

    def _end_all(self, grace_s: float) -> None:
        """Ends every process, and waits until all are gone."""
        self._child.end(grace_s)
        deadline = time.monotonic() + grace_s
        while not self._child.wait_gone(POLL_S) and time.monotonic() < deadline:
            if self._hurry.is_set():
                grace_s = min(grace_s, HURRY_S)
                self._child.end(grace_s)
                break
        self._child.wait_gone(grace_s + KILL_S)

    def _release(self) -> None:
        """Closes the pipes, also those that a process still holds which cannot be ended."""
        for reader in self._readers:
            reader.join(DRAIN_S)
        self._pipes.release()
        for reader in self._readers:
            reader.join(KILL_S)
        self._pipes.close()
        if self._ended.is_set():
            self._waiter.join(KILL_S)

    def _await(self) -> None:
        """Waits for the end of the process, and reports it after the last of its output."""
        self._ended.wait()
        self._readers[0].join(DRAIN_S)
        self._events.put(StopReason.CLOSED)

    def _read_output(self, pipe: Any) -> None:
        with pipe:
            while data := self._pipes.read(pipe.fileno()):
                for message in self.output.feed(data):
                    self._events.put(message)
                if self.output.too_much:
                    self._closed.set()
                    self._events.put(StopReason.TOO_MUCH)
                    return
        for message in self.output.close():
            self._events.put(message)
        # Before the event: whoever gets it asks at once whether the output is closed.
        self._closed.set()
        self._events.put(StopReason.CLOSED)

    def _read_errors(self, pipe: Any) -> None:
        remainder = b""
        with pipe:
            while data := self._pipes.read(pipe.fileno()):
                *lines, remainder = (remainder + data).replace(b"\r", b"\n").split(b"\n")
                self._errors.extend(line[:MAX_KEPT_LINE_BYTES] for line in lines if line.strip())
                remainder = remainder[:MAX_KEPT_LINE_BYTES]
        if remainder.strip():
            self._errors.append(remainder)


def _thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=work, args=arguments, name=f"modelport-agent-{name}", daemon=True)
