"""Without a budget nothing of budgets is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import anyio, sys, modelport

async def main():
    async with modelport.Client() as client:
        await client.complete("x", model="mock/mock")
    print(sorted(name for name in sys.modules if "budgets" in name or name == "zoneinfo"))

anyio.run(main)
"""
BUDGET = "[budgets.daily]\nperiod = 'day'\nusd = 5\n[providers.mock.prices.mock]\ninput = 1\noutput = 1\n"


@pytest.mark.parametrize("budget", [False, True])
def test_only_a_file_with_budgets_has_them_loaded(
    budget: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text(BUDGET if budget else "")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    least = ["modelport.app.budgets", "modelport.domain.budgets", "modelport.domain.budgets.settings"]
    loaded = done.stdout.strip()
    assert (loaded == str(least)) is not budget
    assert ("modelport.engine.budgets.guard" in loaded) is budget
