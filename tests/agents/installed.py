"""Real agents from npm and PyPI, each in a folder of its own under ``.cache/agents``, installed on first use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support import programs

CACHE = programs.ROOT / ".cache" / "agents"
INSTALL_S = 900.0
NODE = "node@22.23.2"
"""A Node for the agents that need a newer one than this machine may have."""


@dataclass(frozen=True)
class Specimen:
    """An agent to install: what the record should call it, where it comes from, and what is known of it."""

    id: str
    package: str
    """``npm:NAME@VERSION`` or ``pypi:NAME==VERSION``."""
    program: str | None
    new_node: bool = False
    python: str | None = None
    """The Python it needs, where it is not this one's."""


SPECIMENS = (
    Specimen("pi-acp", "npm:pi-acp@0.0.34", "pi-acp"),
    Specimen("codex-acp", "npm:@agentclientprotocol/codex-acp@2.6.0", "codex-acp"),
    Specimen("claude-acp", "npm:@agentclientprotocol/claude-agent-acp@0.100.0", "claude-agent-acp", new_node=True),
    Specimen("opencode", "npm:opencode-ai@1.18.33", "opencode"),
    Specimen("gemini", "npm:@google/gemini-cli@0.61.0", "gemini"),
    Specimen("qwen-code", "npm:@qwen-code/qwen-code@0.24.4", "qwen", new_node=True),
    Specimen("auggie", "npm:@augmentcode/auggie@0.36.0", "auggie", new_node=True),
    Specimen("github-copilot-cli", "npm:@github/copilot@1.0.102", "copilot", new_node=True),
    Specimen("cline", "npm:cline@3.0.65", "cline", new_node=True),
    Specimen("kimi", "npm:@moonshot-ai/kimi-code@2.1.0", "kimi", new_node=True),
    Specimen("mistral-vibe", "pypi:mistral-vibe==3.0.2", "vibe-acp", python="3.12"),
    Specimen("deepagents", "pypi:deepagents-acp==0.0.13", None),
)
STUB = Specimen("kimi", "pypi:kimi-cli==1.52.0", "kimi", python="3.12")
"""Looks installed and is not: its program says that it is no longer maintained."""
BROKEN = Specimen("fast-agent", "pypi:fast-agent-acp==0.10.29", "fast-agent-acp", python="3.13")
"""Looks installed and is not: its program imports a module that it does not bring."""


def by_id(name: str) -> Specimen:
    """The specimen of an agent."""
    return next(one for one in SPECIMENS if one.id == name)


def programs_folder(one: Specimen) -> Path:
    """The folder with the agent's program, installed if it is not; a test that cannot have it is skipped."""
    ecosystem, _, package = one.package.partition(":")
    name = f"{one.id}-{package.strip('@').replace('/', '-')}"
    if ecosystem == "npm":
        return npm(name, package, node=node() if one.new_node else None)
    return pypi(name, package, one.python)


def node() -> Path:
    """The folder with a Node that is new enough."""
    return npm("node", NODE)


def npm(name: str, package: str, node: Path | None = None) -> Path:
    """The ``.bin`` folder of a package from npm, with a Node beside its program where it needs another."""
    folder = CACHE / "npm" / name
    binaries = folder / "node_modules" / ".bin"
    if _stamped(folder, package):
        return binaries
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), package]
    path = os.environ["PATH"]
    _run(name, command, {"PATH": f"{node}{os.pathsep}{path}" if node else path})
    if node is not None:
        (binaries / "node").unlink(missing_ok=True)
        (binaries / "node").symlink_to((node / "node").resolve())
    _stamp(folder, package)
    return binaries


def pypi(name: str, package: str, python: str | None = None) -> Path:
    """The ``bin`` folder of an environment with a package from PyPI."""
    folder = CACHE / "pypi" / name
    if _stamped(folder, package):
        return folder / "bin"
    interpreter = sys.executable if python is None else _python(python)
    folder.mkdir(parents=True, exist_ok=True)
    _run(name, [interpreter, "-m", "venv", "--clear", str(folder)])
    _run(
        name,
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
    )
    _stamp(folder, package)
    return folder / "bin"


def _python(version: str) -> str:
    """An interpreter of a version: this one, one on the search path, or one that pyenv keeps."""
    if sys.version_info[:2] >= tuple(map(int, version.split("."))):
        return sys.executable
    kept = Path.home() / ".pyenv" / "versions"
    found = [shutil.which(f"python{version}"), *map(str, sorted(kept.glob(f"{version}.*/bin/python")))]
    for candidate in filter(None, found):
        if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return programs.missing(f"Python {version} is not here")


def _stamped(folder: Path, package: str) -> bool:
    stamp = folder / "package.txt"
    return stamp.is_file() and stamp.read_text() == package


def _stamp(folder: Path, package: str) -> None:
    (folder / "package.txt").write_text(package)


def _run(name: str, command: list[str], variables: dict[str, str] | None = None) -> None:
    env = {**os.environ, **(variables or {})}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        programs.missing(f"{name} was not installed within {INSTALL_S / 60:g} minutes")
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        programs.missing(f"{name} cannot be installed here: {said[-1] if said else 'no reason given'}")
