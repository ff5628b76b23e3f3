"""A real proxy of another project (pproxy), in a process of its own, that connects every host to this machine."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from importlib.util import find_spec
from typing import Self

from support.programs import missing

PACKAGE = "pproxy"
PROGRAM = """
import asyncio, socket, sys

import pproxy

look_up = socket.getaddrinfo
# Whatever the host, it is here; the proxy says below which one was requested.
socket.getaddrinfo = lambda host, *more, **named: look_up("127.0.0.1", *more, **named)


class Route(type(pproxy.DIRECT)):
    async def open_connection(self, host, port, local_addr, lbind, timeout=60):
        print("asked", host, flush=True)
        return await super().open_connection("127.0.0.1", port, local_addr, lbind, timeout)

    def logtext(self, host, port):
        return ""


async def main():
    listening = pproxy.Server(sys.argv[1])
    server = await listening.start_server({"rserver": [Route()], "authtime": 0})
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
"""


class RealProxy:
    """Runs until closed. ``protocol`` is one of pproxy's: ``http``, ``socks4`` or ``socks5``."""

    def __init__(self, protocol: str, log_in: str = "") -> None:
        if find_spec(PACKAGE) is None:
            missing(f"{PACKAGE} is not installed")
        suffix = f"#{log_in}" if log_in else ""
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, f"{protocol}://127.0.0.1:0{suffix}"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._words: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        word, number = self._words.get(timeout=15)
        assert word == "port"
        self.address = f"127.0.0.1:{number}"

    def hosts(self, count: int = 1) -> list[str]:
        """The hosts that connections were requested to since the last call, of which there are so many or more."""
        found = [self._words.get(timeout=15)[1] for _ in range(count)]
        while not self._words.empty():
            found.append(self._words.get()[1])
        return found

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, rest = line.strip().partition(" ")
            self._words.put((word, rest))
        self._words.put(("end", ""))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
