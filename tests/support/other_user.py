"""A program of another account that listens on this machine, which only root can start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NOBODY = 65534
_CODE = """
import os, select, socket, sys
user, host, port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
os.setgid(user)
os.setuid(user)
listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
print(listener.getsockname()[1], flush=True)
got = b""
while True:
    ready, _, _ = select.select([listener, 0], [], [])
    if listener not in ready:
        break
    connection, _ = listener.accept()
    got += b"a connection: "
    connection.settimeout(12)
    try:
        got += connection.recv(65536)
    except OSError:
        pass
    connection.close()
sys.stdout.buffer.write(got)
"""


def _as_root() -> list[str]:
    """What makes a command one of root; in continuous integration on Linux it is there, elsewhere the test is skipped."""
    if sys.platform == "win32" or sys.platform == "darwin":
        pytest.skip("what listens is read from /proc")
    if os.geteuid() == 0:
        return []
    if os.environ.get("CI") == "true":
        return ["sudo", "-n"]
    pytest.skip("only root can start a program of another account")


@contextmanager
def listening_as(uid: int, host: str = "127.0.0.1", port: int = 0, *, connections: int = 0) -> Iterator[int]:
    """The port at which a program of an account listens; what was sent to it until the end fails the test.

    So do other than so many ``connections``.
    """
    command = [*_as_root(), sys.executable, "-I", "-c", _CODE, str(uid), host, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            got, _ = process.communicate(b"\n", timeout=15)
    assert got == b"a connection: " * connections
