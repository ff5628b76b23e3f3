"""Finds the programs that some tests need, and installs Debian's where that is possible.

A missing program skips a test and says which; where ``CI`` is set it fails it, so that nothing is
left out unseen.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL_S = 300.0
CI = "CI"


def missing(why: str) -> NoReturn:
    """Skips the test, or fails it in CI."""
    if os.environ.get(CI):
        pytest.fail(f"{why}, and in CI nothing may be skipped", pytrace=False)
    pytest.skip(why)


def node() -> Path:
    """Node."""
    found = shutil.which("node")
    return Path(found) if found else missing("node is not installed")


def node_module(path: str) -> Path:
    """A file of an installed npm package."""
    found = ROOT / "node_modules" / path
    return found if found.is_file() else missing(f"{path} is not installed: run npm ci")


def environment_program(name: str, package: str) -> Path:
    """A program that a Python package puts beside the interpreter."""
    found = Path(sys.executable).with_name(name)
    return found if found.is_file() else missing(f"{name} is not installed: pip install {package}")


def debian_program(name: str, *packages: str) -> Path:
    """A program from Debian; as root it is installed if it is missing."""
    found = shutil.which(name)
    if found is None:
        _install(packages)
        found = shutil.which(name)
    return Path(found) if found else missing(f"{name} is not installed: apt-get install {' '.join(packages)}")


def debian_packages(*packages: str) -> None:
    """Packages from Debian that bring no program of their own."""
    if not all(_installed(package) for package in packages):
        _install(packages)
    for package in packages:
        if not _installed(package):
            missing(f"{package} is not installed: apt-get install {package}")


def _installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"


@functools.cache
def _install(packages: tuple[str, ...]) -> None:
    """Tries once per run; the caller checks the outcome."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    for command in (install, ["apt-get", "update"], install):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        print(done.stdout, done.stderr)
        if command is install and done.returncode == 0:
            return
