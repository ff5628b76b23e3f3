"""The floor: what asyncio and msgspec can do at best, written by hand for this one wire.

It has no TLS, no proxy, no redirect, no error and no other provider, reads HTTP by the rules
its upstream keeps, and puts a frame together from a template. Nothing that does the whole job
comes below it.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from stdio_server import Cancel, StdioServer


class _Delta(Struct):
    content: str | None = None


class _Choice(Struct):
    delta: _Delta


class _Chunk(Struct):
    choices: list[_Choice]


_chunk = msgspec.json.Decoder(_Chunk)
_quote = msgspec.json.Encoder().encode


class Exchange(asyncio.Protocol):
    """One keep-alive connection; serves one completion at a time."""

    def __init__(self, idle: list[Exchange]) -> None:
        self._idle = idle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def begin(self, server: StdioServer, number: int, params: dict[str, Any]) -> None:
        """Sends the request of a completion."""
        body = _quote(
            {
                "model": params["model"],
                "messages": [{"role": "user", "content": params["prompt"]}],
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        )
        address = urlsplit(server.base_url)
        head = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._server, self._number = server, number
        stream = _quote(params["streamId"])
        self._template = b'{"jsonrpc":"2.0","method":"completion/update","params":{"streamId":' + stream + b',"seq":'
        self._sequence = 0
        self._rest = self._event_rest = b""
        self._headed = False
        self._texts: list[str] = []
        self._transport.write(head.encode() + body)

    def cancel(self) -> None:
        """Closes the connection."""
        self._transport.abort()
        self._server.fail(self._number, -32800, "The request was cancelled.")

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        position = 0
        if not self._headed:
            position = data.index(b"\r\n\r\n") + 4
            self._headed = True
        pieces: list[bytes] = [self._event_rest]
        ended = False
        while (end := data.find(b"\r\n", position)) >= 0:
            start = end + 2
            stop = start + int(data[position:end], 16)
            if stop + 2 > len(data):
                break
            ended = stop == start
            pieces.append(data[start:stop])
            position = stop + 2
        self._rest = data[position:]
        self._events(b"".join(pieces))
        if ended:
            self._end()

    def _events(self, body: bytes) -> None:
        events = body.split(b"\n\n")
        self._event_rest = events.pop()
        frames: list[bytes] = []
        for event in events:
            if event == b"data: [DONE]":
                continue
            for choice in _chunk.decode(event[6:]).choices:
                if text := choice.delta.content:
                    self._texts.append(text)
                    update = b'%b%d,"update":{"kind":"text","text":%b}}}' % (
                        self._template,
                        self._sequence,
                        _quote(text),
                    )
                    self._sequence += 1
                    frames.append(b"Content-Length: %d\r\n\r\n%b" % (len(update), update))
        if frames:
            self._server.write(b"".join(frames))

    def _end(self) -> None:
        self._idle.append(self)
        self._server.reply(self._number, {"text": "".join(self._texts)})


class Floor:
    """Begins completions on idle connections, and opens new ones where there is none."""

    def __init__(self) -> None:
        self._idle: list[Exchange] = []
        self._opening: set[asyncio.Task[None]] = set()

    def complete(self, server: StdioServer, number: int, params: dict[str, Any]) -> Cancel:
        """Begins a completion."""
        if self._idle:
            exchange = self._idle.pop()
            exchange.begin(server, number, params)
        else:
            exchange = Exchange(self._idle)
            task = asyncio.create_task(self._open(exchange, server, number, params))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        return exchange.cancel

    async def _open(self, exchange: Exchange, server: StdioServer, number: int, params: dict[str, Any]) -> None:
        address = urlsplit(server.base_url)
        await asyncio.get_running_loop().create_connection(lambda: exchange, address.hostname, address.port)
        exchange.begin(server, number, params)


async def serve() -> None:
    """Serves until stdin ends."""
    await StdioServer(Floor().complete).run()


if __name__ == "__main__":
    asyncio.run(serve())
