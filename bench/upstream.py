"""A provider that costs next to nothing: OpenAI's chat stream from bytes made beforehand.

Runs as a process of its own. The model's name in a request says what comes back:

``burst-EVENTS-PER_WRITE``
    so many events at once, so many in each write to the socket
``paced-EVENTS-EVERY_MS``
    one event at a time, evenly, each holding the time it was sent at
``stall``
    one event, and then nothing

Every event is an HTTP chunk of its own, as real providers send them. The first line on stdout is the
port; later lines tell of stalled streams: ``stalled NUMBER NANOSECONDS`` and ``closed NUMBER NANOSECONDS``.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from collections.abc import Iterator

WORD_LENGTH = 5
STAMP_DIGITS = 19
"""Characters of a time stamp: nanoseconds of the monotonic clock, and a space after them."""
SPREAD = 50
"""The number of offsets within an interval at which the paced streams begin, in turn, however fast the client sends."""

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_EVENT = (
    'data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,'
    '"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_b376dfbbd5",'
    '"choices":[{"index":0,"delta":%s,"logprobs":null,"finish_reason":%s}]}\n\n'
)
_USAGE = (
    'data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,'
    '"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_b376dfbbd5","choices":[],'
    '"usage":{"prompt_tokens":12,"completion_tokens":%d,"total_tokens":%d,'
    '"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},'
    '"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}\n\n'
)


def chunk(text: str) -> bytes:
    """One HTTP chunk."""
    data = text.encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def delta(content: str) -> bytes:
    """One event with a text delta."""
    return chunk(_EVENT % ('{"content":"%s"}' % content, "null"))  # noqa: UP031  the event is a template of its own


def word(number: int) -> str:
    """A text delta; no two neighbours are the same, since some clients take that for a fault of the model."""
    return f" w{number % 1000:03d}"


def first() -> bytes:
    """The head of the reply and the event that only names the role."""
    return _HEAD + chunk(_EVENT % ('{"role":"assistant","content":"","refusal":null}', "null"))


def last(events: int) -> bytes:
    """The finish reason, the usage, the end mark and the end of the body."""
    return chunk(_EVENT % ("{}", '"stop"')) + chunk(_USAGE % (events, 12 + events)) + chunk("data: [DONE]\n\n") + END


END = b"0\r\n\r\n"


def burst(events: int, per_write: int) -> list[bytes]:
    """The writes of a burst; the head travels with the first, the end with the last."""
    deltas = [delta(word(number)) for number in range(per_write)]
    sizes = [min(per_write, events - start) for start in range(0, events, per_write)]
    writes = [b"".join(deltas[:size]) for size in sizes]
    writes[0] = first() + writes[0]
    writes[-1] += last(events)
    return writes


class Provider:
    """The state that all connections share."""

    def __init__(self) -> None:
        self._bursts: dict[str, list[bytes]] = {}
        self.places: Iterator[int] = itertools.cycle(range(SPREAD))
        self.numbers = itertools.count(1)

    def burst(self, model: str) -> list[bytes]:
        """The writes of a burst, made once."""
        writes = self._bursts.get(model)
        if writes is None:
            events, per_write = map(int, model.split("-")[1:])
            writes = self._bursts[model] = burst(events, per_write)
        return writes


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._received = b""
        self._stalled = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._stalled:
            tell(f"closed {self._stalled} {time.monotonic_ns()}")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if blank and length and len(body) >= int(length[1]):
            self._received = b""
            model = re.search(rb'"model": *"([^"]+)"', body)
            self._answer(model[1].decode() if model else "burst-1-1")

    def _answer(self, model: str) -> None:
        if model.startswith("burst"):
            for data in self._provider.burst(model):
                self._transport.write(data)
        elif model.startswith("paced"):
            self._pace(model)
        else:
            self._stalled = next(self._provider.numbers)
            self._transport.write(first() + delta(word(0)))
            tell(f"stalled {self._stalled} {time.monotonic_ns()}")

    def _pace(self, model: str) -> None:
        loop = asyncio.get_running_loop()
        events, every_ms = map(int, model.split("-")[1:])
        interval = every_ms / 1000
        before, after = delta("\0" * (STAMP_DIGITS + 1)).split(b"\0" * (STAMP_DIGITS + 1))
        # All streams tick on one grid, each at its own place, so that no client gets them bundled.
        place = next(self._provider.places) / SPREAD
        start = (int(loop.time() / interval) + 2 + place) * interval
        write = self._transport.write

        def tick(number: int) -> None:
            if number == events:
                write(last(events))
                return
            write(b"%b%0*d %b" % (before, STAMP_DIGITS, time.monotonic_ns(), after))
            loop.call_at(start + (number + 1) * interval, tick, number + 1)

        write(first())
        loop.call_at(start, tick, 0)


def tell(line: str) -> None:
    """Writes an event for the measuring process, as a line."""
    os.write(1, f"{line}\n".encode())


async def serve() -> None:
    """Serves on a free port until stdin ends, so that it never outlives the measurement."""
    loop = asyncio.get_running_loop()
    provider = Provider()
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=512)
    tell(str(server.sockets[0].getsockname()[1]))
    ended = asyncio.Event()
    loop.add_reader(0, ended.set)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve())
