"""Model servers from PyPI, each in an environment of its own under ``.cache/servers``, installed on first use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support import programs

CACHE = programs.ROOT / ".cache" / "servers"
INSTALL_S = 1800.0
"""llama-cpp-python is compiled here: six minutes on two cores."""
BUILD = {"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1), "CMAKE_ARGS": "-DGGML_NATIVE=OFF -DLLAMA_CURL=OFF"}


def environment(name: str, *packages: str) -> Path:
    """The folder with the programs of an environment that has these packages; skips the test where that fails."""
    folder = CACHE / name
    programs_folder = folder / "bin"
    stamp = folder / "packages.txt"
    wanted = "\n".join(packages)
    if stamp.is_file() and stamp.read_text() == wanted:
        return programs_folder
    folder.mkdir(parents=True, exist_ok=True)
    _run(name, [sys.executable, "-m", "venv", str(folder)])
    pip = [str(programs_folder / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(name, [*pip, *packages])
    stamp.write_text(wanted)
    return programs_folder


def _run(name: str, command: list[str]) -> None:
    env = {**os.environ, **BUILD}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        programs.missing(f"{name} was not installed within {INSTALL_S / 60:g} minutes")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        programs.missing(f"{name} cannot be installed here: {said[-1] if said else 'pip failed'}")
