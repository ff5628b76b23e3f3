"""Checks that modules stay small: 300 lines at most, and at most 8 modules of ours imported by one.

The table of handlers and the composition root list what they join, so their fan-out is their job.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300
WIDEST = 8
JOINS = {"agent_app.py", "app.py", "frontends/lsp/handlers/table.py"}


def imported(tree: ast.Module) -> set[str]:
    """The modules of ours that a module imports, protocol types aside, since they are words and not parts."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("modelport"):
            package = ROOT / "server" / node.module.replace(".", "/")
            found |= {f"{node.module}.{a.name}" for a in node.names} if package.is_dir() else {node.module}
    return {name for name in found if not name.startswith("modelport.protocol")}


def main() -> int:
    """Prints what is too large; returns 1 when anything is."""
    found: list[str] = []
    package = ROOT / "server" / "modelport"
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name == "protocol/types.py":
            continue
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > LONGEST:
            found.append(f"{name}: {lines} lines, at most {LONGEST}")
        width = len(imported(ast.parse(text)))
        if width > WIDEST and name not in JOINS:
            found.append(f"{name}: imports {width} modules of ours, at most {WIDEST}")
    print("\n".join(found) if found else "every module is small enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
