"""The support that starts other programs for a test: none outlives it, and a missing one is reported."""

from __future__ import annotations

import sys
import time

import pytest

from support import programs
from support.peers import Program, Relay, alive, fetch, free_port, gone

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=False)
print("child", child.pid, flush=True)
time.sleep(600)
"""


def test_a_program_ends_with_all_it_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.peers.STOP_S", 0.3)
    with Program([sys.executable, "-c", STUBBORN]) as program:
        child = int(program.wait_for(r"child (\d+)")[1])
        assert alive(child)
    assert program.process.returncode is not None
    assert gone(child)


def test_a_program_that_ends_is_reported_at_once() -> None:
    with Program([sys.executable, "-c", "print('oh no'); raise SystemExit(3)"]) as program:
        began = time.monotonic()
        with pytest.raises(AssertionError, match="oh no"):
            program.wait_for("ready", timeout_s=30)
        program.process.wait(10)
        with pytest.raises(AssertionError, match="it ended"):
            program.until(lambda: None, timeout_s=30)
        assert time.monotonic() - began < 10


def test_a_program_that_is_never_ready() -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    with Program(sleeper) as program, pytest.raises(AssertionError, match="not ready"):
        program.until(lambda: None, timeout_s=0.2)


def test_what_is_missing_is_skipped_but_not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        programs.environment_program("no-such-program", "no-such-package")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-module"):
        programs.node_module("no-such-module/index.js")


def test_a_relay_passes_refusals_on() -> None:
    with Relay(free_port()) as relay, pytest.raises(OSError):  # noqa: PT011  any of them
        fetch(f"http://127.0.0.1:{relay.port}/")
