"""Runs one program and sees to it that it does not outlive the process that started it.

A program of its own, of the standard library only: ``python -I -S supervisor.py GRACE_S PROGRAM ARGUMENT…``. Its
standard input is a pipe without data. When it closes, however the other end died, the process group is terminated, and
killed after ``GRACE_S`` seconds. When the program ends, so does this one, with its code.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any

NOT_STARTED = 127
PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


def main(arguments: list[str]) -> int:
    """Runs the program; returns its exit code, as a shell would."""
    grace_s, command = float(arguments[0]), arguments[1:]
    if os.name != "nt":
        # Not ignored, which the program would inherit: this one only has to outlive the others of its group.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _stay)
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_last_will())  # noqa: PLW1509, S603
    except (OSError, ValueError) as error:
        sys.stdout.write(f"{getattr(error, 'strerror', None) or error}\n")
        return NOT_STARTED
    gone = threading.Event()
    watch = threading.Thread(target=_watch, args=(process, grace_s, gone), daemon=True)
    watch.start()
    code = process.wait()
    if gone.is_set():
        # Its children may still be there.
        watch.join()
    return code if code >= 0 else 128 - code


def _stay(number: int, frame: object) -> None:
    """Takes a signal and goes on."""


def _watch(process: subprocess.Popen[bytes], grace_s: float, gone: threading.Event) -> None:
    """Ends the group when the other end of standard input has closed."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    gone.set()
    if os.name == "nt":
        number = str(process.pid)
        subprocess.run(["taskkill", "/F", "/T", "/PID", number], check=False, capture_output=True)  # noqa: S603, S607
        return
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    os.killpg(0, signal.SIGKILL)


def _last_will() -> Any:
    """On Linux, what makes the program die with this one, should this one be killed."""
    if sys.platform != "linux":
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
