"""The context of the handlers: the engine, loaded on first use, and the client they serve."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlparse

from modelport.domain.errors import InvalidParams
from modelport.frontends.lsp.announcement import InstanceAnnouncement
from modelport.frontends.rpc import messages
from modelport.frontends.rpc.outbox import Outbox
from modelport.lazy import Lazy
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Call, StatusChangedParams, UsageUpdatedParams

if TYPE_CHECKING:
    from modelport.app.session import App
    from modelport.engine.calls.recorder import Caller, Origin


log = logging.getLogger("modelport.configuration")
T = TypeVar("T")


class Session:
    """One client's session, from ``initialize`` to the end of the process."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.announcement = InstanceAnnouncement()
        self._engine = Lazy(self._load)
        self._client: str | None = None
        self._project: str | None = None
        self._streams: set[str] = set()

    def introduce(self, params: dict[str, Any]) -> None:
        """Takes the client's name and project from the params of ``initialize``; None where missing or malformed."""
        info = params.get("clientInfo")
        name = info.get("name") if is_object(info) else None
        self._client = name[:100] if isinstance(name, str) and name else None
        self._project = _project(params)
        self.announcement.introduce(self._client, params)

    async def app(self) -> App:
        """The engine, made in a worker thread when it is first needed, with the configuration as it is now."""
        app = await self._engine.get()
        await self.refresh()
        return app

    def _load(self) -> App:
        from modelport.app.core import Core
        from modelport.app.session import App

        core = Core()
        core.add_status_listener(self._status)
        return App(core)

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

    def origin(self) -> Origin:
        """The client and project that the ledger records for a call."""
        from modelport.engine.calls.recorder import Origin

        return Origin(self._client, self._project)

    def caller(self) -> Caller:
        """The client and project for the ledger, with a callback that reports recorded calls to the client."""
        from modelport.engine.calls.recorder import Caller

        return Caller(self.origin(), lambda call: self.recorded(call, None))

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

    def open_stream(self, stream_id: str) -> None:
        """Reserves a stream id, so that the updates of two requests cannot mix.

        Raises:
            InvalidParams: another request in flight uses the id.
        """
        if stream_id in self._streams:
            raise InvalidParams("streamId is in use by another request: choose another.", field="streamId")
        self._streams.add(stream_id)

    def close_stream(self, stream_id: str) -> None:
        """Releases a stream id."""
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
        self.open_stream(stream_id)
        try:
            yield lambda piece: self.outbox.send(notification(stream_id, next(numbers), piece))
        finally:
            self.close_stream(stream_id)

    def _status(self, busy: bool, message: str) -> None:  # noqa: FBT001
        """Sends ``status/changed``."""
        params = StatusChangedParams(kind="normal", busy=busy, message=message or None)
        self.outbox.send(messages.notification("status/changed", params))

    def recorded(self, call: Call, stream_id: str | None) -> None:
        """Sends ``usage/updated`` for a recorded call."""
        self.outbox.send(messages.notification("usage/updated", UsageUpdatedParams(call=call, stream_id=stream_id)))

    async def aclose(self) -> None:
        """Removes the announcement, and closes what the engine holds open."""
        await self.announcement.withdraw()
        if self._engine.loaded is not None:
            await self._engine.loaded.core.aclose()


def _project(params: dict[str, Any]) -> str | None:
    folders = params.get("workspaceFolders")
    first = folders[0] if is_list(folders) and folders else None
    name = first.get("name") if is_object(first) else None
    if isinstance(name, str) and name:
        return name[:200]
    root = params.get("rootUri") or params.get("rootPath")
    if not isinstance(root, str):
        return None
    return unquote(urlparse(root).path if "://" in root else root).rstrip("/").rpartition("/")[2][:200] or None
