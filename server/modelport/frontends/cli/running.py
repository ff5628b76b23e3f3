"""Runs a command with the engine, and turns errors into messages and exit codes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import wait
from contextlib import contextmanager
from typing import TypeVar, cast

import click
from anyio import CancelScope
from anyio.from_thread import BlockingPortal, start_blocking_portal

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.errors import InvalidParams, ModelportError
from modelport.frontends.cli.exits.interrupts import interruptible
from modelport.frontends.cli.output.printing import print_message

T = TypeVar("T")
POLL_INTERVAL_S = 0.1
"""How long Ctrl-C may be late on Windows, where it does not interrupt a wait for another thread."""


class Engine:
    """The engine on an event loop in a thread of its own, for a command that also waits for its user."""

    def __init__(self, portal: BlockingPortal, app: App) -> None:
        self._portal = portal
        self._app = app

    @property
    def app(self) -> App:
        """The use cases; their coroutines run in ``call`` only."""
        return self._app

    def call(self, work: Callable[[App], Awaitable[T]]) -> T:
        """The result of the work. Ctrl-C cancels the work, and is raised once it has ended.

        Raises:
            ModelportError: the work raised it.
            KeyboardInterrupt: the user pressed Ctrl-C.
        """
        scope: CancelScope | None = None
        interrupted = False

        async def run() -> T | None:
            nonlocal scope
            with CancelScope() as scope:
                return None if interrupted else await work(self._app)

        def cancel() -> None:
            if scope is not None:
                scope.cancel()

        def interrupt() -> None:
            nonlocal interrupted
            if interrupted:
                # The work does not end: the second Ctrl-C does not wait for it.
                raise KeyboardInterrupt
            interrupted = True
            self._portal.start_task_soon(cancel)

        with _interrupts_to(interrupt):
            future = self._portal.start_task_soon(run)
            while not wait((future,), timeout=POLL_INTERVAL_S).done:
                pass
        if interrupted:
            raise KeyboardInterrupt
        return cast("T", future.result())


@contextmanager
def _interrupts_to(handle: Callable[[], None]) -> Generator[None]:
    """Calls ``handle`` on Ctrl-C. The exception that Python raises otherwise could leave a lock of the future held."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: handle())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def engine(*, show_problems: bool = True) -> Generator[Engine]:
    """An engine of its own; a ``ModelportError`` in the block ends the program with its message.

    With ``show_problems``, errors in the configuration file are printed to standard error.
    """
    try:
        with start_blocking_portal() as portal:
            app = App(Core())
            with interruptible():
                for notice in app.core.configuration.take_notices():
                    if show_problems and notice.level == "error":
                        print_message(notice.text)
                try:
                    yield Engine(portal, app)
                finally:
                    portal.call(app.core.aclose)
                    # What a second Ctrl-C has left behind is not waited for.
                    portal.call(portal.stop, True)
    except ModelportError as error:
        print_message(error.message)
        raise click.exceptions.Exit(2 if isinstance(error, InvalidParams) else 1) from error


def with_app(work: Callable[[App], Awaitable[T]], *, show_problems: bool = True) -> T:
    """The result of the work, run with an engine of its own, as in ``engine``."""
    with engine(show_problems=show_problems) as running:
        return running.call(work)
