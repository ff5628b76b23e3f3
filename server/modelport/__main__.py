"""The ``modelport`` and ``acp-discover`` commands: picks one front end and imports only that one."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line in ``sys.argv`` and exits with its code."""
    if sys.argv[1:2] == ["serve"]:
        from modelport.frontends.lsp.serve import serve

        sys.exit(serve(sys.argv[2:]))
    if sys.argv[1:2] == ["discover-agents"]:
        _discover_agents(sys.argv[2:])
    from modelport.frontends.cli.main import run

    run()


def acp_discover() -> None:
    """Runs ``acp-discover`` with the arguments in ``sys.argv`` and exits with its code."""
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
    main()
