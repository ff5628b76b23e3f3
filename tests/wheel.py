"""Builds the wheel and the source distribution into ``dist/``, and does the main job with each in a fresh environment.

Each is installed twice: with the newest dependencies that pyproject.toml allows, and with the oldest. The adapters'
tests run with the oldest too, since the embedded model of the main job needs no vendor's client.

Usage: python tests/wheel.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
FOLDER = ROOT / ".cache" / "wheel"
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
UV = (sys.executable, "-m", "uv", "--quiet")
TESTS = ("tests/unit/adapters", "tests/contract/test_completer.py")
PROMPT = "a streamed answer"
IMPORT_ALL = """
import importlib, pkgutil, modelport
for module in pkgutil.walk_packages(modelport.__path__, "modelport."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def main() -> None:
    """Builds, installs and runs; the first command that fails ends it."""
    for old in (*DIST.glob("modelport-*.whl"), *DIST.glob("modelport-*.tar.gz")):
        old.unlink()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    run(*UV, "build", "--out-dir", str(DIST))
    oldest = FOLDER / "oldest.txt"
    lowest = ("--resolution", "lowest-direct", "--no-header", "--output-file", str(oldest))
    run(*UV, "pip", "compile", "--python", sys.executable, *lowest, str(ROOT / "pyproject.toml"))
    for kind, pattern in (("wheel", "modelport-*.whl"), ("sdist", "modelport-*.tar.gz")):
        (artifact,) = DIST.glob(pattern)
        for age, limits in (("newest", ()), ("oldest", ("--constraints", str(oldest)))):
            environment = FOLDER / f"{kind}-{age}"
            run(*UV, "venv", "--seed", "--python", sys.executable, str(environment))
            run(*UV, "pip", "install", "--compile-bytecode", "--python", str(environment), *limits, str(artifact))
            do_the_job(environment / PROGRAMS)
            print(f"{artifact.name} works with the {age} dependencies", flush=True)
    (wheel,) = DIST.glob("modelport-*.whl")
    python = FOLDER / "wheel-oldest" / PROGRAMS / "python"
    install = ("pip", "install", "--compile-bytecode", "--python", str(python))
    run(*UV, *install, "--constraints", str(oldest), f"{wheel}[dev]")
    print(run(str(python), "-m", "pytest", "--quiet", *TESTS).rpartition("\n\n")[2])


def do_the_job(programs: Path) -> None:
    """Streams a completion, lists the providers, searches for agents, and imports every module.

    Raises:
        SystemExit: something else came than should.
    """
    home = programs.parent / "home"
    home.mkdir()
    folders = dict.fromkeys(("HOME", "MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR", "XDG_RUNTIME_DIR"), str(home))
    python, server = str(programs / "python"), str(programs / "modelport")
    streamed = run(python, "examples/stream.py", "--server", server, "--model", "mock/mock", PROMPT, env=folders)
    expect(f"You said: {PROMPT}" in streamed and "usage:" in streamed, "stream.py", streamed)
    listed = run(server, "providers", env=folders)
    expect("openai" in listed and "anthropic" in listed, "modelport providers", listed)
    # Its exit code is 1 where there is no agent.
    found = run(str(programs / "acp-discover"), "--json", env=folders, codes=(0, 1))
    expect("agents" in json.loads(found), "acp-discover --json", found)
    run(python, "-c", IMPORT_ALL, env=folders)


def expect(holds: bool, command: str, printed: str) -> None:
    """Ends the program when a command printed something else than it should."""
    if not holds:
        sys.exit(f"{command} printed something else than expected:\n{printed}")


def run(*command: str, env: dict[str, str] | None = None, codes: tuple[int, ...] = (0,)) -> str:
    """What a command prints; one that fails ends the program with what it complained about."""
    environment = {**os.environ, "UV_CACHE_DIR": str(ROOT / ".cache" / "uv"), **(env or {})}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode not in codes:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
