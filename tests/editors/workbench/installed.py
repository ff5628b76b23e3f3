"""A real VS Code workbench: code-server from npm with a Node it accepts, under ``.cache/editors``, on first use."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support import programs

CACHE = programs.ROOT / ".cache" / "editors" / "code-server"
CODE_SERVER = "code-server@4.139.1"
NODE = "node@24.21.0"
"""code-server 4.139 requires Node 24, which a machine need not have."""
INSTALL_S = 1800.0
"""npm compiles half a dozen modules: five minutes on two cores."""
HEADERS = ("libkrb5-dev", "libsecret-1-dev", "libx11-dev", "libxkbfile-dev")


@dataclass(frozen=True)
class Installed:
    """The programs of a workbench."""

    code_server: Path
    node: Path
    """The folder with the Node of code-server."""
    chromium: Path


def workbench() -> Installed:
    """Everything in place, installed where it is missing; where that fails the test is skipped."""
    chromium = programs.debian_program("chromium", "chromium")
    binaries = CACHE / "node_modules" / ".bin"
    stamp = CACHE / "packages.txt"
    if not stamp.is_file() or stamp.read_text() != wanted():
        programs.debian_packages(*HEADERS)
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{"private": true}')
        _npm(NODE)
        _npm(CODE_SERVER, "--unsafe-perm", "--foreground-scripts")
        stamp.write_text(wanted())
    return Installed(binaries / "code-server", binaries, chromium)


def wanted() -> str:
    """The content of the stamp once everything is installed."""
    return f"{NODE}\n{CODE_SERVER}\n"


def _npm(package: str, *more: str) -> None:
    binaries = CACHE / "node_modules" / ".bin"
    env = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    command = ["npm", "install", "--no-audit", "--no-fund", "--save-exact", *more, package]
    try:
        done = subprocess.run(
            command, cwd=CACHE, env=env, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except FileNotFoundError:
        programs.missing("npm is not installed")
    except subprocess.TimeoutExpired:
        programs.missing(f"{package} was not installed within {INSTALL_S / 60:g} minutes")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        programs.missing(f"{package} cannot be installed here: {said[-1] if said else 'no reason given'}")
