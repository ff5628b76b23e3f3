"""Checks that parts stay small: lines of a module, modules of ours that one imports, modules in a folder."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "server" / "modelport"
MAX_LINES = 300
MAX_IMPORTS = 8
MAX_MODULES = 15
JOINS = ("app/", "frontends/lsp/handlers/table.py")
"""What joins other parts lists them, so that its imports are its job."""
WORDS = (
    "modelport.protocol",
    "modelport.lazy",
    "modelport.borders",
    "modelport.domain.errors",
    "modelport.adapters.wire.errors",
)
"""Types and errors are words and not parts; their import is not counted."""
LISTS: dict[str, str] = {}
"""Folders that are a list of entries, a module each, with the reason. Each stands in ARCHITECTURE.md too."""


def imported(tree: ast.Module) -> set[str]:
    """The modules of ours that a module imports, but for ``WORDS``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("modelport"):
            package = ROOT / "server" / node.module.replace(".", "/")
            found |= {f"{node.module}.{a.name}" for a in node.names} if package.is_dir() else {node.module}
    return {name for name in found if not name.startswith(WORDS)}


def large_modules() -> list[str]:
    """What is said of modules that are too long or import too much."""
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name == "protocol/types.py":
            continue
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MAX_LINES:
            found.append(f"{name}: {lines} lines, at most {MAX_LINES}")
        width = len(imported(ast.parse(text)))
        if width > MAX_IMPORTS and not name.startswith(JOINS):
            found.append(f"{name}: imports {width} modules of ours, at most {MAX_IMPORTS}")
    return found


def large_folders() -> list[str]:
    """What is said of folders with too many modules; a part counts as one, whether it is a module or a folder."""
    found: list[str] = []
    for folder in sorted({path.parent for path in PACKAGE.rglob("*.py")}):
        name = folder.relative_to(PACKAGE).as_posix()
        modules = sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        if modules > MAX_MODULES and name not in LISTS:
            found.append(
                f"{name}: {modules} modules, at most {MAX_MODULES}: move those that belong together into a folder of "
                "their own; or it is a list, a module per entry: give the reason in LISTS here and in ARCHITECTURE.md"
            )
        if modules <= MAX_MODULES and name in LISTS:
            found.append(f"{name}: is small enough, and needs no entry in LISTS")
    return found


def main() -> int:
    """Prints what is too large; returns 1 when anything is."""
    found = [*large_modules(), *large_folders()]
    print("\n".join(found) if found else "every module and every folder is small enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
