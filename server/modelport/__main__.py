"""The ``modelport`` and ``acp-discover`` commands: picks one front end and imports only that one."""

from __future__ import annotations

import sys

from modelport.frontends.cli.exits.interrupts import exit_on_interrupts
from modelport.frontends.process import settle


def main() -> None:
    """Runs the command line in ``sys.argv`` and exits with its code."""
    exit_on_interrupts()
    closed = settle()
    if sys.argv[1:2] == ["serve"] and not {"--help", "-h"}.intersection(sys.argv[2:]):
        from modelport.frontends.lsp.serve import serve

        sys.exit(serve(sys.argv[2:], closed))
    if sys.argv[1:2] == ["discover-agents"]:
        _discover_agents(sys.argv[2:])
    from modelport.lazy import without_collection

    with without_collection():
        from modelport.frontends.cli.main import run

    run()


def acp_discover() -> None:
    """Runs ``acp-discover`` with the arguments in ``sys.argv`` and exits with its code."""
    exit_on_interrupts()
    settle()
    _discover_agents(sys.argv[1:])


def _discover_agents(arguments: list[str]) -> None:
    # It lives for a tenth of a second: collecting garbage, and tidying up at the end, would be a tenth of that.
    import gc
    import os

    gc.disable()
    from modelport.frontends.cli.acp_discover import main

    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # As a module, Python looks for every other one in the working folder first, which may be a hostile project.
        del sys.path[0]
    main()
