"""A process that has loaded Modelport once, and forks for each Modelport that tests start; a script.

Loading takes most of what a start costs, and every start loads the same. What it forks is a process like any other: its
arguments, environment, folder and descriptors are those that were requested, and it ends as Python does. Only its command
line and what the kernel shows as its first environment are those of this script.

It ends with its socket. A request is one packet: JSON, and four descriptors, for the standard streams and for the exit
status.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from typing import Any

MAX_REQUEST_BYTES = 100_000


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Forks for each request; returns the request in the process that it is for, and None at the end of the socket."""
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    statuses: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            _report_ended(statuses)
        if control not in ready:
            continue
        packet, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 4)
        if not packet:
            return None
        request = json.loads(packet)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.detach()
            for number, descriptor in enumerate(descriptors[:3]):
                os.dup2(descriptor, number)
            os.closerange(3, 256)
            _open_streams()
            return request
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        statuses[pid] = descriptors[3]
        control.send(str(pid).encode())


def _open_streams() -> None:
    """Opens the standard streams anew, as Python does: what they are open on decides whether they can be searched."""
    for number, (name, mode) in enumerate({"stdin": "r", "stdout": "w", "stderr": "w"}.items()):
        old = getattr(sys, name)
        by_line = name == "stderr" or os.isatty(number)
        new = open(number, mode, encoding=old.encoding, errors=old.errors, closefd=False)  # noqa: SIM115
        if mode == "w":
            new.reconfigure(line_buffering=by_line)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _report_ended(statuses: dict[int, int]) -> None:
    for pid in list(statuses):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            descriptor = statuses.pop(pid)
            os.write(descriptor, str(status).encode())
            os.close(descriptor)


def main() -> None:
    """Loads the modules that are named, then forks."""
    # The folder of this script is no place for Modelport's modules.
    del sys.path[0]
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    request = serve(control)
    if request is None:
        return
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    if request["cwd"] is not None:
        os.chdir(request["cwd"])
    from modelport import __main__ as modelport

    sys.argv = [str(modelport.__file__), *request["arguments"]]
    try:
        getattr(modelport, request["entry"])()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            _exit(end.code or 0)
        raise


def _exit(code: int) -> None:
    """Ends as Python does, but for the taking down of its modules, which would copy all that is shared with this script."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
