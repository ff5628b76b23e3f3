"""Listing the agents of a machine that has many, as a whole process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from processes import NotMeasurable
from report import FLOOR, TREE, Row
from subjects import Subjects, Upstream

ROUNDS = 9
TARGET_MS = 100
FOLDERS = 15
NPM = {
    "gemini": "@google/gemini-cli",
    "claude-agent-acp": "@agentclientprotocol/claude-agent-acp",
    "qwen": "@qwen-code/qwen-code",
    "codex-acp": "@agentclientprotocol/codex-acp",
    "opencode": "opencode-ai",
    "auggie": "@augmentcode/auggie",
    "copilot": "@github/copilot",
    "cline": "cline",
    "droid": "droid",
    "qodercli": "@qoder-ai/qodercli",
    "kimi": "@moonshot-ai/kimi-code",
    "pi-acp": "pi-acp",
    "kilo": "@kilocode/cli",
    "openclaw": "openclaw",
}
NOTE = (
    f"user and system time of acp-discover from start to end, with {len(NPM)} packages of npm on a search path of "
    f"{FOLDERS} folders, bytecode written; the floor is a Python that does nothing"
)


def agents(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """CPU of ``acp-discover`` at its first level."""
    home = subjects.folder / "agents"
    variables = _machine(home)
    command = [str(Path(sys.executable).with_name("acp-discover")), "--json"]
    found = json.loads(subprocess.run(command, env=variables, capture_output=True, check=False).stdout)["agents"]
    if {agent["command"] for agent in found if agent["installed"]} != NPM.keys():
        raise NotMeasurable("acp-discover did not find what is there")
    rounds: dict[str, list[float]] = {TREE: [], FLOOR: []}
    for _ in range(ROUNDS):
        rounds[TREE].append(_cpu_ms(command, variables))
        rounds[FLOOR].append(_cpu_ms([sys.executable, "-c", "pass"], variables))
    return [Row("acp-discover, files only, CPU", "ms", rounds, target=TARGET_MS, note=NOTE)]


def _machine(home: Path) -> dict[str, str]:
    folders = [home / f"path{number}" for number in range(FOLDERS)]
    for folder in folders:
        folder.mkdir(parents=True)
    for number, (command, package) in enumerate(NPM.items()):
        prefix = folders[number % FOLDERS].parent / f"npm{number}"
        root = prefix / "node_modules" / package
        root.mkdir(parents=True)
        (root / "package.json").write_text(json.dumps({"name": package, "version": "1.0.0", "bin": {command: "x.js"}}))
        (root / "x.js").write_text("#!/usr/bin/env node\n")
        (root / "x.js").chmod(0o755)
        (folders[number % FOLDERS] / command).symlink_to(root / "x.js")
    node = folders[0] / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    return {"HOME": str(home), "PATH": ":".join(map(str, folders)), "MODELPORT_DATA_DIR": str(home / "data")}


def _cpu_ms(command: list[str], variables: dict[str, str]) -> float:
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return (used.ru_utime + used.ru_stime) * 1000
