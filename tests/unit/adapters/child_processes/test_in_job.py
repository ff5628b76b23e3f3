"""Programs in jobs of Windows, whose functions are played here."""

# The names are those of Windows.
# ruff: noqa: N802
from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from modelport.adapters.child_processes import in_job
from modelport.adapters.child_processes.in_job import InJob

JOB, PROCESS = 5, 6
LIMIT_S = 10.0


class Windows:
    """The functions that matter, and a program that runs until it is killed."""

    def __init__(self, *, takes: bool = True) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.active = 1
        self.ended = threading.Event()
        self._takes = takes

    def CreateJobObjectW(self, *_: Any) -> int:
        self.calls.append(("create",))
        return JOB

    def SetInformationJobObject(self, job: Any, kind: int, limits: Any, size: int) -> int:
        assert (kind, size) == (9, 144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112)
        self.calls.append(("limit", job.value, limits._obj.flags))
        return 1

    def AssignProcessToJobObject(self, job: Any, process: Any) -> int:
        self.calls.append(("assign", job.value, process.value))
        return int(self._takes)

    def NtResumeProcess(self, process: Any) -> int:
        self.calls.append(("resume", process.value))
        return 0

    def QueryInformationJobObject(self, _job: Any, kind: int, counts: Any, size: int, _: Any) -> int:
        assert (kind, size) == (1, 48)
        counts._obj.active = self.active
        return 1

    def TerminateJobObject(self, job: Any, code: int) -> int:
        self.calls.append(("terminate", job.value, code))
        self.active = 0
        self.ended.set()
        return 1

    def CloseHandle(self, handle: Any) -> int:
        self.calls.append(("close", handle.value))
        return 1


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(system: Windows) -> Windows:
        class Process:
            pid, stdin, stdout, stderr, returncode, _handle = 77, None, None, None, 3, PROCESS

            def __init__(self, argv: list[str], **settings: Any) -> None:
                assert settings["creationflags"] == 4, "it is halted until it is in the job"
                system.calls.append(("start", *argv))

            def wait(self, timeout: float | None = None) -> int:
                if not system.ended.wait(timeout):
                    raise subprocess.TimeoutExpired("", timeout or 0)
                return 3

            def poll(self) -> int | None:
                return 3 if system.ended.is_set() else None

            def kill(self) -> None:
                system.calls.append(("kill",))
                system.ended.set()

        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=system, ntdll=system), raising=False)
        monkeypatch.setattr(in_job.subprocess, "Popen", Process)
        return system

    return put


def start(on_ended: Any = None) -> InJob:
    return InJob(["program"], {}, None, (subprocess.DEVNULL,) * 3, on_ended)


STARTED = [
    ("create",), ("limit", JOB, 0x2000), ("start", "program"), ("assign", JOB, PROCESS), ("resume", PROCESS),
]  # fmt: skip


def test_it_runs_once_it_is_in_a_job_that_ends_with_us(windows: Any) -> None:
    system = windows(Windows())
    running = start()
    assert system.calls == STARTED
    assert (running.pid, running.left, running.wait(0), running.wait_gone(0)) == (77, True, False, False)
    running.end(0)


def test_the_end_of_the_job_is_the_end_of_all(windows: Any) -> None:
    system, ended = windows(Windows()), threading.Event()
    running = start(ended.set)
    running.end(5)
    assert running.wait(LIMIT_S)
    assert running.wait_gone(LIMIT_S)
    assert ended.wait(LIMIT_S)
    assert running.code == 3
    running.end(0)
    running.spare()
    assert system.calls == [*STARTED, ("terminate", JOB, 1), ("close", JOB)], "a closed handle is not used"


def test_what_is_spared_is_not_ended_with_the_handle(windows: Any) -> None:
    system = windows(Windows())
    running = start()
    running.spare()
    assert system.calls == [*STARTED, ("limit", JOB, 0), ("kill",), ("close", JOB)]
    assert not running.left


def test_what_cannot_be_put_into_a_job_does_not_run(windows: Any) -> None:
    system = windows(Windows(takes=False))
    with pytest.raises(OSError, match="job"):
        start()
    assert system.calls == [*STARTED[:-1], ("kill",), ("close", JOB)]


@pytest.mark.skipif(sys.platform != "win32", reason="Windows has these functions")
def test_the_functions_of_windows_itself() -> None:
    import os

    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    running = InJob([sys.executable, "-c", code], os.environ, None, (subprocess.DEVNULL,) * 3, None)
    assert running.wait(LIMIT_S)
    assert running.left
    running.end(0)
    assert running.wait_gone(LIMIT_S)
