"""Processes are started in one place, which ends them when this process is gone, however that ends."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "modelport"
ALLOWED = {
    "adapters/child_processes/browser.py": "opens the user's browser, which stays when this process is gone",
    "adapters/child_processes/supervised.py": "starts the supervisors",
    "adapters/child_processes/in_job.py": "starts programs in jobs of Windows",
    "adapters/child_processes/running.py": "names the module in whose place a library's function gets another",
    "adapters/child_processes/supervisor.py": "starts the program that it supervises",
}
MODULES = ("subprocess", "multiprocessing", "pty", "_posixsubprocess", "concurrent.futures.process")
CALLS = (
    "Popen", "open_process", "run_process", "create_subprocess_exec", "create_subprocess_shell", "subprocess_exec",
    "subprocess_shell", "ProcessPoolExecutor", "fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "startfile",
    *(f"spawn{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"exec{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
)  # fmt: skip
CONSTANTS_ONLY = {"adapters/child_processes/child.py": {"PIPE", "DEVNULL", "STDOUT"}}
"""Modules that take names from ``subprocess`` which start nothing."""


def starts(text: str, name: str) -> list[str]:
    """The places of a module that start a process, or could."""
    found: list[str] = []
    harmless = CONSTANTS_ONLY.get(name)
    for node in ast.walk(ast.parse(text)):
        place = f"{name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            found += [f"{place} {a.name}" for a in node.names if a.name in MODULES and harmless is None]
        elif isinstance(node, ast.ImportFrom) and (node.module or "") in MODULES:
            found.append(f"{place} {node.module}")
        elif isinstance(node, ast.ImportFrom):
            found += [f"{place} {a.name}" for a in node.names if a.name in CALLS or a.name in MODULES]
        elif isinstance(node, ast.Attribute) and node.attr in CALLS:
            found.append(f"{place} {node.attr}")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "subprocess" and harmless is not None and node.attr not in harmless:
                found.append(f"{place} subprocess.{node.attr}")
            if (node.value.id, node.attr) == ("os", "system"):
                found.append(f"{place} os.system")
        elif isinstance(node, ast.Constant) and node.value in MODULES:
            found.append(f"{place} {node.value!r}")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess", "from subprocess import run", "def f():\n    import subprocess as s",
        "anyio.open_process(['x'])", "await anyio.run_process(['x'])", "from anyio import open_process",
        "os.fork()", "os.system('x')", "os.execv('x', [])", "from os import posix_spawn", "os.popen('x')",
        "asyncio.create_subprocess_exec('x')", "import multiprocessing", "import_module('subprocess')",
        "from concurrent.futures import ProcessPoolExecutor",
    ],
)  # fmt: skip
def test_a_start_is_seen(text: str) -> None:
    assert starts(text, "x.py")


def test_only_the_supervisor_starts_processes() -> None:
    found: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if places := starts(path.read_text(encoding="utf-8"), name):
            found[name] = places
    assert {name: places for name, places in found.items() if name not in ALLOWED} == {}
    assert set(found) == set(ALLOWED), "an exception that is none any more"
