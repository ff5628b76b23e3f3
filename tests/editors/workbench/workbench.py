"""A running VS Code workbench with the extension, in a home of its own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from editors.workbench import installed
from editors.workbench.driver import Driver, Window
from support import programs
from support.peers import Program

PROBE = Path(__file__).with_name("probe")
"""Another extension, which uses the models through the public interface."""
SERVER = [str(Path(sys.executable).with_name("modelport"))]
UP_S = 60.0
BUILD_S = 120.0
QUIET = {
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "workbench.startupEditor": "none",
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
    "workbench.enableExperiments": False,
    "chat.allowAnonymousAccess": True,
    "modelport.server.command": SERVER,
}
"""A workbench without dialogs, whose Chat works without an account, and with the server of this checkout."""


class Workbench:
    """code-server with the extension installed; ends with everything that it has started."""

    def __init__(
        self,
        folder: Path,
        *,
        packages: Sequence[Path],
        settings: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        trusting: bool = True,
    ) -> None:
        self._installed = installed.workbench()
        self.folder = folder
        self.data = folder / "user-data"
        self.ledger = folder / "modelport"
        self.configuration = folder / "configuration"
        self.work = folder / "work"
        self.prefix = folder / "home" / ".local"
        """Programs in its ``bin`` are found. The editor takes its search path from a login shell, so that one given
        to it would be lost."""
        self.probe_file = folder / "probe.json"
        """The file that the extension in ``probe/`` writes."""
        for made in (self.ledger, self.configuration, self.work, folder / "home", folder / "run"):
            made.mkdir(parents=True)
        (self.work / "notes.txt").write_text("The colour of the day is teal.\n")
        self.change_settings({**QUIET, **(settings or {})})
        self.env = self._environment(env or {})
        self._install(packages)
        where = ["--bind-addr", "127.0.0.1:0", "--auth", "none"]
        still = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"]
        still += ["--disable-workspace-trust"] if trusting else []
        self.program = Program(
            [self._installed.code_server, *where, *still, *self._folders(), self.work], env=self.env, cwd=self.work
        )
        try:
            self.url = self.program.wait_for(r"listening on (http://127\.0\.0\.1:\d+)", UP_S)[1]
            self.driver = Driver(self._installed.chromium)
        except BaseException:
            self.program.stop()
            raise

    def window(self, name: str, folder: Path | None = None, **size: int) -> Window:
        """A new window on a folder: it has an extension host and a server of its own."""
        return Window(self.driver, name, f"{self.url}/?folder={folder or self.work}", **size)

    def logs(self, name: str) -> list[Path]:
        """The log files of this name, of all windows, oldest first."""
        return sorted((self.data / "logs").glob(f"**/{name}"), key=lambda path: path.stat().st_mtime)

    def modelport_log(self) -> str:
        """The log of the extension, of all windows."""
        return "\n".join(path.read_text() for path in self.logs("*Modelport.log"))

    def servers(self) -> list[int]:
        """The process ids of our servers that run here, recognised by their environment, oldest first."""
        mark = f"MODELPORT_DATA_DIR={self.ledger}".encode()
        found: list[int] = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark in environment and b"serve" in command and any(part.endswith(b"modelport") for part in command):
                found.append(int(process.name))
        return sorted(found)

    def calls(self) -> list[dict[str, Any]]:
        """The calls in the ledger that all windows share, newest first."""
        command = [*SERVER, "usage", "--history", "1000", "--json"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=UP_S, check=True)
        return json.loads(done.stdout)["calls"]

    def holding(self, *texts: str) -> list[Path]:
        """The files of this workbench, settings, logs and stored state among them, that have one of these in them."""
        wanted = [text.encode() for text in texts]
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return [path for path in files if any(text in path.read_bytes() for text in wanted)]

    def change_settings(self, settings: Mapping[str, Any]) -> None:
        """Sets these; None removes one. The second file is this machine's, where our machine-scoped settings are read
        in a remote window."""
        for place in ("User", "Machine"):
            path = self.data / place / "settings.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            changed = {**(json.loads(path.read_text()) if path.exists() else {}), **settings}
            left = {name: value for name, value in changed.items() if value is not None}
            path.write_text(json.dumps(left, indent=2))

    def stop(self) -> None:
        self.driver.close()
        self.program.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _folders(self) -> list[str]:
        return ["--user-data-dir", str(self.data), "--extensions-dir", str(self.folder / "extensions")]

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the surrounding environment but the search path, with the Node of code-server in front."""
        home = self.folder / "home"
        return {
            "PATH": os.pathsep.join([str(self._installed.node), os.environ["PATH"]]),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "MODELPORT_DATA_DIR": str(self.ledger),
            "MODELPORT_CONFIG_DIR": str(self.configuration),
            "MODELPORT_PROCESS_TREE": str(os.getpid()),
            "PYTHONPATH": os.pathsep.join(str(programs.ROOT / part) for part in ("server", "tests")),
            "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
            "TEST_KEYRING_FILE": str(self.folder / "keyring.json"),
            "PROBE_FILE": str(self.probe_file),
            **more,
        }

    def _install(self, packages: Sequence[Path]) -> None:
        each = [part for package in packages for part in ("--install-extension", str(package))]
        command = [str(self._installed.code_server), *self._folders(), *each]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=UP_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@functools.cache
def package() -> Path:
    """The extension as it is shipped: the package that ``make vsix`` builds."""
    if shutil.which("make") is None:
        programs.missing("make is not installed")
    done = subprocess.run(
        ["make", "vsix"], cwd=programs.ROOT, capture_output=True, text=True, timeout=BUILD_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = programs.ROOT.glob("dist/*.vsix")
    return built


def packed(extension: Path, folder: Path) -> Path:
    """A small extension of the tests, as a package in a folder."""
    vsce = programs.node_module("@vscode/vsce/vsce")
    package = folder / f"{extension.name}.vsix"
    command = [programs.node(), vsce, "package", "--allow-missing-repository", "--skip-license", "--out", package]
    done = subprocess.run(command, cwd=extension, capture_output=True, text=True, timeout=BUILD_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return package
