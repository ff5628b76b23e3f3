"""The first reply: a plain ``initialize`` at once, anything else left untouched for the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.frontends.lsp.first_reply import Greeting, greet, initialize_reply
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio
from modelport.protocol.initialize import INITIALIZE_RESULT


class Wire:
    """Two pipes with a client's ends."""

    def __init__(self) -> None:
        self.source, self.client_out = os.pipe()
        self.client_in, self.sink = os.pipe()
        self.stdio = Stdio(self.source, self.sink, pollable=False)

    def greet(self, *chunks: bytes) -> tuple[Greeting, bytes]:
        """The outcome for these bytes, followed by the end of the input, and the reply."""
        for chunk in chunks:
            os.write(self.client_out, chunk)
        os.close(self.client_out)
        greeting = greet(self.stdio, ParentWatch())
        assert greeting is not None
        os.close(self.sink)
        reply = b"".join(iter(lambda: os.read(self.client_in, 65536), b""))
        return greeting, reply

    def close(self) -> None:
        for descriptor in (self.source, self.client_out, self.client_in, self.sink):
            with suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


def frame(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def hello(**more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}, **more}


@pytest.mark.parametrize("id_", [1, "one", 0, 'naïve "quoted" 😀'])
def test_a_plain_initialize_is_answered(wire: Wire, id_: Any) -> None:
    greeting, reply = wire.greet(frame(hello(id=id_)))
    assert greeting.params == {"capabilities": {}}
    assert greeting.unread == b""
    header, _, body = reply.partition(b"\r\n\r\n")
    assert header == b"Content-Length: %d" % len(body)
    assert json.loads(body) == {"jsonrpc": "2.0", "id": id_, "result": json.loads(INITIALIZE_RESULT)}


@pytest.mark.parametrize("params", [{}, {"params": None}])
def test_an_initialize_without_params_is_plain_too(wire: Wire, params: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", **params}
    greeting, reply = wire.greet(frame(message))
    assert greeting.params == {}
    assert reply


@pytest.mark.parametrize("rest", [b"Content-Le", frame({"jsonrpc": "2.0", "method": "initialized"}) * 2, b"\r\n", frame(hello())])  # fmt: skip
def test_the_bytes_after_it_are_left_for_the_server(wire: Wire, rest: bytes) -> None:
    greeting, reply = wire.greet(frame(hello()) + rest)
    assert greeting.params is not None
    assert greeting.unread == rest
    assert reply.count(b"Content-Length") == 1


@pytest.mark.parametrize(
    "unusual",
    [
        frame({"jsonrpc": "2.0", "id": 1, "method": "provider/list"}),
        frame({"jsonrpc": "2.0", "method": "initialize", "params": {}}),
        frame(hello(id=None)),
        frame(hello(id=True)),
        frame(hello(jsonrpc="1.0")),
        *(frame(hello(params=wrong)) for wrong in ([1], [], 0, False, "", -0.0)),
        frame([hello()]),
        frame(b"{broken"),
        frame(b"\xff"),
        frame(b"[" * 60_000),
        b"garbage\r\n\r\n" + frame(hello()),
        b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n',
        b"[1,2",
        b"Content-Length: 50\r\n\r\nnot all of it",
        b"",
    ],
)
def test_anything_unusual_is_left_as_it_came(wire: Wire, unusual: bytes) -> None:
    greeting, reply = wire.greet(unusual)
    assert greeting.params is None
    assert greeting.unread == unusual
    assert reply == b""


@given(st.data())
def test_it_may_come_in_any_chunks(data: st.DataObject) -> None:
    stream = frame(hello(params={"capabilities": {}, "rootUri": "file:///naïve"})) + frame({"jsonrpc": "2.0", "method": "x"})  # fmt: skip
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    wire = Wire()
    try:
        greeting, reply = wire.greet(*(stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)))
    finally:
        wire.close()
    assert greeting.params == {"capabilities": {}, "rootUri": "file:///naïve"}
    assert greeting.unread == frame({"jsonrpc": "2.0", "method": "x"})
    assert reply.count(b"serverInfo") == 1


def test_a_sink_that_is_full_is_waited_for(wire: Wire) -> None:
    os.set_blocking(wire.sink, False)
    filled = 0
    with suppress(BlockingIOError):
        while True:
            filled += os.write(wire.sink, b"x" * 4096)
    import threading

    reader = threading.Thread(target=lambda: os.read(wire.client_in, 65536))
    reader.start()
    os.write(wire.client_out, frame(hello()))
    greeting = greet(wire.stdio, ParentWatch())
    reader.join()
    assert greeting is not None
    assert greeting.params is not None


def test_the_reply_is_a_message_of_its_own() -> None:
    assert json.loads(initialize_reply(b'"a"'))["id"] == "a"


@pytest.mark.parametrize("start", [b"", b"Content-Le", b"Content-Length: 90\r\n\r\n", frame(hello())[:-1]])
def test_a_client_that_is_gone_before_its_first_message_is_whole_ends_it(wire: Wire, start: bytes) -> None:
    """The input stays open, as with another process that holds it."""
    os.write(wire.client_out, start)
    client = subprocess.Popen([sys.executable, "-S", "-c", ""])
    client.wait()
    watch = ParentWatch()
    watch.also(client.pid)
    assert greet(wire.stdio, watch) is None
