"""What a program prints: run to its end or up to a limit, with all that it has started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from typing import IO, NamedTuple

from modelport.adapters.child_processes.child import start
from modelport.adapters.child_processes.pipes import PipeReader

DRAIN_S = 0.5
"""How long to read on once the program has ended; a daemon that it has started may hold the pipe for ever."""
KILL_S = 5.0
"""How long to wait for processes after SIGKILL."""


class Stop(Enum):
    """Why no more is read."""

    ENDED = "the program has ended"
    FOUND = "what was wanted has been printed"
    TIMEOUT = "the time is over"
    TOO_MUCH = "it prints more than the limit"
    CANCELLED = "the caller no longer wants it"


class Output(NamedTuple):
    """What a program has printed, which may be a key and is not shown, and why no more was read."""

    printed: bytes
    code: int | None
    """The exit code, or the negative number of a signal; None if it had not ended."""
    stop: Stop

    def __repr__(self) -> str:
        return f"Output({len(self.printed)} bytes, code={self.code}, stop={self.stop.name})"


class OutputReader:
    """Runs one program, on the thread of its caller; ``cancel`` may be called from any.

    What the program leaves behind is ended with it. Daemons alone are spared, and only where it has printed what was
    wanted: programs that print keys start agents that are to outlive them, as ``pass`` starts ``gpg-agent``.
    """

    def __init__(self) -> None:
        self._events: SimpleQueue[bytes | Stop | None] = SimpleQueue()
        # No local of a frame that waits.
        self._printed = bytearray()

    def cancel(self) -> None:
        """Makes ``run`` end the program and return soon."""
        self._events.put(Stop.CANCELLED)

    def run(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: str | None = None,
        timeout_s: float,
        max_bytes: int,
        found: Callable[[bytes], bool] | None = None,
    ) -> Output:
        """Reads what it prints until it ends, ``found`` holds of all it has printed so far, or a limit is reached.

        It gets no input, and its standard error is dropped.

        Raises:
            OSError: it cannot be started.
            ValueError: the command line is not valid.
        """
        deadline = time.monotonic() + timeout_s
        child = start(argv, environment, cwd=cwd, on_ended=lambda: self._events.put(Stop.ENDED))
        assert child.stdout is not None  # noqa: S101  it is a pipe
        pipe = PipeReader()
        reader = threading.Thread(
            target=self._read, args=(pipe, child.stdout), name="modelport-child-output", daemon=True
        )
        reader.start()
        stop = Stop.CANCELLED
        try:
            stop = self._collect(deadline, max_bytes, found)
        finally:
            if stop is Stop.FOUND or (stop is Stop.ENDED and child.code == 0):
                child.spare()
            else:
                child.end(0)
            child.wait_gone(KILL_S)
            pipe.release()
            reader.join(KILL_S)
            pipe.close()
        return Output(bytes(self._printed), child.code if stop is Stop.ENDED else None, stop)

    def _read(self, pipe: PipeReader, stdout: IO[bytes]) -> None:
        with stdout:
            while data := pipe.read(stdout.fileno()):
                self._events.put(data)
        self._events.put(None)

    def _collect(self, deadline: float, max_bytes: int, found: Callable[[bytes], bool] | None) -> Stop:
        ended = closed = False
        while not (ended and closed):
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                return Stop.ENDED if ended else Stop.TIMEOUT
            if isinstance(event, bytes):
                self._printed += event
                if found is not None and found(bytes(self._printed)):
                    return Stop.FOUND
                if len(self._printed) > max_bytes:
                    return Stop.TOO_MUCH
            elif event is Stop.ENDED:
                ended, deadline = True, min(deadline, time.monotonic() + DRAIN_S)
            elif event is None:
                closed = True
            else:
                return event
        return Stop.ENDED
