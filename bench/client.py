"""The client's side of a measured process: JSON-RPC over two pipes, as little work per frame as possible.

The client shares the machine with what it measures, so frames are only cut apart while a
measurement runs and looked into afterwards.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import msgspec
from msgspec import Raw, Struct

from processes import NotMeasurable, cpu_ns, resident_mb

TIME_LIMIT_S = 60.0
READ_SIZE = 1 << 20
REPLY = b'{"jsonrpc":"2.0","id":'
END_OF_HEADER = b"\r\n\r\n"


class Arrival(NamedTuple):
    """A message and when its last byte was read, on the monotonic clock."""

    at_ns: int
    body: bytes


class _Reply(Struct):
    id: int | None
    result: Raw = Raw()
    error: Raw = Raw()


class _Update(Struct):
    text: str = ""


class _Params(Struct):
    update: _Update | None = None


class _Notification(Struct):
    params: _Params


_reply = msgspec.json.Decoder(_Reply)
_notification = msgspec.json.Decoder(_Notification)


class Client:
    """A measured process and the pipes to it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the client
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, **environment},
            bufsize=0,
        )
        self._input, self._output = self.process.stdin, self.process.stdout
        self._ids = itertools.count(1)
        self._rest = b""
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)

    # Sending.

    def initialize(self) -> None:
        """Sends initialize; returns when the reply has arrived."""
        self.request("initialize", {"processId": os.getpid(), "clientInfo": {"name": "bench"}, "capabilities": {}})

    def connect(self, base_url: str) -> None:
        """Connects to an OpenAI-compatible provider at this address, without a request to it."""
        params = {"provider": "openai-compatible", "model": "any", "baseUrl": base_url, "verify": False}
        self.notify("initialized", {})
        self.request("provider/connect", params)

    def complete(self, model: str, provider: str = "openai-compatible") -> int:
        """Begins a streamed completion and returns its id."""
        params = {"provider": provider, "model": model, "prompt": "Write something."}
        return self.begin("completion/create", params, stream=True)

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: Mapping[str, Any], *, stream: bool = False) -> int:
        """Sends a request and returns its id."""
        number = next(self._ids)
        more = {"streamId": f"stream-{number}"} if stream else {}
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, **more}})
        return number

    def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Sends a request and returns its result."""
        number = self.begin(method, params)
        return result(self.replies([number])[-1].body)

    # Receiving.

    def replies(self, numbers: Iterable[int]) -> list[Arrival]:
        """All messages until each of these requests has its reply.

        Raises:
            NotMeasurable: a reply is missing.
        """
        wanted = set(numbers)
        seen: list[Arrival] = []
        deadline = time.monotonic() + TIME_LIMIT_S
        while wanted:
            for arrival in self.read(max(0.0, deadline - time.monotonic())):
                seen.append(arrival)
                if arrival.body.startswith(REPLY):
                    wanted.discard(reply_to(arrival.body))
            if time.monotonic() > deadline:
                raise NotMeasurable(f"no reply for {TIME_LIMIT_S:.0f} s; {self.complaint()}")
        return seen

    def read(self, wait_s: float) -> list[Arrival]:
        """The messages completed by one read; none when it times out.

        Raises:
            NotMeasurable: the process has closed its output.
        """
        if not self._poll.poll(wait_s * 1000):
            return []
        data = os.read(self._output.fileno(), READ_SIZE)
        now = time.monotonic_ns()
        if not data:
            raise NotMeasurable(f"{self.process.args} has ended; {self.complaint()}")
        return [Arrival(now, body) for body in self._bodies(data)]

    def complaint(self) -> str:
        """The last line of its stderr."""
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").splitlines()
        return f"stderr: {lines[-1]}" if lines else "stderr is empty"

    # Measuring.

    @property
    def cpu_ns(self) -> int:
        """CPU time since its start."""
        return cpu_ns(self.process.pid)

    @property
    def resident_mb(self) -> float:
        """Resident memory."""
        return resident_mb(self.process.pid)

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        for stream in (self._input, self._output, self.errors):
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps(message).encode()
        try:
            self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        except OSError as error:
            raise NotMeasurable(f"{self.process.args} has ended; {self.complaint()}") from error

    def _bodies(self, data: bytes) -> list[bytes]:
        data = self._rest + data
        found: list[bytes] = []
        position = 0
        while (end := data.find(END_OF_HEADER, position)) >= 0:
            start = end + len(END_OF_HEADER)
            stop = start + int(data[position + len(b"Content-Length:") : end])
            if stop > len(data):
                break
            found.append(data[start:stop])
            position = stop
        self._rest = data[position:]
        return found


def reply_to(body: bytes) -> int:
    """Which request this is the reply to; 0 for any other message."""
    return (_reply.decode(body).id or 0) if body.startswith(REPLY) else 0


def result(body: bytes) -> Any:
    """The result of a reply.

    Raises:
        NotMeasurable: the reply is an error.
    """
    reply = _reply.decode(body)
    if not bytes(reply.result):
        raise NotMeasurable(f"the request failed: {bytes(reply.error).decode()[:300]}")
    return msgspec.json.decode(reply.result)


def updated_text(body: bytes) -> str:
    """The text of an update; nothing for any other message."""
    if b'"completion/update"' not in body:
        return ""
    update = _notification.decode(body).params.update
    return update.text if update else ""
