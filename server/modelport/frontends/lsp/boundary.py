"""The rules of the wire: every request is answered exactly once, whatever its content.

Lifecycle messages are handled here, methods of the contract go to their handlers, the standard
LSP's other requests to ``standard``. Each request runs in a task with a cancel scope of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup

from modelport.domain.errors import ModelportError, RequestFailed
from modelport.frontends.lsp.first_reply import initialize_reply
from modelport.frontends.lsp.handlers.table import HANDLERS, handle
from modelport.frontends.lsp.session import Session
from modelport.frontends.lsp.standard import StandardMethods
from modelport.frontends.rpc import messages
from modelport.frontends.rpc.frames import BadFrame
from modelport.frontends.rpc.logs import log_bug
from modelport.frontends.rpc.messages import Incoming, Malformed, MessageId
from modelport.frontends.rpc.outbox import Outbox
from modelport.protocol import methods as protocol
from modelport.protocol.shapes import is_object
from modelport.protocol.types import ErrorData

log = logging.getLogger("modelport.wire")
OTHER_REQUESTS = frozenset({"initialize", "shutdown"}) | StandardMethods.METHODS

CONFIGURATION_CHANGED = frozenset({"workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles"})


class Boundary:
    """Serves one client's messages. ``on_exit`` is called with the exit code when the client sends ``exit``."""

    def __init__(
        self,
        tasks: TaskGroup,
        outbox: Outbox,
        session: Session,
        *,
        on_exit: Callable[[int], None],
        on_initialize: Callable[[dict[str, Any]], None],
    ) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._session = session
        self._standard = StandardMethods(session)
        self._on_exit = on_exit
        self._on_initialize = on_initialize
        self._in_flight: dict[tuple[type, MessageId], anyio.CancelScope] = {}
        self._answered = anyio.Event()
        self._initialized = False
        self._shut_down = False
        self._stopping = False

    @property
    def exit_code(self) -> int:
        """0 once the client has sent ``shutdown``."""
        return 0 if self._shut_down else 1

    def initialized_with(self, params: dict[str, Any]) -> None:
        """Takes the params of an ``initialize`` that has been answered."""
        self._initialized = True
        with _logged("the params of initialize"):
            self._session.introduce(params)
        with _logged("the params of initialize"):
            self._on_initialize(params)

    def receive(self, item: bytes | BadFrame) -> None:
        """Handles one item from the wire."""
        if isinstance(item, BadFrame):
            log.error("the input held %s; going on at the next Content-Length header", item.reason)
            self._outbox.send(messages.error(None, protocol.PARSE_ERROR, f"Not a frame: {item.reason}."))
            return
        try:
            message = messages.read(item)
        except Malformed as bad:
            log.warning("%s", bad.message)
            self._outbox.send(messages.error(bad.id, bad.code, bad.message))
            return
        if message.kind == "request":
            self._request(message)
        else:
            # Nothing is answered here, so an error has only the log to go to.
            with _logged(message.method or "a response"):
                self._unanswered(message)

    def _unanswered(self, message: Incoming) -> None:
        if message.kind == "notification":
            self._notification(message)
        elif not self._session.requests.receive(message.raw):
            log.debug("dropped a response to request %s, which does not wait for one", str(message.id)[:100])

    async def idle(self) -> None:
        """Returns when every request that was received has been answered."""
        while self._in_flight:
            await self._answered.wait()

    async def stop(self) -> None:
        """Cancels the requests that are under way; each is answered."""
        self._stopping = True
        for scope in list(self._in_flight.values()):
            scope.cancel()
        await self.idle()

    def _request(self, message: Incoming) -> None:
        refusal = self._refusal(message)
        if refusal is not None:
            self._outbox.send(messages.error(message.id, *refusal))
        elif message.method == "initialize":
            self._outbox.send(initialize_reply(messages.encode(message.id)))
            self.initialized_with({} if message.is_too_deep else message.params)
        elif message.method == "shutdown":
            self._shut_down = True
            self._outbox.send(messages.result(message.id, None))
        else:
            scope = anyio.CancelScope()
            self._in_flight[message.key] = scope
            self._tasks.start_soon(self._serve, message, scope)

    def _refusal(self, message: Incoming) -> tuple[int, str] | None:
        if self._shut_down:
            return protocol.INVALID_REQUEST, "The server has been shut down: start a new one."
        if message.key in self._in_flight:
            return protocol.INVALID_REQUEST, "A request with this id is still in flight: use another id."
        if message.method == "initialize":
            if self._initialized:
                return protocol.INVALID_REQUEST, "The server is initialized already."
            wrong = not is_object(message.params) and not message.is_too_deep
            return (protocol.INVALID_PARAMS, "params must be an object.") if wrong else None
        if not self._initialized:
            return protocol.SERVER_NOT_INITIALIZED, "The first request must be initialize."
        if message.method not in HANDLERS and message.method not in OTHER_REQUESTS:
            return protocol.METHOD_NOT_FOUND, f"There is no method {message.method[:100]} in this build."
        if message.is_too_deep and message.method != "shutdown":
            return protocol.INVALID_PARAMS, messages.TOO_DEEP_SENTENCE
        return None

    def _notification(self, message: Incoming) -> None:
        if message.method == "exit":
            self._on_exit(self.exit_code)
        elif message.method == "$/cancelRequest":
            target = messages.as_id(message.params.get("id")) if is_object(message.params) else None
            scope = None if target is None else self._in_flight.get((type(target), target))
            if scope is not None:
                scope.cancel()
        elif message.method in CONFIGURATION_CHANGED:
            self._tasks.start_soon(self._refresh)
        elif message.method == "workspace/didChangeWorkspaceFolders":
            self._session.change_folders(message.params)
        elif message.method == "initialized" and self._initialized:
            self._tasks.start_soon(self._session.announcement.announce)
        else:
            # Notifications this build does not handle, such as didOpen, are ignored, as the LSP demands.
            log.debug("ignored the notification %s", message.method[:100])

    async def _refresh(self) -> None:
        with _logged("rereading the configuration"):
            await self._session.refresh(now=True)

    async def _serve(self, message: Incoming, scope: anyio.CancelScope) -> None:
        reply: bytes | None = None
        try:
            with scope:
                reply = await self._reply(message)
        except BaseException as bug:
            if self._tasks.cancel_scope.cancel_called:
                raise
            # Such as SystemExit, or a cancellation that no scope of ours has begun: it ends its request and no other.
            reply = self._internal_error(message, bug)
        self._outbox.send(self._cancelled(message) if reply is None else reply)
        del self._in_flight[message.key]
        self._answered.set()
        self._answered = anyio.Event()

    async def _reply(self, message: Incoming) -> bytes:
        try:
            try:
                return messages.result(message.id, await self._value(message))
            except ModelportError as reason:
                return messages.failure(message.id, reason)
        except Exception as bug:  # noqa: BLE001  the boundary answers whatever happens, in writing an error too
            return self._internal_error(message, bug)

    async def _value(self, message: Incoming) -> Any:
        if message.method not in HANDLERS:
            return await self._standard.request(message.raw)
        params = messages.convert(message.params, protocol.METHODS[message.method])
        return await handle(self._session, message.method, params)

    def _cancelled(self, message: Incoming) -> bytes:
        if self._stopping:
            stopped = RequestFailed("stream_interrupted", "The server is stopping: ask again when it is back.")
            return messages.failure(message.id, stopped)
        return messages.error(message.id, protocol.REQUEST_CANCELLED, "The request was cancelled.")

    def _internal_error(self, message: Incoming, bug: BaseException) -> bytes:
        log_id = os.urandom(4).hex()
        log_bug(log, f"bug {log_id} in {message.method}", bug)
        sentence = f"This is a bug in Modelport: please report it with the lines of the log under {log_id}."
        return messages.error(message.id, protocol.INTERNAL_ERROR, sentence, ErrorData(log_id=log_id))


@contextmanager
def _logged(what: str) -> Generator[None]:
    """Logs an error in the block and goes on: for what has no reply to carry it."""
    try:
        yield
    except Exception as bug:  # noqa: BLE001  the last net
        log_bug(log, f"bug in {what[:100]}", bug)
