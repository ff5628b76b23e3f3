"""Programs that are not ours, such as servers, started for a test; each is ended with its child processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from support import programs

T = TypeVar("T")
START_S = 60.0
STOP_S = 5.0
POLL_S = 0.05


class Program:
    """A running program in a process group of its own. Its output is kept; the end of the block ends the group."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._output = ""
        self._ended = False
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if stdin is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    @property
    def output(self) -> str:
        """Its whole output so far."""
        with self._changed:
            return self._output

    def wait_for(self, pattern: str, timeout_s: float = START_S) -> re.Match[str]:
        """Waits until it has printed something that matches."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while (match := re.search(pattern, self._output)) is None:
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(f"never printed {pattern!r}: {self._output}")
                self._changed.wait(left)
        return match

    def until(self, probe: Callable[[], T | None], timeout_s: float = START_S) -> T:
        """Repeats the probe until it returns a result; fails as soon as the program has ended."""
        deadline = time.monotonic() + timeout_s
        while (found := probe()) is None:
            assert self.process.poll() is None, f"it ended: {self.output}"
            assert time.monotonic() < deadline, f"not ready after {timeout_s:g} s: {self.output}"
            time.sleep(POLL_S)
        return found

    def stop(self) -> None:
        """Terminates the process group, then kills it: the program's child processes end with it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            while data := os.read(self.process.stdout.fileno(), 65536):
                with self._changed:
                    self._output += data.decode("utf-8", "replace")
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        with contextlib.suppress(OSError):
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int, within_s: float = 5) -> bool:
    """Waits for the end of a process that is not a child of ours."""
    deadline = time.monotonic() + within_s
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def free_port() -> int:
    """A port that is free at this moment; for programs that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url: str, *, body: Any = None, method: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON at a loopback address; ``body`` is sent as JSON.

    Raises:
        OSError: no answer, or a refusal.
    """
    assert url.startswith("http://127.0.0.1:"), url
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    if data is not None:
        request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise OSError(f"{url} answered {refusal.code}: {refusal.read()[:500]!r}") from None


def answers(url: str) -> Callable[[], Any]:
    """A probe for ``Program.until``: whether a server answers there."""

    def probe() -> Any:
        try:
            return fetch(url)
        except (OSError, ValueError):
            return None

    return probe


class Aimock(Program):
    """The mock of many vendors' interfaces from npm. Requests are grouped by the header ``X-Test-Id``."""

    def __init__(self, fixtures: Path, *, latency_ms: int = 2, keys: Sequence[str] = ()) -> None:
        script = programs.node_module("@copilotkit/aimock/dist/cli.js")
        settings = ["--port", "0", "--latency", str(latency_ms), "--log-level", "info", "--validate-on-load"]
        env = {**os.environ, **({"AIMOCK_API_KEYS": ",".join(keys)} if keys else {})}
        super().__init__([programs.node(), script, "--fixtures", fixtures, *settings], env=env)
        try:
            self.url = self.wait_for(r"listening on (http://127\.0\.0\.1:\d+)")[1]
        except BaseException:
            self.stop()
            raise

    def journal(self, test_id: str) -> list[dict[str, Any]]:
        """The requests that came under this id, oldest first."""
        return fetch(f"{self.url}/__aimock/journal?testId={test_id}")

    def trouble(self, test_id: str, **rates: float) -> None:
        """Makes later requests under this id fail, for instance with ``malformedRate=1``."""
        fetch(f"{self.url}/__aimock/chaos", body=rates, method="POST", headers={"X-Test-Id": test_id})


class MlxServer(Program):
    """mlx_lm.server from PyPI with a model from a folder."""

    def __init__(self, program: Path, model: Path, cache: Path) -> None:
        (cache / "hub").mkdir(parents=True)
        self.port = free_port()
        super().__init__(
            [program, "--model", model, "--host", "127.0.0.1", "--port", str(self.port)],
            env={**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"},
        )
        try:
            self.until(answers(f"http://127.0.0.1:{self.port}/v1/models"))
        except BaseException:
            self.stop()
            raise


class Relay:
    """Forwards connections to a port, and records which side ended them."""

    def __init__(self, port: int) -> None:
        self.closed_by_client = threading.Event()
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for end in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                self._sockets.append(server)
                threading.Thread(target=self._pass, args=(client, server, self.closed_by_client), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, None), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, ended: threading.Event | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        if ended is not None:
            ended.set()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
