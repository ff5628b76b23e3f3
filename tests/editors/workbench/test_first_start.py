"""A fresh machine: the extension installs its server when it is first used, and no workspace can influence how."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.workbench import installed
from editors.workbench.driver import ROWS, STATUS, TOAST
from editors.workbench.study import Study
from editors.workbench.workbench import Workbench, package
from support import programs

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300, func_only=True)]
INSTALLED_S = 120.0
STEP = ".gettingStartedContainer .step-title"
WITNESS = """#!/bin/sh
echo "$0" >> {note}
"""
NETWORK = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "UV_", "SSL_CERT_")) or name.upper().endswith("_PROXY")
}
"""How this machine reaches its package index, read before the tests' own environment is put in place."""


@pytest.fixture(params=["uv", "python"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, study: Study) -> Iterator[tuple[str, Workbench]]:
    """A workbench without the setting, with uv or without, in which no workspace is trusted."""
    way = str(request.param)
    path = [installed.workbench().node, Path(sys.base_prefix) / "bin", "/usr/bin", "/bin"]
    env = {**NETWORK, "PATH": os.pathsep.join(map(str, path))}
    trust = {
        f"security.workspace.trust.{name}": value for name, value in (("enabled", True), ("startupPrompt", "never"))
    }
    settings = {**trust, "modelport.server.command": []}
    with Workbench(tmp_path / "fresh", packages=[package()], settings=settings, env=env, trusting=False) as workbench:
        (workbench.configuration / "config.toml").write_text(study.rows())
        if way == "uv":
            programs_folder = workbench.prefix / "bin"
            programs_folder.mkdir(parents=True)
            (programs_folder / "uv").symlink_to(programs.environment_program("uv", "uv"))
        yield way, workbench


def test_the_server_is_installed_with_the_first_use(fresh: tuple[str, Workbench], study: Study) -> None:
    way, workbench = fresh
    note = hostile(workbench.work)
    window = workbench.window(f"fresh-{way}")
    window.sees(STATUS, timeout_s=40)
    window.sees(".statusbar-item", "Restricted Mode")
    window.until(lambda: "installed when it is first used" in workbench.modelport_log(), "the editor has asked", 40)
    assert workbench.servers() == []
    window.shot(f"fresh-{way}")

    window.command("Welcome: Open Walkthrough...")
    window.sees(ROWS, "Get Started with Modelport")
    window.pick("Get Started with Modelport")
    window.sees(STEP, "Connect a provider")
    assert len(window.texts(STEP)) == 4
    window.shot(f"walkthrough-{way}")
    window.click(".getting-started-step.expanded .monaco-button", "Connect Provider")
    window.sees(TOAST, "installing the server with", timeout_s=40)
    window.shot(f"installing-{way}")
    window.sees(ROWS, "Ollama", timeout_s=INSTALLED_S)
    window.pick("Study")
    window.sees(TOAST, "Study is connected")
    window.sees(".getting-started-step.expanded [role=checkbox][aria-checked=true]")
    window.shot(f"installed-{way}")
    reason = {"uv": "after a look at the network.", "python": "in its private environment of Python 3."}[way]
    assert workbench.modelport_log().count(reason) == 1
    assert window.errors() == []
    assert not note.exists(), note.read_text()

    # The next window has nothing to install, so that its server is there without a request; the models are
    # cached, and no dialog asks for them.
    asked = len(study.server.requests)
    second = workbench.window(f"second-{way}")
    again, times = {"uv": ("from its cache.", 1), "python": (reason, 2)}[way]
    second.until(lambda: workbench.modelport_log().count(again) == times, "it has a server of its own", 40)
    second.until(lambda: "study-1" in second.texts(STATUS)[0], "the connection is made again")
    assert second.texts(TOAST, "installing") == []
    assert len(study.server.requests) == asked


def hostile(folder: Path) -> Path:
    """A workspace that tries to have its own programs run; returns the file that these would write."""
    note = folder / "note.txt"
    for name in ("modelport", "uv", "python3", ".venv/bin/python", ".venv/bin/modelport"):
        program = folder / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(WITNESS.format(note=note))
        program.chmod(0o755)
    own = {"modelport.server.command": [str(folder / "modelport")], "modelport.uv.path": str(folder / "uv")}
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps(own))
    return note
