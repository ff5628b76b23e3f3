"""Plays what a person does in Neovim."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support import programs

SERVER = (sys.executable, "-m", "modelport", "serve")
SCENARIOS = Path(__file__).with_name("neovim.lua")


class Neovim:
    """A Neovim with our client and nothing else; its own files go to ``folder``."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def play(
        self,
        scenario: str,
        *,
        server: tuple[str, ...] = SERVER,
        timeout_s: float = 15,
        scenarios: Path = SCENARIOS,
        **env: str,
    ) -> dict[str, Any]:
        """Plays a scenario of neovim.lua, or of another file, and returns what was seen."""
        client = f"set runtimepath^={programs.ROOT / 'client-nvim'}"
        bare = ["--headless", "-u", "NONE", "-i", "NONE", "-n"]
        own = {f"XDG_{name}_HOME": str(self._folder) for name in ("STATE", "CONFIG", "DATA", "CACHE")}
        done = subprocess.run(
            [self._program, *bare, "--cmd", client, "-l", scenarios, scenario],
            env={**os.environ, "MODELPORT_SERVER": json.dumps(server), **own, **env},
            cwd=self._folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
