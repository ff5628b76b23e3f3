"""The server as its clients see it: a process, two pipes and bytes. Independent of the server's code."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from support.contract_validator import Contract, Exchange
from support.forked import ForkedProcess, ForkServer

CONTRACT = Contract()
TIMEOUT_S = 15.0
MAX_DIGITS = 4300


MODELPORT = (sys.executable, "-m", "modelport")


class Ended(Exception):
    """The server closed its output."""


def frame(message: Any) -> bytes:
    """A message as bytes on the wire."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def read_json(text: str | bytes) -> Any:
    """JSON as a value; a number with more digits than Python reads is its text."""
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= MAX_DIGITS else digits)


def started(
    command: tuple[str, ...], arguments: tuple[str, ...], *, env: dict[str, str], cwd: Path | None, fresh: bool
) -> subprocess.Popen[bytes]:
    """A process with three pipes: forked where the tests have a process that forks, unless it must be ``fresh``."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    server = ForkServer.current
    if command == MODELPORT and not fresh and server is not None and server.serves(env):
        return ForkedProcess(server, arguments, env=env, cwd=cwd, **pipes)
    return subprocess.Popen([*command, *arguments], env=env, cwd=cwd, **pipes)


class ServerProcess:
    """A running server. Every message must be claimed: ``close`` fails on unclaimed ones.

    Every message must fit ``protocol/model.json`` too: the end of the ``with`` block fails on one that does not.
    """

    def __init__(
        self,
        *,
        env: dict[str, str] | None = None,
        arguments: tuple[str, ...] = ("serve",),
        read: bool = True,
        command: tuple[str, ...] = MODELPORT,
        cwd: Path | None = None,
        fresh: bool = False,
    ) -> None:
        self.process = started(command, arguments, env={**os.environ, **(env or {})}, cwd=cwd, fresh=fresh)
        self.stderr = ""
        self.unclaimed: list[dict[str, Any]] = []
        self.exchange = Exchange(CONTRACT)
        self._ids = itertools.count(1)
        self._messages: queue.Queue[dict[str, Any] | Exception] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._errors = threading.Thread(target=self._read_stderr, daemon=True)
        self._errors.start()
        if read:
            self.start_reading()

    def start_reading(self) -> None:
        self._reader.start()

    # Sending.

    def initialize(self, **params: Any) -> dict[str, Any]:
        """Sends initialize and initialized, as an editor does; returns the result."""
        given = {"processId": os.getpid(), "clientInfo": {"name": "tests"}, "capabilities": {}, **params}
        result = self.request("initialize", given)["result"]
        self.notify("initialized", {})
        return result

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.exchange.sent(data)
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Any) -> None:
        self.send_bytes(frame(message))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    def begin(self, method: str, params: Any = None, *, id: int | str | None = None) -> int | str:
        """Sends a request and returns its id."""
        request_id = next(self._ids) if id is None else id
        body = {"jsonrpc": "2.0", "id": request_id, "method": method}
        self.send(body if params is None else {**body, "params": params})
        return request_id

    def request(self, method: str, params: Any = None, *, id: int | str | None = None) -> dict[str, Any]:
        """Sends a request and returns its reply."""
        return self.reply(self.begin(method, params, id=id))

    def result(self, method: str, params: Any = None) -> Any:
        """The result of a request that must succeed."""
        reply = self.request(method, params)
        assert "result" in reply, reply
        return reply["result"]

    def error(self, method: str, params: Any = None) -> dict[str, Any]:
        """The error of a request that must fail."""
        reply = self.request(method, params)
        assert "error" in reply, reply
        return reply["error"]

    def reply(self, request_id: int | str | None, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """The reply with this id; what comes before it stays unclaimed."""
        return self.take(lambda m: "method" not in m and m.get("id") == request_id, timeout_s)

    def notification(self, method: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """The params of the next notification of this method."""
        return self.take(lambda m: m.get("method") == method and "id" not in m, timeout_s)["params"]

    def take(self, wanted: Any, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """The first message that matches, among those received and those to come."""
        for index, message in enumerate(self.unclaimed):
            if wanted(message):
                return self.unclaimed.pop(index)
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                message = self._messages.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no such message; unclaimed: {self.unclaimed}; stderr: {self.stderr}") from None
            if isinstance(message, Exception):
                self._messages.put(message)
                raise message
            if wanted(message):
                return message
            self.unclaimed.append(message)

    def claim(self, method: str) -> list[dict[str, Any]]:
        """Claims and returns the params of all notifications of this method that have been seen."""
        found = [m["params"] for m in self.unclaimed if m.get("method") == method]
        self.unclaimed = [m for m in self.unclaimed if m.get("method") != method]
        return found

    def nothing_more(self, for_s: float = 0.3) -> None:
        """Fails when anything arrives."""
        with contextlib.suppress(TimeoutError):
            message = self.take(lambda _: True, for_s)
            raise AssertionError(f"unexpected: {message}")

    def alive(self) -> bool:
        """Whether it still answers."""
        return "result" in self.request("provider/status")

    # The end.

    def close(self) -> int:
        """Shuts down as an editor does; returns the exit code. Fails on unclaimed messages."""
        assert self.request("shutdown")["result"] is None
        self.notify("exit")
        code = self.process.wait(TIMEOUT_S)
        self._reader.join(TIMEOUT_S)
        while not self._messages.empty():
            message = self._messages.get()
            if isinstance(message, dict):
                self.unclaimed.append(message)
        self.claim("usage/updated")
        self.claim("status/changed")
        assert self.unclaimed == [], f"unclaimed: {self.unclaimed}"
        return code

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> None:
        """Kills it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT_S)
        self._errors.join(TIMEOUT_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.kill()
        if kind is None:
            assert not self.exchange.mistakes, "\n".join(self.exchange.mistakes)

    # Reading: strict, since editors are.

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        try:
            while True:
                length = None
                while (line := stream.readline()) != b"\r\n":
                    if not line:
                        raise Ended
                    name, _, value = line.partition(b":")
                    assert name == b"Content-Length", f"not a header: {line!r}"
                    length = int(value)
                assert length is not None, "a frame without Content-Length"
                body = stream.read(length)
                assert len(body) == length, "the last frame is cut"
                message = read_json(body)
                assert message["jsonrpc"] == "2.0"
                self.exchange.received(message)
                self._messages.put(message)
        except Exception as end:
            self._messages.put(end)

    def _read_stderr(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        with contextlib.suppress(ValueError):
            for line in stream:
                self.stderr += line.decode("utf-8", "replace")
