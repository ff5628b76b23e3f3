"""Runs the server's event loop, and ends the process with it."""

from __future__ import annotations

import logging
import os
import sys

import anyio

from modelport.frontends.lsp.first_reply import Greeting
from modelport.frontends.lsp.server import Server
from modelport.frontends.rpc import logs
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio

NOT_LSP = (
    "This looks like newline-delimited JSON. modelport serve speaks the LSP base protocol: every message "
    "needs a Content-Length header.\n"
)


def run(stdio: Stdio, greeting: Greeting, watch: ParentWatch) -> int:
    """Serves until the client is gone; returns the exit code."""
    logs.set_up()
    if greeting.params is None and greeting.unread[:1] in (b"{", b"["):
        sys.stderr.write(NOT_LSP)
        return 2
    return anyio.run(_serve, stdio, greeting, watch)


async def _serve(stdio: Stdio, greeting: Greeting, watch: ParentWatch) -> int:
    code = await Server(stdio, greeting, watch).run()
    # Closing the loop would wait for worker threads, and one of those may wait for a keyring or a name
    # server. Everything that matters has been answered, written and flushed.
    logging.shutdown()
    os._exit(code)
