"""The ``modelport`` command: picks one front end and imports only that one."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line in ``sys.argv`` and exits with its code."""
    if sys.argv[1:2] == ["serve"]:
        from modelport.frontends.lsp.serve import serve

        sys.exit(serve(sys.argv[2:]))
    from modelport.frontends.cli.main import run

    run()


if __name__ == "__main__":
    main()
