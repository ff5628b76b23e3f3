"""The server's life: one event loop, one task group, from the first message to the last."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from functools import partial

import anyio
from anyio.abc import TaskGroup

from modelport.frontends.lsp.boundary import Boundary
from modelport.frontends.lsp.first_reply import Greeting
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc.inbox import Inbox
from modelport.frontends.rpc.outbox import Outbox
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio
from modelport.frontends.rpc.tasks import contain_exits

log = logging.getLogger("modelport.server")
CLOSE_TIMEOUT_S = 1.0
POLL_INTERVAL_S = 0.5
"""After the end of the input: the interval of the check whether the client still reads."""
SIGTERM_CODE = 143


class Server:
    """Serves one client."""

    def __init__(self, stdio: Stdio, greeting: Greeting, watch: ParentWatch) -> None:
        self._stdio = stdio
        self._greeting = greeting
        self._watch = watch
        self._over = anyio.Event()
        self._code = 1

    async def run(self) -> int:
        """Serves inside one task group; leaving it ends the server."""
        contain_exits(asyncio.get_running_loop())
        input_ended = anyio.Event()
        inbox = Inbox(self._stdio, self._greeting.unread, input_ended.set)
        at_break = partial(self._end, "the client closed the connection")
        outbox = Outbox(self._stdio, on_broken=at_break, on_pressure=inbox.hold)
        session = Session(outbox)
        async with anyio.create_task_group() as tasks:
            boundary = self._boundary(tasks, outbox, session)
            self._watch_signals()
            tasks.start_soon(self._watch.run, self._client_gone)
            tasks.start_soon(inbox.run, boundary.receive)
            tasks.start_soon(self._finish, input_ended, boundary, outbox)
            await self._over.wait()
            await boundary.stop()
            self._code = self._code if self._code != 1 else boundary.exit_code
            with anyio.move_on_after(CLOSE_TIMEOUT_S):
                await outbox.flushed()
            outbox.close()
            with anyio.move_on_after(CLOSE_TIMEOUT_S):
                await session.aclose()
            tasks.cancel_scope.cancel()
        return self._code

    async def _finish(self, input_ended: anyio.Event, boundary: Boundary, outbox: Outbox) -> None:
        """After the end of the input: ends once every request is answered and the replies are written.

        A client may write its requests, close the pipe and wait. No time limit is needed here, since each request
        has its own. It ends sooner when the client no longer reads, or when its process is gone.
        """
        await input_ended.wait()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_output)
            await boundary.idle()
            await outbox.flushed()
            tasks.cancel_scope.cancel()
        self._end("the client closed its output")

    async def _watch_output(self) -> None:
        while self._stdio.is_read():  # noqa: ASYNC110  no event reports it
            await anyio.sleep(POLL_INTERVAL_S)
        self._end("the client closed the connection")

    def _boundary(self, tasks: TaskGroup, outbox: Outbox, session: Session) -> Boundary:
        boundary = Boundary(
            tasks,
            outbox,
            session,
            on_exit=lambda code: self._end("the client sent exit", code=code),
            on_initialize=lambda params: self._watch.also(params.get("processId")),
        )
        if self._greeting.params is not None:
            boundary.initialized_with(self._greeting.params)
        return boundary

    def _watch_signals(self) -> None:
        stop = partial(self._end, "stopped by a signal", code=SIGTERM_CODE)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            if os.name == "nt":
                signal.signal(name, lambda _number, _frame: loop.call_soon_threadsafe(stop))
            else:
                loop.add_signal_handler(name, stop)

    def _client_gone(self, reason: str) -> None:
        # A client that is there after all, and has named another process, shows it.
        log.warning("stopping: %s", reason)
        self._end(reason)

    def _end(self, reason: str, *, code: int = 1) -> None:
        if not self._over.is_set():
            log.info("stopping: %s", reason)
            self._code = code
            self._over.set()
