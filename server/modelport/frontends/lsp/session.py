"""The context of the handlers: the engine, loaded on first use, and the client they serve."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from modelport.domain.errors import InvalidParams
from modelport.frontends.lsp import workspace
from modelport.frontends.lsp.activity import Activity
from modelport.frontends.lsp.announcement import InstanceAnnouncement
from modelport.frontends.lsp.client import Client
from modelport.frontends.rpc import messages
from modelport.frontends.rpc.outbox import Outbox
from modelport.lazy import Lazy, without_collection
from modelport.protocol.types import BudgetStatus, Call, StatusChangedParams, UsageUpdatedParams

if TYPE_CHECKING:
    from modelport.app.session import App
    from modelport.engine.calls.recorder import Caller, Origin


log = logging.getLogger("modelport.configuration")
T = TypeVar("T")


class Session:
    """One client's session, from ``initialize`` to the end of the process."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.client = Client(outbox)
        self.requests = self.client.requests
        self.announcement = InstanceAnnouncement()
        self.activity = Activity(self._send_status)
        self._engine = Lazy(self._load)
        self._project: str | None = None
        self._folders: tuple[str, ...] = ()
        self._streams: set[str] = set()

    def introduce(self, params: dict[str, Any]) -> None:
        """Takes the client and its project from the params of ``initialize``; None where missing or malformed."""
        self.client.introduce(params)
        self._project = workspace.project(params)
        self._folders = workspace.open_folders(params)
        self.announcement.introduce(self.client.name, params)

    def change_folders(self, params: Any) -> None:
        """Takes the params of ``workspace/didChangeWorkspaceFolders``."""
        self._folders = workspace.changed_folders(self._folders, params)

    async def app(self) -> App:
        """The engine, made in a worker thread when it is first needed, with the configuration as it is now."""
        app = await self._engine.get()
        app.core.workspace.open(self._folders)
        await self.refresh()
        return app

    def _load(self) -> App:
        with without_collection():
            from modelport.app.session import load_app

            return load_app(self.activity.during, self.client.vault)

    async def refresh(self, *, now: bool = False) -> None:
        """Reads the configuration again where it has changed, and reports its problems to the client.

        ``now`` looks at the file even where that was done a moment ago.
        """
        app = self._engine.loaded
        if app is None:
            return
        await app.core.configuration.refresh(now=now)
        for notice in app.core.configuration.take_notices():
            self.outbox.send(messages.log_message(notice.level, notice.text))
            if notice.level != "info":
                log.warning("%s", notice.text)

    @cached_property
    def _run(self) -> str:
        from modelport.engine.calls.recorder import new_session

        return new_session()

    def origin(self) -> Origin:
        """The client, the project and the run of the client that the ledger records for a call."""
        from modelport.engine.calls.recorder import Origin

        return Origin(self.client.name, self._project, self._run)

    def caller(self) -> Caller:
        """The origin of calls, with a callback that reports recorded calls to the client."""
        from modelport.engine.calls.recorder import Caller

        return Caller(self.origin(), self.recorded, warn=self.warn)

    @contextmanager
    def progress(self, token: int | str | None, title: str) -> Generator[Callable[[str], None]]:
        """Yields a function that reports progress, and sends begin and end; without a token it does nothing.

        Source: Language Server Protocol 3.18, work done progress.
        """
        if token is None:
            yield lambda _: None
            return
        self.outbox.send(messages.progress(token, {"kind": "begin", "title": title[:200]}))
        try:
            yield lambda message: self.outbox.send(
                messages.progress(token, {"kind": "report", "message": message[:200]})
            )
        finally:
            self.outbox.send(messages.progress(token, {"kind": "end"}))

    @contextmanager
    def reserved(self, stream_id: str | None) -> Generator[None]:
        """Reserves a stream id while a request runs, so that the updates of two requests cannot mix.

        Raises:
            InvalidParams: another request in flight uses the id.
        """
        if stream_id is None:
            yield
            return
        if stream_id in self._streams:
            raise InvalidParams("streamId is in use by another request: choose another.", field="streamId")
        self._streams.add(stream_id)
        try:
            yield
        finally:
            self._streams.discard(stream_id)

    @contextmanager
    def numbered(
        self, stream_id: str | None, notification: Callable[[str, int, T], bytes]
    ) -> Generator[Callable[[T], None]]:
        """Yields a function that sends one item of a result, numbered from 0; without a stream id it does nothing.

        Raises:
            InvalidParams: another request in flight uses the id.
        """
        if stream_id is None:
            yield lambda _: None
            return
        numbers = count()
        with self.reserved(stream_id):
            yield lambda piece: self.outbox.send(notification(stream_id, next(numbers), piece))

    def _send_status(self, status: StatusChangedParams) -> None:
        self.outbox.send(messages.notification("status/changed", status))

    def recorded(self, call: Call, budgets: Sequence[BudgetStatus], stream_id: str | None = None) -> None:
        """Sends ``usage/updated`` for a recorded call, with the budgets that came to a further state with it."""
        params = UsageUpdatedParams(call=call, stream_id=stream_id, budgets=tuple(budgets) or None)
        self.outbox.send(messages.notification("usage/updated", params))

    def warn(self, message: str) -> None:
        """Shows the user something to mend, where the client can show messages; else it gets a line for its log.

        Source: Language Server Protocol 3.18, ClientCapabilities, ``window.showMessage``.
        """
        sent = (
            messages.show_message(message) if self.client.shows_messages else messages.log_message("warning", message)
        )
        self.outbox.send(sent)

    async def aclose(self) -> None:
        """Removes the announcement, and closes what the engine holds open."""
        await self.announcement.withdraw()
        if self._engine.loaded is not None:
            await self._engine.loaded.core.aclose()
