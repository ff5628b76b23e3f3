"""Puts the fake agent on a machine, under an agent's name and as an agent's package."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from support.agent_homes import npm_global, program

FAKE = Path(__file__).with_name("fake_agent.py")


def script(*modes: str) -> str:
    """A shell script that runs the fake agent in these modes."""
    line = shlex.join([sys.executable, "-I", "-S", str(FAKE), *modes])
    return f'#!/bin/sh\nexec {line} "$@"\n'


def installed(prefix: Path, package: str, command: str, *modes: str, version: str = "1.2.3") -> Path:
    """An agent as ``npm install -g`` leaves it; gives the folder for the search path."""
    root = npm_global(prefix, package, version, **{command: "agent.sh"})
    program(root / "agent.sh", script(*modes))
    return prefix / "bin"


def bare(folder: Path, command: str, *modes: str) -> Path:
    """A program of the name that no package owns; gives the folder for the search path."""
    program(folder / command, script(*modes))
    return folder
