"""Runs one program and ends it, with every process that it started, when the process at the other end is gone.

A program of its own, of the standard library only, whose argument is the number of a connected socket. What arrives
there first says what to run: a line ``BYTES GRACE_S SCOPE CORE [DROP…]``, then so many bytes with the arguments, each
after a NUL. ``CORE`` is the program's limit for core dumps, or ``-`` for this process's own. ``DROP`` names a variable
that Python itself adds. Then come commands, a line each:

* ``end GRACE_S``: SIGTERM to all processes, SIGKILL to those that are left after so many seconds.
* ``spare``: SIGKILL to the processes of the program's session; those that have left it are daemons, and stay.

The end of the socket, however the other process came to end, is ``end`` with the first grace. What goes back is
``started PID`` or ``failed ERRNO``, then ``ended STATUS LEFT``: the status of wait(2), and 1 where processes are left
that the program has started. The end of the socket says that none is.

There is one thread, since what runs between fork and exec may not rely on others, and as few imports as possible: most
of the cost is the start of Python. In the scope ``tree`` it adopts the processes whose parents have ended, so that none
escapes, which only Linux offers; in the scope ``group`` what is ended is the program's process group.

Source: prctl(2), proc_pid_stat(5), wait(2).
"""

# Texts are cheaper than paths, and there are hundreds of processes.
# ruff: noqa: PTH123, PTH208
from __future__ import annotations

import os
import select
import sys
import time

# The name tells a type checker; importing typing would double the cost of a start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The module without its enumerations, which take a quarter of the start.
signals: Any = __import__("_signal")

# For the types of what other systems have.
assert sys.platform != "win32"  # noqa: S101
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
IGNORED_BY_PYTHON = frozenset((signals.SIGPIPE, signals.SIGXFSZ))
"""A write to a socket whose other end is gone is an error here, and not the end."""
NOT_STARTED = 127
CHUNK_SIZE = 64 * 1024
POLL_S = 0.02
"""The interval at which processes are looked for while they are ended."""
MAX_KILL_S = 10.0
"""How long a process that was killed may take; one of another user, or in a system call that hangs, is given up."""
MAX_GROUP_KILL_S = 1.0
"""The same for a process group, where one that only waits to be reaped cannot be told from one that runs."""


class Supervisor:
    """The program that runs, and what has been requested of it."""

    def __init__(self, control: int) -> None:
        self._control = control
        # The program must not hold it, or its end would not be seen.
        os.set_inheritable(control, False)
        self._received = b""
        self._program = 0
        self._running = True
        self._grace_s = 0.0
        self._tree = False
        self._deadline: float | None = None
        """When what is left is killed; None until an end is requested."""
        self._killed_at: float | None = None
        self._spare = False
        self._core: int | None = None

    def run(self) -> None:
        """Runs the program until nothing is left of it."""
        argv = self._request()
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if argv is None or any(events & select.POLLHUP for _, events in poll.poll(0)):
            return
        wake, woken = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        poll.register(wake, select.POLLIN)
        signals.set_wakeup_fd(woken, warn_on_full_buffer=False)
        _ignore_nothing()
        # Not ignored, which the program would inherit: this one only has to outlive it.
        for number in (signals.SIGCHLD, signals.SIGTERM, signals.SIGINT, signals.SIGHUP):
            signals.signal(number, _stay)
        try:
            self._program = _started(argv, self._core, adopts=self._tree)
        except OSError as error:
            self._tell(f"failed {error.errno}")
            return
        self._tell(f"started {self._program}")
        while self._reap() and not self._enforce():
            for descriptor, _ in poll.poll(None if self._deadline is None else POLL_S * 1000):
                if descriptor == wake:
                    os.read(wake, CHUNK_SIZE)
                elif self._receive():
                    self._obey()
                else:
                    poll.unregister(self._control)
                    if not self._spare:
                        self._end(self._grace_s)

    def _request(self) -> list[str] | None:
        """The arguments of the program; None where the other process has gone before it has sent them."""
        while b"\n" not in self._received:
            if not self._receive():
                return None
        head, _, self._received = self._received.partition(b"\n")
        size, grace_s, scope, core, *drop = head.decode().split()
        while len(self._received) < int(size):
            if not self._receive():
                return None
        arguments, self._received = self._received[: int(size)], self._received[int(size) :]
        self._grace_s, self._tree = float(grace_s), scope == "tree"
        self._core = None if core == "-" else int(core)
        for name in drop:
            os.environ.pop(name, None)
        return [os.fsdecode(argument) for argument in arguments.split(b"\0")[1:]]

    def _receive(self) -> bool:
        """Takes what has arrived; returns whether the other end is open."""
        try:
            data = os.read(self._control, CHUNK_SIZE)
        except OSError:
            return False
        self._received += data
        return bool(data)

    def _tell(self, line: str) -> None:
        try:
            os.write(self._control, f"{line}\n".encode())
        except OSError:
            return

    def _reap(self) -> bool:
        """Takes the status of those that have ended, and reports the program's; returns whether any process is left."""
        status, left = None, True
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._program:
                    status, self._running = ended[1], False
        except ChildProcessError:
            left = False
        if not self._tree:
            left = self._running or self._group_is_left()
        if status is not None:
            self._tell(f"ended {status} {int(left)}")
        return left

    def _group_is_left(self) -> bool:
        try:
            os.killpg(self._program, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    def _obey(self) -> None:
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            command, *values = line.split()
            if command == b"end":
                self._end(float(values[0]))
            elif command == b"spare" and self._deadline is None:
                self._spare, self._deadline = True, 0.0

    def _end(self, grace_s: float) -> None:
        """Requests the end of all processes; the shortest grace counts."""
        self._spare = False
        deadline = time.monotonic() + grace_s
        if self._deadline is None:
            self._send(signals.SIGTERM)
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)

    def _enforce(self) -> bool:
        """Kills what is left once the grace is over; returns whether there is nothing more that could be killed."""
        now = time.monotonic()
        if self._deadline is None or now < self._deadline:
            return False
        self._killed_at = self._killed_at or now
        limit_s = MAX_KILL_S if self._tree else MAX_GROUP_KILL_S
        return not self._send(signals.SIGKILL) or now > self._killed_at + limit_s

    def _send(self, number: int) -> bool:
        """Sends a signal to all that are to end; returns whether there is any."""
        if self._tree:
            targets = [pid for pid, session in _descendants() if not self._spare or session == self._program]
        else:
            targets = [-self._program]
        sent = False
        for pid in targets:
            try:
                os.kill(pid, number)
                sent = True
            except OSError:
                # It has ended meanwhile, or is another user's.
                continue
        return sent


def _started(argv: list[str], core: int | None, *, adopts: bool) -> int:
    """Starts the program in a session of its own, with a limit for core dumps; returns its number.

    Raises:
        OSError: it cannot be started.
    """
    prctl: Any = None
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, int(adopts), 0, 0, 0)
    limits: Any = None if core is None else __import__("resource")
    failed, failure = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        # Not this process's own limit: what is secret in the environment is in its memory too.
        _limit(limits, core)
        _become(argv, prctl, parent, failure)
    os.close(failure)
    number = os.read(failed, 16)
    os.close(failed)
    if number:
        os.waitpid(pid, 0)
        raise OSError(int(number), os.strerror(int(number)))
    # The pipes are the program's alone: their ends have to be seen.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    # Nor is the folder this one's, which may have to be removed.
    os.chdir("/")
    return pid


def _limit(limits: Any, core: int | None) -> None:
    """Gives the process a limit for core dumps, if there is one and the hard limit allows it."""
    hard: int = limits.getrlimit(limits.RLIMIT_CORE)[1] if limits else 0
    if core is not None and (hard == -1 or -1 < core <= hard):
        limits.setrlimit(limits.RLIMIT_CORE, (core, hard))


def _become(argv: list[str], prctl: Any, parent: int, failure: int) -> None:
    """Turns the forked process into the program; does not return."""
    try:
        os.setsid()
        for number in IGNORED_BY_PYTHON:
            # What is ignored stays so.
            signals.signal(number, signals.SIG_DFL)
        if prctl is not None:
            # The program dies with this one, should this one be killed, and has no watch then.
            prctl(PR_SET_PDEATHSIG, int(signals.SIGKILL), 0, 0, 0)
            if os.getppid() != parent:
                return
        os.execvp(argv[0], argv)  # noqa: S606  where it comes from, those say who request it
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    finally:
        os._exit(NOT_STARTED)


def _descendants() -> list[tuple[int, int]]:
    """The processes below this one that have not ended, each with its session."""
    parents: dict[int, int] = {}
    sessions: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                state, parent, _, session = file.read(4096).rpartition(b")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        parents[int(name)] = int(parent)
        if state not in b"ZX":
            sessions[int(name)] = int(session)
    below = added = {os.getpid()}
    while added:
        added = {pid for pid, parent in parents.items() if parent in below and pid not in below}
        below |= added
    return [(pid, sessions[pid]) for pid in below if pid in sessions and pid != os.getpid()]


def _ignore_nothing() -> None:
    """What a shell has a command in the background ignore is not for the programs that it starts."""
    for number in signals.valid_signals() - IGNORED_BY_PYTHON:
        if signals.getsignal(number) == signals.SIG_IGN:
            try:
                signals.signal(number, signals.SIG_DFL)
            except OSError:
                # The C library keeps two for itself.
                continue


def _stay(number: int, frame: object) -> None:
    """Takes a signal and goes on."""
