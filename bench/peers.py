"""Further peers, on request, each in a virtual environment of its own, since their dependencies conflict."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".cache" / "bench"
PACKAGES = {
    "any-llm": "any-llm-sdk[openai]",
    "pydantic-ai": "pydantic-ai-slim[openai]",
    "litellm": "litellm",
}


def openai_command() -> list[str]:
    """The command of the peer that the project's own environment holds."""
    return [sys.executable, str(HERE / "peer_server.py"), "openai"]


def further() -> dict[str, list[str]]:
    """The commands of the peers that can be installed here, by name."""
    found: dict[str, list[str]] = {}
    for name, package in PACKAGES.items():
        try:
            found[name] = [str(_python(name, package)), str(HERE / "peer_server.py"), name]
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"without {name}: {_last_line(error)}", file=sys.stderr)
    return found


def _python(name: str, package: str) -> Path:
    """The interpreter of a peer's environment, which is created if it is missing."""
    folder = FOLDER / name
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = folder / "installed"
    if not done.exists():
        print(f"installing {package}", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        _run([str(python), *install])
        done.touch()
    return python


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
