"""Odd params of ``initialize``, by the first reply and by the boundary: one reply, and a session that goes on."""

from __future__ import annotations

import json
import os
from typing import Any

import anyio

from modelport.frontends.lsp.boundary import Boundary
from modelport.frontends.lsp.first_reply import greet
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio
from modelport.protocol.initialize import INITIALIZE_RESULT
from support.checks import together
from support.odd_initializes import odd_params

PARAMS = odd_params()


class Box:
    """An outbox that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        self.sent.append(json.loads(body))


def hello(params: str) -> bytes:
    return f'{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{params}}}'.encode()


def greeted(body: bytes) -> tuple[dict[str, Any] | None, bytes, bytes]:
    """The params, the bytes left to the server and the reply of the first look at the wire."""
    (source, client_out), (client_in, sink) = os.pipe(), os.pipe()
    frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    read_end = os.fdopen(client_in, "rb")
    try:
        # One read of the other side takes no more than a pipe holds; the server proper reads the rest.
        os.set_blocking(client_out, False)
        written = os.write(client_out, frame)
        os.close(client_out)
        greeting = greet(Stdio(source, sink, pollable=False), ParentWatch())
        os.close(sink)
        assert greeting is not None
        return greeting.params, greeting.unread if written == len(frame) else frame, read_end.read()
    finally:
        os.close(source)
        read_end.close()


async def test_an_odd_initialize_is_answered() -> None:
    with together() as failures:
        for name, params in PARAMS.items():
            with failures.of(name):
                await check_answered(hello(params))


async def check_answered(body: bytes) -> None:
    params, unread, reply = greeted(body)
    box = Box()
    async with anyio.create_task_group() as tasks:
        session = Session(box)  # type: ignore[arg-type]
        watch = ParentWatch()
        boundary = Boundary(
            tasks,
            box,  # type: ignore[arg-type]
            session,
            on_exit=lambda _: None,
            on_initialize=lambda given: watch.also(given.get("processId")),
        )
        if reply:
            assert unread == b""
            assert params is not None
            assert json.loads(reply.partition(b"\r\n\r\n")[2])["result"] == json.loads(INITIALIZE_RESULT)
            boundary.initialized_with(params)
        else:
            assert params is None
            boundary.receive(body)
            assert [(sent["id"], "result" in sent) for sent in box.sent] == [(1, True)]
        origin = session.origin()
        for text in (origin.client, origin.project):
            assert text is None or (text.encode() and len(text) <= 200)
        box.sent.clear()
        boundary.receive(b'{"jsonrpc":"2.0","id":2,"method":"made/up"}')
        assert [sent["error"]["code"] for sent in box.sent] == [-32601]


def test_there_are_many() -> None:
    assert len(PARAMS) > 250
