"""What every call works with: the engine, loaded on first use, and who asks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from modelport.app import App
    from modelport.engine.calls.recorder import Caller
    from modelport.engine.completions.create import Origin

log = logging.getLogger("modelport.configuration")


class Session:
    """One client's engine. ``name`` and ``project`` say in the ledger who asked, and for what."""

    def __init__(self, name: str, project: str | None) -> None:
        self._name = name
        self._project = project
        self._app: App | None = None
        self._lock = anyio.Lock()
        self._closed = False

    async def app(self) -> App:
        """The engine, made in a worker thread when it is first needed, with the configuration as it is now.

        Raises:
            RuntimeError: the client is closed.
        """
        async with self._lock:
            if self._closed:
                raise RuntimeError("This client is closed: make another.")
            if self._app is None:
                self._app = await anyio.to_thread.run_sync(_load)
            app = self._app
        await app.configuration.refresh()
        for notice in app.configuration.news():
            if notice.level != "info":
                log.warning("%s", notice.text)
        return app

    def origin(self) -> Origin:
        """Who asks, for the ledger."""
        from modelport.engine.completions.create import Origin

        return Origin(self._name, self._project)

    def caller(self) -> Caller:
        """Who asks, for the ledger, where nobody is told of what is written there."""
        from modelport.engine.calls.recorder import Caller

        return Caller(self._name, self._project, lambda _: None)

    async def aclose(self) -> None:
        """Closes what the engine holds open, also while the caller is being cancelled. A second time does nothing."""
        with anyio.CancelScope(shield=True):
            async with self._lock:
                self._closed = True
                app, self._app = self._app, None
                if app is not None:
                    await app.aclose()


def _load() -> App:
    from modelport.app import App

    return App()


class Calls:
    """Base of the calls of one noun: they share the session of the client that they are part of."""

    def __init__(self, *, name: str = "python", project: str | None = None) -> None:
        self._session = Session(name, project)
