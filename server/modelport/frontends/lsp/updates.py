"""One stream of ``completion/update`` notifications: deltas in, numbered frames out."""

from __future__ import annotations

import anyio

from modelport.borders import json_bytes
from modelport.domain.completions.listener import NullListener
from modelport.frontends.rpc.outbox import Outbox

MAX_WAITING_CHARS = 256 * 1024
"""Characters a stream may hold for a slow client; beyond them the provider is left unread."""


class UpdateStream(NullListener):
    """Turns the deltas of an answer into updates, for a client that gave a ``streamId``.

    Neighbouring deltas of one kind that leave in the same write are one update; the first never waits.
    """

    def __init__(self, stream_id: str, outbox: Outbox) -> None:
        self._outbox = outbox
        self._head = (
            b'{"jsonrpc":"2.0","method":"completion/update","params":{"streamId":' + json_bytes(stream_id) + b',"seq":'
        )
        self._sequence = 0
        self._kind = b""
        self._texts: list[str] = []
        self._done: list[bytes] = []
        self._waiting = 0
        self._room: anyio.Event | None = None

    @property
    def congested(self) -> bool:
        """Whether more than ``MAX_WAITING_CHARS`` wait, so that reading from the provider should pause."""
        return self._waiting > MAX_WAITING_CHARS

    async def drained(self) -> None:
        """Returns when the client has caught up."""
        while self.congested:
            self._room = anyio.Event()
            await self._room.wait()

    def text(self, text: str) -> None:
        """Adds a delta of the answer."""
        self._add(b'{"kind":"text","text":', text)

    def reasoning(self, text: str) -> None:
        """Adds a delta of the reasoning."""
        self._add(b'{"kind":"reasoning","text":', text)

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """Adds a delta of a tool call; one with its id or name is always an update of its own."""
        if call_id is None and name is None:
            self._add(b'{"kind":"toolCall","index":%d,"argumentsDelta":' % index, arguments)
            return
        self._close()
        head = b'{"kind":"toolCall","index":%d' % index
        head += b',"id":' + json_bytes(call_id) if call_id else b""
        head += b',"name":' + json_bytes(name) if name else b""
        self._add(head + b',"argumentsDelta":', arguments)
        self._close()

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Adds a failed attempt, after which another provider is tried."""
        self._close()
        head = b'{"kind":"attempt","provider":%b,"model":%b,"reason":' % (json_bytes(provider), json_bytes(model))
        self._add(head, reason)
        self._close()

    def reset(self) -> None:
        """Adds the notice that the answer begins again."""
        self._close()
        if not self._waiting:
            self._outbox.ready(self)
        self._done.append(b'{"kind":"reset"}}}')
        self._waiting += 1

    def frames(self) -> bytes:
        """All updates so far, as frames; called by the outbox when there is room."""
        self._close()
        frames: list[bytes] = []
        for update in self._done:
            body = b"%b%d%b%b" % (self._head, self._sequence, b',"update":', update)
            self._sequence += 1
            frames.append(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._done.clear()
        self._waiting = 0
        if self._room is not None:
            self._room.set()
            self._room = None
        return b"".join(frames)

    def _add(self, head: bytes, text: str) -> None:
        if head != self._kind:
            self._close()
            self._kind = head
        if not self._waiting:
            self._outbox.ready(self)
        self._texts.append(text)
        self._waiting += len(text) or 1

    def _close(self) -> None:
        if self._texts:
            self._done.append(self._kind + json_bytes("".join(self._texts)) + b"}}}")
            self._texts.clear()
        self._kind = b""
