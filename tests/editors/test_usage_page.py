"""The usage page of the extension for VS Code in a real browser: drawn, usable by keyboard, without any request to other hosts."""

from __future__ import annotations

import os
import subprocess

import pytest

from support import programs

EXTENSION = programs.ROOT / "client-vscode"
TIMEOUT_S = 300


@pytest.mark.editors
@pytest.mark.timeout(TIMEOUT_S)
def test_the_usage_page() -> None:
    chromium = programs.debian_program("chromium", "chromium")
    vitest = programs.node_module("vitest/vitest.mjs")
    command = [programs.node(), vitest, "run", "--config", "vitest.browser.config.mts"]
    env = {**os.environ, "CHROMIUM": str(chromium), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=EXTENSION, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
