"""The client's side: frames, messages and an order of them, as no editor sends them.

A case is what is written to the server's input in one piece. What is known of it: the ids that must be answered, those
that may be, and whether the server may skip what follows. Everything else is the contract's.
"""

from __future__ import annotations

import json
import queue
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from fuzz.hermetic import MAX_PEAK_KB, environment, peak_kb, said_badly
from fuzz.odd_values import MAX_DEPTH, TEXTS, mutated, odd, simpler
from fuzz.params import ParamsGenerator
from support.server_process import Ended, ServerProcess, frame

MESSAGES = 90
"""In a batch."""
QUIET_S = 1.0
"""Without an answer for so long, what is still under way is cancelled."""
ANSWER_S = 20.0
"""For the rest of the answers, and for the end of the process."""
WORKSPACE = {
    "workspace": {"configuration": True},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
REPLIES: tuple[dict[str, Any], ...] = (
    {"result": None},
    {"result": {}},
    {"result": {"outcome": {"outcome": "selected", "optionId": "x"}}},
    {"result": [None]},
    {"result": "\udc00"},
    {"error": {"code": -32601, "message": "no"}},
    {"error": None},
    {"error": {"code": "x"}},
)
"""To requests of the server."""


@dataclass(frozen=True)
class Sent:
    """Bytes for the server, and the message in them where there is one."""

    data: bytes
    message: Any = None
    answered: bool = False
    """Its id must be answered, once for each time that it is sent."""
    whole: bool = True
    """The frame is that of the message: a smaller message may take its place."""

    @property
    def key(self) -> tuple[type, Any] | None:
        """The id with its type; None where no answer can be told by it."""
        if not isinstance(self.message, dict) or "id" not in self.message:
            return None
        if "method" not in self.message and self.message.keys() & {"result", "error"}:
            # A reply.
            return None
        told = self.message["id"]
        if isinstance(told, float) and told.is_integer():
            # Some languages have one type of number only.
            told = int(told)
        return (type(told), told) if isinstance(told, int | str) and not isinstance(told, bool) else None

    def simpler(self) -> Iterator[Sent]:
        """The same with smaller params."""
        if self.whole and isinstance(self.message, dict) and isinstance(self.message.get("params"), dict | list):
            for params in simpler(self.message["params"]):
                message = {**self.message, "params": params}
                yield replace(self, data=frame(message), message=message)

    def __repr__(self) -> str:
        shown = self.message if self.whole and self.message is not None else self.data
        return f"{shown!r:.1500}"


class ClientSide:
    """A target: batches begin and end as an editor's session mostly does."""

    name = "client"

    def batch(self, chance: Random) -> Sequence[Sent]:
        """A session."""
        writer = _Writer(chance)
        steps = [writer.anything() for _ in range(chance.choice((0, 0, 1, 4)))]
        if chance.random() < 0.3:
            steps.append(writer.request("initialize", odd(chance)))
        steps.append(writer.request("initialize", {"processId": None, "capabilities": WORKSPACE}))
        steps.append(_whole({"jsonrpc": "2.0", "method": "initialized", "params": {}}))
        steps += [writer.anything() for _ in range(MESSAGES)]
        if chance.random() < 0.3:
            steps.append(writer.request("shutdown", chance.choice((None, {}, ...))))
            steps += [writer.anything() for _ in range(3)]
        return steps

    def mistakes(self, cases: Sequence[Sent]) -> list[str]:
        """Sends the cases to a new server and waits for everything it owes."""
        with tempfile.TemporaryDirectory(prefix="fuzz") as home:
            server = ServerProcess(env=environment(Path(home)), read=False)
            try:
                server.start_reading()
                return list(_Session(server, cases).run())
            finally:
                server.kill()


def _whole(message: dict[str, Any], answered: bool = False) -> Sent:
    return Sent(frame(message), message, answered)


class _Writer:
    """Writes messages, each request with an id of its own unless it repeats one on purpose."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._params = ParamsGenerator(chance)
        self._methods = [m for m in self._params.requests if m not in ("initialize", "shutdown")]
        self._ids: list[Any] = []
        self._calls: list[Sent] = []

    def request(self, method: str, params: Any) -> Sent:
        """A well-formed request; ``...`` as params leaves them out."""
        message = {"jsonrpc": "2.0", "id": self._id(), "method": method}
        if params is not ...:
            message["params"] = params
        return _whole(message, answered=True)

    def anything(self) -> Sent:
        draw = self._chance.random()
        if draw < 0.58:
            self._calls.append(self._call())
            return self._calls[-1]
        if draw < 0.62 and self._calls:
            # Its id is in flight, or free again.
            return self._chance.choice(self._calls[-10:])
        if draw < 0.74:
            return self._notification()
        if draw < 0.86:
            return self._envelope()
        return self._frame()

    def _id(self) -> Any:
        chance = self._chance
        number = len(self._ids) + 1
        text = chance.random() < 0.2
        self._ids.append(f"{chance.choice(('', 'é', ' ', '-', 'id' * 50))}{number}" if text else number)
        if chance.random() < 0.03:
            self._ids[-1] = chance.choice((0, -1, 2**31, 2**53, "", "null")) if number < 10 else number
        return self._ids[-1]

    def _call(self) -> Sent:
        chance = self._chance
        if chance.random() < 0.08:
            return self.request(chance.choice(("nobody/here", "", "$/x", "textDocument/hover", "x" * 500, "\0")), odd(chance))  # fmt: skip
        method = chance.choice((*self._methods, *["completion/create"] * 4))
        if chance.random() < 0.04:
            return self.request(method, chance.choice((..., None, odd(chance))))
        params = self._params.value(self._params.requests[method])
        if method == "workspace/executeCommand":
            inner = chance.choice([m for m in self._methods if "/" in m])
            params = {"command": f"modelport.{inner.replace('/', '.', 1)}", "arguments": [self._params.value(self._params.requests[inner])]}  # fmt: skip
        if chance.random() < 0.6:
            params = mutated(params, chance, chance.choice((1, 1, 2, 4)))
        return self.request(method, params)

    def _notification(self) -> Sent:
        chance = self._chance
        if chance.random() < 0.6:
            target = chance.choice((*self._ids[-8:], *self._ids[-8:], 10**9, "nobody", None, 0.5, [], {"id": 1}))
            return _whole({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": chance.choice(({"id": target}, {"id": target}, target))})  # fmt: skip
        method = chance.choice(("initialized", "workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles", "textDocument/didOpen", "$/setTrace", "window/workDoneProgress/cancel", "provider/status", "completion/create", "nobody/here"))  # fmt: skip
        return _whole({"jsonrpc": "2.0", "method": method, "params": odd(chance)})

    def _envelope(self) -> Sent:
        """A message whose envelope is wrong; whether it is answered under its id depends on what is wrong."""
        chance = self._chance
        message = {"jsonrpc": "2.0", "id": f"odd{chance.randrange(10**9)}", "method": "provider/status", "params": {}}
        draw = chance.randrange(6)
        if draw == 0:
            message = mutated(message, chance, 2)
        elif draw == 1:
            message["id"] = odd(chance)
        elif draw == 2:
            message = {"jsonrpc": "2.0", "id": odd(chance), **chance.choice(REPLIES)}
        elif draw == 3:
            message = chance.choice(([], [message], [message, 5], 5, None, "x", True, {}))  # type: ignore[assignment]
        elif draw == 4:
            depth = chance.choice((MAX_DEPTH, 900, 1100, 5000, 100_000))
            opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
            body = json.dumps(message).replace("{}", f'{{"x":{opening * depth}0{closing * depth}}}')
            return Sent(_framed(body.encode()), message, whole=False)
        else:
            message.update(chance.choice(({"jsonrpc": "1.0"}, {"jsonrpc": None}, {"method": 5}, {"extra": odd(chance)}, {"result": 1})))  # fmt: skip
        if isinstance(message, dict) and message.get("method") in ("exit", "shutdown", "initialize"):
            message["method"] = "provider/status"
        return Sent(frame(message), message, whole=False)

    def _frame(self) -> Sent:
        """A frame that is wrong, or of an unusual form. What it may swallow of the next one is given with it."""
        chance = self._chance
        sound = self.request("provider/status", {})
        body = json.dumps(sound.message).encode()
        size = b"%d" % len(body)
        right = [
            b"content-length:%b\r\n\r\n%b" % (size, body),
            b"CONTENT-LENGTH: %b\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n%b" % (size, body),
            b"X-Odd: \xff\xfe\r\nContent-Length: %b\r\n\r\n%b" % (size, body),
            b"Content-Length: %b\n\n%b" % (size, body),
            b"Content-Length:   %b  \r\n\r\n%b" % (size, body),
            b"Content-Length: %d\r\n\r\n%b  \n" % (len(body) + 3, body),
        ]
        wrong = [
            b"Content-Length: -5\r\n\r\n",
            b"Content-Length: \r\n\r\n",
            b"Content-Length: 0\r\n\r\n",
            b"Content-Length: 1e3\r\n\r\n",
            b"Content-Length: 99999999999999999999999\r\n\r\n",
            b"Content-Length: 12\r\n\r\nContent-Leng",
            b"Content-Len",
            b"\r\n\r\n",
            b"\n\n\n\n",
            b"\0" * 100,
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"Content-Length: \xd9\xa3\r\n\r\n",
            b"Content-Length: %b\r\n\r\n%b" % (size, body[:-3] + b"\xff\xfe}"),
            b"{}" * 20_000,
            body,
        ]
        encoded = [json.dumps(sound.message).encode(name) for name in ("utf-16", "utf-32", "utf-8-sig", "cp500")]
        draw = chance.random()
        if draw < 0.35:
            return replace(sound, data=chance.choice(right), whole=False)
        if draw < 0.6:
            return Sent(_framed(chance.choice(encoded)), sound.message, whole=False)
        if draw < 0.7:
            longer = chance.choice((5, 70 * 2**20)) if chance.random() < 0.2 else 5
            return Sent(b"Content-Length: %d\r\n\r\n%b" % (len(body) + longer, body) + b" " * longer, sound.message, whole=False)  # fmt: skip
        if draw < 0.8:
            text = chance.choice(TEXTS).encode("utf-8", "replace")
            return Sent(_framed(text), whole=False)
        return Sent(chance.choice(wrong), sound.message, whole=False)


def _framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class _Session:
    """One run: writes, answers the server's own requests, counts replies."""

    def __init__(self, server: ServerProcess, cases: Sequence[Sent]) -> None:
        self._server = server
        self._cases = cases
        self._due = Counter(sent.key for sent in cases if sent.answered)
        self._allowed = self._due + Counter(sent.key for sent in cases if sent.key is not None and not sent.answered)
        self._got: Counter[Any] = Counter()
        self._replies = iter(REPLIES * 10_000)

    def run(self) -> Iterator[str]:
        try:
            for sent in self._cases:
                if sent.key is not None:
                    self._server.exchange.sent(frame({**sent.message, "id": sent.key[1]}))
                self._write(sent.data)
            yield from self._wait()
            yield from self._still_serves()
        except (Ended, OSError) as end:
            yield f"the server has ended: {end!r}, exit code {self._server.process.poll()}"
        if self._server.process.poll() is None:
            yield from self._bounded()
        yield from self._end()
        yield from self._server.exchange.mistakes
        yield from said_badly(self._server.stderr)

    def _write(self, data: bytes) -> None:
        stream = self._server.process.stdin
        assert stream is not None
        stream.write(data)
        stream.flush()

    def _wait(self) -> Iterator[str]:
        """Until everything is answered; what takes long is cancelled."""
        deadline, cancelled = time.monotonic() + ANSWER_S, False
        while owed := self._due - self._got:
            if time.monotonic() > deadline:
                yield f"not answered: {list(owed)[:5]}"
                return
            if not self._receive(QUIET_S) and not cancelled:
                cancelled, deadline = True, time.monotonic() + ANSWER_S
                for _, told in owed:
                    self._write(frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": told}}))
        while self._receive(0.02):
            pass
        yield from (f"{n} answers, at most {self._allowed[key]}, to {key}" for key, n in self._got.items() if n > self._allowed[key])  # fmt: skip

    def _receive(self, timeout_s: float) -> bool:
        """Takes one message of the server; False where none comes."""
        try:
            message = self._server._messages.get(timeout=timeout_s)
        except queue.Empty:
            return False
        if isinstance(message, Exception):
            self._server._messages.put(message)
            raise message
        if "method" in message and "id" in message:
            self._write(frame({"jsonrpc": "2.0", "id": message["id"], **next(self._replies)}))
        elif "method" not in message:
            told = message.get("id")
            if isinstance(told, int | str):
                self._got[type(told), told] += 1
            if message.get("error", {}).get("code") == -32603:
                self._server.exchange.mistakes.append(f"a bug was answered: {message}")
        return True

    def _still_serves(self) -> Iterator[str]:
        """The end of a session, whatever came before: a server that was not initialized or is shut down says so."""
        for number in range(3):
            request = _whole({"jsonrpc": "2.0", "id": f"last{number}", "method": "provider/status", "params": {}}, True)
            self._due[request.key] += 1
            self._allowed[request.key] += 1
            self._server.exchange.sent(request.data)
            self._write(request.data)
        yield from self._wait()

    def _bounded(self) -> Iterator[str]:
        peak = peak_kb(self._server.process.pid)
        if peak > MAX_PEAK_KB:
            yield f"it has held {peak} KiB, more than {MAX_PEAK_KB}"

    def _end(self) -> Iterator[str]:
        """Closes the input: the process must end by itself."""
        try:
            self._server.close_input()
        except OSError as error:
            yield f"its input was closed: {error!r}"
        try:
            self._server.process.wait(ANSWER_S)
        except Exception as error:
            yield f"it has not ended with its input: {error}"
        self._server._errors.join(ANSWER_S)
