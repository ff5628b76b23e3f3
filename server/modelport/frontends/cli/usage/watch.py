"""Shows a report again whenever any program has written to the ledger, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from modelport.app.session import App
from modelport.frontends.cli.output.terminal import is_animated
from modelport.frontends.cli.running import Engine

T = TypeVar("T")
LOOK_INTERVAL_S = 0.5
_HOME_AND_CLEAR = "\x1b[H\x1b[2J"
"""Source: ECMA-48, cursor position and erase in page."""


def watch(running: Engine, fetch: Callable[[App], Awaitable[T]], show: Callable[[T], None]) -> None:
    """Fetches and shows a report until the user presses Ctrl-C, which is its usual end."""
    version = -1

    async def next_report(app: App) -> T:
        nonlocal version
        while (now := await app.core.ledger.data_version()) == version:  # noqa: ASYNC110  no event reports it
            await anyio.sleep(LOOK_INTERVAL_S)
        version = now
        return await fetch(app)

    try:
        while True:
            report = running.call(next_report)
            if is_animated(sys.stdout):
                sys.stdout.write(_HOME_AND_CLEAR)
            show(report)
            sys.stdout.flush()
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
