"""The context of every call: the engine, loaded on first use, and the caller's name and project."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

import anyio

from modelport.lazy import Lazy

if TYPE_CHECKING:
    from modelport.app.session import App
    from modelport.engine.calls.recorder import Caller, Origin

log = logging.getLogger("modelport.configuration")


class Session:
    """One client's engine. ``name`` and ``project`` are recorded in the ledger with each call."""

    def __init__(self, name: str, project: str | None) -> None:
        self._name = name
        self._project = project
        self._engine = Lazy(_load)
        self._closed = False

    async def app(self) -> App:
        """The engine, made in a worker thread when it is first needed, with the configuration as it is now.

        Raises:
            RuntimeError: the client is closed.
        """
        app = None if self._closed else await self._engine.get()
        if app is None or self._closed:
            raise RuntimeError("This client is closed: make another.")
        await app.core.configuration.refresh()
        for notice in app.core.configuration.take_notices():
            if notice.level != "info":
                log.warning("%s", notice.text)
        return app

    @cached_property
    def _run(self) -> str:
        from modelport.engine.calls.recorder import new_session

        return new_session()

    def origin(self) -> Origin:
        """The client, the project and the run of the client that the ledger records for a call."""
        from modelport.engine.calls.recorder import Origin

        return Origin(self._name, self._project, self._run)

    def caller(self) -> Caller:
        """The origin of calls, with no callback for recorded calls."""
        from modelport.engine.calls.recorder import Caller

        return Caller(self.origin(), lambda _call, _budgets: None)

    async def aclose(self) -> None:
        """Closes what the engine holds open, also while the caller is being cancelled. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        with anyio.CancelScope(shield=True):
            app = await self._engine.settled()
            if app is not None:
                await app.core.aclose()


def _load() -> App:
    from modelport.app.core import Core
    from modelport.app.session import App

    return App(Core())


class Calls:
    """Base of the calls of one noun: they share the session of the client that they are part of."""

    def __init__(self, *, name: str = "python", project: str | None = None) -> None:
        self._session = Session(name, project)
