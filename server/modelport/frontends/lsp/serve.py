"""Starts the server: claims stdio, answers ``initialize``, and only then imports the rest.

Everything this module imports adds to the time to the first reply.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

from modelport.frontends.lsp.first_reply import greet
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import claim

USAGE = """\
modelport serve is a language server: an editor starts it and speaks JSON-RPC to it over
standard input and output (LSP base protocol, Content-Length frames), so it cannot be used
from a terminal. To try Modelport without an editor:

  modelport chat "Say hello"     ask a model
  modelport providers            list the providers and what each needs
  modelport doctor               check this installation
"""


def serve(arguments: list[str], closed: Collection[int] = ()) -> int:
    """Serves until the client is gone; returns the exit code of the process.

    0 after ``shutdown`` and ``exit``, 1 when the client ended without them, 2 for wrong usage,
    143 after SIGTERM. ``closed`` are the standard descriptors that were closed at the start.
    """
    unknown = [argument for argument in arguments if argument != "--stdio"]
    if unknown:
        sys.stderr.write(f"modelport serve takes no {unknown[0]}; the only option is --stdio.\n")
        return 2
    if 0 in closed or sys.stdin is None or sys.stdin.isatty():
        sys.stderr.write(USAGE)
        return 2
    # From the first moment: a client may die before it has said anything.
    watch = ParentWatch(source=0)
    stdio = claim()
    try:
        greeting = greet(stdio, watch)
    except OSError:
        # The output is closed, or full: no reply can be written.
        return 1
    # What is loaded next takes a while, on a busy machine a long one.
    if greeting is None or watch.gone():
        return 1
    # Loaded only now: the client has its first reply.
    from modelport.lazy import without_collection

    with without_collection():
        from modelport.frontends.lsp.run import run

    return run(stdio, greeting, watch)
