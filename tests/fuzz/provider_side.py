"""The providers' side: answers of every dialect, changed in their structure, their bytes and their HTTP."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from fuzz.answers import FRAMES, Event, encoded, known
from fuzz.hermetic import MAX_PEAK_KB, environment, peak_kb, said_badly
from fuzz.odd_values import mutated, odd, simpler
from fuzz.upstream import NOT_FOUND, Reply, Upstream
from support.server_process import Ended, ServerProcess
from support.vendors import FORMATS

CASES = 60
"""In a batch."""
AT_ONCE = 8
LIMIT_MS = 3000
"""For one answer; a provider that hangs gets less."""
HANG_MS = 200
ANSWER_S = 30.0
KEY = "sk-canary-0f3a9c51d2e84b60"
MAX_SENTENCE = 2000
MAX_CHUNKS = 3000
STYLES = ("plain", "plain", "plain", "crlf", "cr", "lines", "tight", "comments", "bom")
STATUSES = (400, 401, 402, 403, 404, 408, 413, 418, 422, 429, 500, 502, 503, 529, 201, 202, 204, 206, 226, 300, 301, 304, 307)  # fmt: skip
KINDS = ("text/event-stream", "application/json", "text/html", "text/plain; charset=utf-16", "image/png", "", "\x00", "application/x-ndjson", "application/vnd.amazon.eventstream")  # fmt: skip
ODD_HEADERS: tuple[tuple[str, str], ...] = (
    ("Retry-After", "-1"),
    ("Retry-After", "1e400"),
    ("Retry-After", "nan"),
    ("Retry-After", "9" * 400),
    ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("X-Request-Id", "a\tb" * 2000),
    ("X-Request-Id", "\u00ff\u00fe"),
    ("X-Request-Id", f"id of {KEY}"),
    ("WWW-Authenticate", f"Bearer {KEY}"),
    ("Location", f"http://127.0.0.1:9/?key={KEY}"),
    ("Content-Encoding", "br"),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "nobody, gzip, gzip"),
    ("Set-Cookie", "a=b; Domain=.example; Expires=never"),
    ("Connection", "close"),
    ("X-Odd", "x" * 20_000),
    ("Trailer", "X-Odd"),
)
HEADS = (
    b"",
    b"\r\n\r\n",
    b"\0\xff" * 50,
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200\r\n\r\n",
    b"HTTP/1.1 999 Odd\r\n\r\n",
    b"HTTP/1.1 -200 OK\r\n\r\n",
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/2 200\r\n\r\n",
    b"ICY 200 OK\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n folded\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
    b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X-Many: yes\r\n" * 5000 + b"\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 500 " + KEY.encode() + b"\r\n\r\n",
)


@dataclass(frozen=True)
class Played:
    """An answer to one completion."""

    dialect: str
    events: tuple[Event, ...]
    style: str = "plain"
    status: int = 200
    kind: str = "text/event-stream"
    headers: tuple[tuple[str, str], ...] = ()
    head: bytes | None = None
    """In place of status and headers; the body ends with the connection."""
    framing: str = "chunked"
    """Or length, or close; short and long are lengths that are wrong."""
    zipped: bool = False
    cut: float = 1.0
    """The share of the bytes that is sent."""
    largest: int = 4000
    """Bytes in a chunk."""
    then: str = "keep"
    pause_s: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)
    """Further params of the completion."""

    def body(self) -> bytes:
        """The bytes of the events."""
        plain = encoded(self.dialect, self.events, Random(len(self.events)), self.style)
        return gzip.compress(plain, 1, mtime=0) if self.zipped else plain

    def reply(self) -> Reply:
        """What the server sends."""
        body, chance = self.body(), Random(self.largest)
        chunks = list(_chunks(body, self.largest, chance))
        if self.head is not None:
            wire = [self.head, *chunks]
        elif self.framing == "chunked":
            ends = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
            wire = [self._head(b"Transfer-Encoding: chunked\r\n"), *ends, b"0\r\n\r\n"]
        elif self.framing == "close":
            wire = [self._head(b""), *chunks]
        else:
            length = len(body) + {"length": 0, "short": -3, "long": 7}[self.framing]
            wire = [self._head(b"Content-Length: %d\r\n" % max(0, length)), *chunks]
        whole = b"".join(wire)
        if self.cut < 1.0:
            wire = list(_chunks(whole[: int(len(whole) * self.cut)], self.largest, chance))
        sound = self.head is None and self.framing in ("chunked", "length") and self.cut == 1.0
        then = "close" if self.then == "keep" and not sound else self.then
        return Reply(tuple(wire), self.pause_s, then)

    def _head(self, framing: bytes) -> bytes:
        kind = [("Content-Type", self.kind)] if self.kind else []
        encoding = [("Content-Encoding", "gzip")] if self.zipped else []
        lines = "".join(f"{name}: {value}\r\n" for name, value in (*kind, *encoding, *self.headers))
        return f"HTTP/1.1 {self.status} Odd\r\n{lines}".encode("latin-1", "replace") + framing + b"\r\n"

    def simpler(self) -> Iterator[Played]:
        """The same with one thing less that is odd, then with fewer events, then with smaller ones."""
        plain = Played(self.dialect, self.events)
        for name in ("style", "status", "kind", "headers", "head", "framing", "zipped", "cut", "largest", "then", "pause_s", "more"):  # fmt: skip
            if getattr(self, name) != getattr(plain, name):
                yield replace(self, **{name: getattr(plain, name)})
        for index in range(len(self.events)):
            yield replace(self, events=(*self.events[:index], *self.events[index + 1 :]))
        for index, event in enumerate(self.events):
            for value in simpler(event.value) if event.is_json else ():
                yield replace(self, events=(*self.events[:index], replace(event, value=value), *self.events[index + 1 :]))  # fmt: skip

    def __repr__(self) -> str:
        odd = [f"{name}={value!r:.300}" for name, value in vars(self).items() if value != getattr(Played(self.dialect, ()), name)]  # fmt: skip
        return f"{self.dialect}: {', '.join(odd)}; sent {b''.join(self.reply().pieces)!r:.1200}"


def _chunks(body: bytes, largest: int, chance: Random) -> Iterator[bytes]:
    position, largest = 0, max(largest, len(body) // MAX_CHUNKS)
    while position < len(body):
        end = position + chance.randint(1, largest)
        yield body[position:end]
        position = end


class ProviderSide:
    """A target: a server with a connection for each case, and a provider that answers as the case says."""

    name = "providers"

    def __init__(self, *, recorded: bool = True) -> None:
        self._recorded = recorded

    def batch(self, chance: Random) -> Sequence[Played]:
        """Answers of all dialects."""
        return [self._case(chance) for _ in range(CASES)]

    def _case(self, chance: Random) -> Played:
        dialect = chance.choice(list(FORMATS))
        played = Played(
            dialect, chance.choice(known(self._recorded)[dialect]), then=chance.choice(("keep", "keep", "close"))
        )
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            change = chance.choices(list(_CHANGES), list(_CHANGES.values()))[0]
            played = change(played, chance)
        return replace(played, more=chance.choice(_REQUESTS))

    def mistakes(self, cases: Sequence[Played]) -> list[str]:
        """Asks for one completion a case, some at once."""
        replies = {f"c{index}": case.reply() for index, case in enumerate(cases)}
        with (
            tempfile.TemporaryDirectory(prefix="fuzz") as home,
            Upstream(lambda name: replies.get(name, NOT_FOUND)) as upstream,
        ):
            server = ServerProcess(env={**environment(Path(home)), "MODELPORT_LOG": "debug"})
            try:
                return list(_Run(server, upstream, cases, Path(home)).run())
            finally:
                server.kill()


def _event_changed(played: Played, chance: Random) -> Played:
    events = list(played.events)
    index = chance.randrange(len(events))
    event, action = events[index], chance.randrange(9)
    if action == 0:
        del events[index]
    elif action == 1:
        events[index:index] = [event] * chance.choice((1, 1, 5, 200))
    elif action == 2:
        chance.shuffle(events)
    elif action == 3:
        events = events[: index + 1] if chance.random() < 0.5 else events[index:]
    elif action == 4:
        name = chance.choice((None, "error", "ping", "", "message", chance.choice(events).name))
        events[index] = replace(event, name=name)
    elif action == 5 and played.dialect != FRAMES:
        text = chance.choice(("[DONE]", "", "{", "null", "[]", '{"a":NaN}', "\ud800", '"x"', '{"error":"x"}'))
        events.insert(index, Event(None, text, is_json=False))
    else:
        events[index] = replace(event, value=mutated(event.value, chance, chance.choice((1, 1, 3))), is_json=True)
    return replace(played, events=tuple(events) or played.events[:1])


def _refused(played: Played, chance: Random) -> Played:
    said = chance.choice((f"cannot do that with {KEY}", f"Bearer {KEY}", "\n\n", "", "x" * 100_000, "\0\x1b[31m red", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."))  # fmt: skip
    error: Any = {"error": {"message": said, "type": "x", "code": chance.choice((None, 5, "x")), "param": "max_tokens"}}
    if chance.random() < 0.5:
        error = mutated(error, chance)
    return replace(
        played, status=chance.choice(STATUSES), events=(Event(None, error),), kind="application/json", style="plain"
    )


def _dressed(played: Played, chance: Random) -> Played:
    return replace(played, headers=(*played.headers, *chance.sample(ODD_HEADERS, chance.choice((1, 1, 3)))))


def _framed(played: Played, chance: Random) -> Played:
    return replace(
        played, framing=chance.choice(("length", "close", "short", "long")), largest=chance.choice((1, 3, 50, 100_000))
    )


def _cut(played: Played, chance: Random) -> Played:
    return replace(played, cut=chance.random(), then=chance.choice(("close", "close", "reset", "hang")))


def _grown(played: Played, chance: Random) -> Played:
    """Much of it: one long text, or many events."""
    if chance.random() < 0.5:
        return replace(played, events=played.events[:-1] * chance.choice((20, 300)) + played.events[-1:])
    index = chance.randrange(len(played.events))
    event = replace(played.events[index], value=mutated(played.events[index].value, Random(5)), is_json=True)
    text = json.dumps(event.value).replace("Hello", "Hello " * 100_000)
    return replace(
        played, events=(*played.events[:index], replace(event, value=json.loads(text)), *played.events[index + 1 :])
    )


_CHANGES: Mapping[Any, float] = {
    _event_changed: 14,
    _refused: 4,
    _dressed: 3,
    _framed: 3,
    _cut: 4,
    _grown: 0.4,
    lambda played, chance: replace(played, style=chance.choice(STYLES)): 2,
    lambda played, chance: replace(played, kind=chance.choice(KINDS)): 2,
    lambda played, chance: replace(played, zipped=True): 1.5,
    lambda played, chance: replace(played, head=chance.choice(HEADS)): 2,
    lambda played, chance: replace(played, largest=chance.choice((1, 7)), pause_s=0.0005): 1,
    lambda played, chance: replace(played, events=tuple(Event(None, odd(chance)) for _ in range(2))): 1,
}
_TOOL = {
    "name": "f",
    "description": "Does f.",
    "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
}
_REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"tools": [_TOOL]},
    {"tools": [_TOOL], "toolChoice": "auto"},
    {"parameters": {"max_tokens": 50}},
)


def _calls(reply: dict[str, Any]) -> int:
    """How many calls a reply tells of; a request that was refused before has made none."""
    said = reply["result"] if "result" in reply else reply["error"].get("data") or {}
    return sum(not attempt.get("skipped") for attempt in said.get("attempts") or ())


class _Run:
    """One run: the requests and what must hold for each of them, and for all."""

    def __init__(self, server: ServerProcess, upstream: Upstream, cases: Sequence[Played], home: Path) -> None:
        self._server, self._upstream, self._cases, self._home = server, upstream, cases, home
        self._updates: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._said: list[str] = []
        self._called = 0
        """Calls that were sent to the provider."""

    def run(self) -> Iterator[str]:
        try:
            self._server.initialize()
            yield from self._connect()
            yield from self._complete()
            yield from self._ledger()
        except (Ended, OSError, TimeoutError) as end:
            yield f"the server has ended, or hangs: {end!r:.600}, exit code {self._server.process.poll()}"
            return
        peak = peak_kb(self._server.process.pid)
        if peak > MAX_PEAK_KB:
            yield f"it has held {peak} KiB, more than {MAX_PEAK_KB}"
        self._server.close_input()
        self._server.process.wait(ANSWER_S)
        self._server._errors.join(ANSWER_S)
        yield from self._server.exchange.mistakes
        yield from said_badly(self._server.stderr)
        yield from self._leaks()

    def _connect(self) -> Iterator[str]:
        for index, case in enumerate(self._cases):
            limit = HANG_MS if case.then == "hang" else LIMIT_MS
            given = {"provider": "openai-compatible", "name": f"c{index}", "model": "some-model", "apiKey": KEY, "dialect": case.dialect, "baseUrl": f"{self._upstream.url}/c{index}", "verify": False, "timeoutMs": limit}  # fmt: skip
            reply = self._server.request("provider/connect", given)
            if "error" in reply:
                yield f"not connected: {reply}"

    def _complete(self) -> Iterator[str]:
        waiting: dict[int | str, int] = {}
        for index in range(len(self._cases)):
            params = {
                "prompt": "Hello",
                "model": f"c{index}/some-model",
                "streamId": f"s{index}",
                **self._cases[index].more,
            }
            waiting[self._server.begin("completion/create", params)] = index
            while len(waiting) >= AT_ONCE:
                yield from self._next(waiting)
        while waiting:
            yield from self._next(waiting)

    def _next(self, waiting: dict[int | str, int]) -> Iterator[str]:
        """Takes messages up to the next reply."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            message = self._server.take(lambda _: True, deadline - time.monotonic())
            self._said.append(json.dumps(message))
            if message.get("method") == "completion/update":
                self._updates[message["params"]["streamId"]].append(message["params"])
            if "method" not in message:
                index = waiting.pop(message["id"])
                yield from (f"{text}: {message!r:.900} after {self._updates.get(f's{index}')!r:.900}" for text in self._judged(index, message))  # fmt: skip
                return

    def _judged(self, index: int, message: dict[str, Any]) -> Iterator[str]:
        updates = self._updates.pop(f"s{index}", [])
        self._called += _calls(message)
        if [update["seq"] for update in updates] != list(range(len(updates))):
            yield "the updates are not in their order"
        parts = [update["update"] for update in updates]
        if "error" in message:
            yield from _sentence(message["error"])
            return
        result = message["result"]
        for kind in ("text", "reasoning"):
            joined = "".join(part["text"] for part in parts if part["kind"] == kind)
            if joined != (result.get(kind) or ""):
                yield f"the {kind} of the reply is not what its deltas said"
        for number, call in enumerate(result["toolCalls"]):
            given = "".join(part.get("argumentsDelta") or "" for part in parts if part["kind"] == "toolCall" and part["index"] == number)  # fmt: skip
            if not _same_arguments(given, call):
                yield f"the arguments of call {number} are not what its deltas said"

    def _ledger(self) -> Iterator[str]:
        totals = self._server.result("usage/snapshot")
        if totals["totalCalls"] != self._called:
            yield f"the ledger has {totals['totalCalls']} calls of {self._called}"
        self._said.append(json.dumps(self._server.result("usage/history", {"limit": 1000})))
        self._said.append(json.dumps(self._server.result("provider/status")))

    def _leaks(self) -> Iterator[str]:
        for text in (*self._said, self._server.stderr):
            if KEY in text:
                start = max(0, text.index(KEY) - 300)
                yield f"the key leaves: …{text[start : start + 400]}"
        for path in self._home.rglob("*"):
            if path.is_file() and KEY.encode() in path.read_bytes():
                yield f"the key is in {path.relative_to(self._home)}"


def _sentence(error: dict[str, Any]) -> Iterator[str]:
    message = error["message"]
    if error["code"] == -32603:
        yield "a bug"
    if not message.rstrip().endswith((".", "?", "!", "…")):
        yield "the error is no sentence"
    if any(ord(letter) < 32 or letter in "\x7f\u2028\u2029" for letter in message) or len(message) > MAX_SENTENCE:
        yield "the error is not one short line"


def _same_arguments(given: str, call: dict[str, Any]) -> bool:
    if "argumentsText" in call:
        return given == call["argumentsText"]
    try:
        return json.loads(given or "{}") == call["arguments"]
    except (ValueError, RecursionError):
        return False
