"""Checks the types on Linux, macOS and Windows: everything as on Linux, and as on the others what can differ there.

A module can differ where it imports a module of the standard library whose stubs name a platform. The three runs go
on at once, since pyright keeps one core busy.

Usage: python tests/platforms.py
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYRIGHT = ROOT / "node_modules" / "pyright"
STUBS = PYRIGHT / "dist" / "typeshed-fallback" / "stdlib"
SOURCES = ("server", "protocol")
EVERYWHERE = "Linux"
ELSEWHERE = ("Darwin", "Windows")


def platform_modules() -> set[str]:
    """The top names of standard modules whose stubs name a platform."""
    found: set[str] = set()
    for path in STUBS.rglob("*.pyi"):
        if "sys.platform" in path.read_text(encoding="utf-8"):
            # socket is typed by _socket, ssl by _ssl.
            found.add(path.relative_to(STUBS).parts[0].removesuffix(".pyi").removeprefix("_"))
    return found - {"builtins"}


def imported(tree: ast.Module) -> set[str]:
    """The top names of the modules that a module imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def differing() -> list[str]:
    """The modules that can differ by platform."""
    ours = [path for name in SOURCES for path in sorted((ROOT / name).rglob("*.py"))]
    theirs = platform_modules()
    return [str(path) for path in ours if imported(ast.parse(path.read_text(encoding="utf-8"))) & theirs]


def main() -> int:
    """Prints what pyright finds on each platform; returns 1 when it finds anything."""
    modules = differing()
    asked = {EVERYWHERE: list[str](), **dict.fromkeys(ELSEWHERE, modules)}
    runs = {
        platform: subprocess.Popen(
            ["node", str(PYRIGHT / "index.js"), "--pythonplatform", platform, *files],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for platform, files in asked.items()
    }
    wrong = False
    for platform, run in runs.items():
        said, _ = run.communicate()
        print(f"{platform}, {len(asked[platform]) or 'all'} modules: {said.strip()}")
        wrong = wrong or run.returncode != 0
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
