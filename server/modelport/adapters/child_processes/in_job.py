"""A program in a job object of Windows: what it starts is in it too, and all of it ends with the job's last handle.

Source: Job Objects, CreateJobObjectW, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, NtResumeProcess.
"""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

EXTENDED_LIMITS, ACCOUNTING = 9, 1
"""The classes of information."""
KILL_ON_JOB_CLOSE = 0x2000
CREATE_SUSPENDED = 0x4
FORCED_CODE = 1
POLL_S = 0.02
_Size = ctypes.c_size_t


class _Limits(ctypes.Structure):
    _fields_ = (
        ("user_time", ctypes.c_int64 * 2),
        ("flags", ctypes.c_uint32),
        ("working_set", _Size * 2),
        ("active_processes", ctypes.c_uint32),
        ("affinity", _Size),
        ("classes", ctypes.c_uint32 * 2),
        ("io", ctypes.c_uint64 * 6),
        ("memory", _Size * 4),
    )


class _Accounting(ctypes.Structure):
    _fields_ = (
        ("times", ctypes.c_int64 * 4),
        ("page_faults", ctypes.c_uint32),
        ("total", ctypes.c_uint32),
        ("active", ctypes.c_uint32),
        ("terminated", ctypes.c_uint32),
    )


class InJob:
    """A ``Child`` in a job of its own. It is started halted, so that nothing happens before it is in the job."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        cwd: str | None,
        pipes: tuple[int, int, int],
        on_ended: Callable[[], None] | None,
    ) -> None:
        windll: Any = getattr(ctypes, "windll")  # noqa: B009  it exists on Windows only
        self._kernel = windll.kernel32
        self._closed = False
        self._lock = threading.Lock()
        self._on_ended = on_ended
        self._job = ctypes.c_void_p(self._kernel.CreateJobObjectW(None, None))
        self._limit(KILL_ON_JOB_CLOSE)
        try:
            self._process = subprocess.Popen(  # noqa: S603  each caller says where its command line comes from
                list(argv),
                stdin=pipes[0],
                stdout=pipes[1],
                stderr=pipes[2],
                cwd=cwd,
                env=dict(environment),
                bufsize=0,
                creationflags=CREATE_SUSPENDED,
            )
        except BaseException:
            self._close()
            raise
        handle = ctypes.c_void_p(int(getattr(self._process, "_handle")))  # noqa: B009  of Windows only
        if not self._kernel.AssignProcessToJobObject(self._job, handle):
            self._process.kill()
            self._close()
            raise OSError("The program cannot be put into a job")
        windll.ntdll.NtResumeProcess(handle)
        self.pid = self._process.pid
        threading.Thread(target=self._watch, name="modelport-child", daemon=True).start()

    @property
    def stdin(self) -> IO[bytes] | None:
        """Its standard input, unbuffered, if it is a pipe."""
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes] | None:
        """Its standard output, unbuffered, if it is a pipe."""
        return self._process.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        """Its standard error, unbuffered, if it is a pipe."""
        return self._process.stderr

    @property
    def code(self) -> int | None:
        """The exit code."""
        return self._process.returncode

    @property
    def left(self) -> bool:
        """Whether any process is left."""
        with self._lock:
            if self._closed:
                return False
            counts = _Accounting()
            size = ctypes.sizeof(counts)
            self._kernel.QueryInformationJobObject(self._job, ACCOUNTING, ctypes.byref(counts), size, None)
            return counts.active > 0

    def wait(self, timeout_s: float) -> bool:
        """Waits until the program has ended; returns whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
            return True
        return False

    def wait_gone(self, timeout_s: float) -> bool:
        """Waits until no process is left; returns whether none is."""
        deadline, pause = time.monotonic() + timeout_s, threading.Event()
        while self.left:
            if time.monotonic() > deadline:
                return False
            pause.wait(POLL_S)
        self._process.wait()
        self._close()
        return True

    def end(self, grace_s: float) -> None:
        """Ends all processes by force, since Windows has no way to request it."""
        with self._lock:
            if not self._closed:
                self._kernel.TerminateJobObject(self._job, FORCED_CODE)

    def spare(self) -> None:
        """Ends the program. What it has started stays: nothing tells a daemon from the rest."""
        self._limit(0)
        if self._process.poll() is None:
            self._process.kill()
        self._close()

    def _limit(self, flags: int) -> None:
        limits = _Limits(flags=flags)
        with self._lock:
            if not self._closed:
                size = ctypes.sizeof(limits)
                self._kernel.SetInformationJobObject(self._job, EXTENDED_LIMITS, ctypes.byref(limits), size)

    def _close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._kernel.CloseHandle(self._job)

    def _watch(self) -> None:
        self._process.wait()
        if self._on_ended is not None:
            self._on_ended()
