"""Whether a process runs, by Windows' own functions, which are played here."""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace
from typing import Any

import pytest

from modelport.adapters.agents.instances import liveness
from modelport.frontends.rpc import parent_watch
from modelport.windows_processes import is_running

WAIT_OBJECT_0, WAIT_TIMEOUT, WAIT_FAILED = 0x0, 0x102, 0xFFFFFFFF
HANDLE, PID = 44, 7


class Kernel:
    """The functions of kernel32 that matter; ``waited`` is what a wait for the process returns."""

    def __init__(self, handle: int = HANDLE, waited: int = WAIT_TIMEOUT) -> None:
        self._handle = handle
        self._waited = waited
        self.calls: list[tuple[Any, ...]] = []

    def OpenProcess(self, access: int, inherit: bool, pid: int) -> int:  # noqa: N802  the name in Windows
        self.calls.append(("open", access, inherit, pid))
        return self._handle

    def WaitForSingleObject(self, handle: int, timeout_ms: int) -> int:  # noqa: N802  the name in Windows
        self.calls.append(("wait", handle, timeout_ms))
        return self._waited

    def CloseHandle(self, handle: int) -> int:  # noqa: N802  the name in Windows
        self.calls.append(("close", handle))
        return 1


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a kernel in the place of that of the system."""

    def put(kernel: Kernel) -> Kernel:
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
        return kernel

    return put


def test_a_process_that_has_not_ended_runs_and_its_handle_is_closed(windows: Any) -> None:
    kernel = windows(Kernel())
    assert is_running(PID) is True
    assert kernel.calls == [("open", 0x100000, False, PID), ("wait", HANDLE, 0), ("close", HANDLE)]


@pytest.mark.parametrize("waited", [WAIT_OBJECT_0, WAIT_FAILED])
def test_a_process_that_has_ended_does_not_run_and_its_handle_is_closed(windows: Any, waited: int) -> None:
    kernel = windows(Kernel(waited=waited))
    assert is_running(PID) is False
    assert kernel.calls[-1] == ("close", HANDLE)


def test_a_process_that_cannot_be_opened_does_not_run(windows: Any) -> None:
    kernel = windows(Kernel(handle=0))
    assert is_running(PID) is False
    assert len(kernel.calls) == 1


@pytest.mark.parametrize("check", [liveness.lives, parent_watch._alive])
@pytest.mark.parametrize("waited", [WAIT_OBJECT_0, WAIT_TIMEOUT])
def test_on_windows_no_signal_is_sent(windows: Any, check: Any, waited: int, monkeypatch: pytest.MonkeyPatch) -> None:
    signals: list[tuple[int, int]] = []
    windows(Kernel(waited=waited))
    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", lambda *signal: signals.append(signal))
        patch.setattr(os, "name", "nt")
        running = check(PID)
    assert running is (waited == WAIT_TIMEOUT)
    assert signals == []


@pytest.mark.skipif(os.name != "nt", reason="Windows has these functions")
def test_the_functions_of_windows_itself() -> None:
    assert is_running(os.getpid())
    assert not is_running(2**31 - 8)
