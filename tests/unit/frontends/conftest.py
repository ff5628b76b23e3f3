"""What the tests of front ends in this process share."""

from __future__ import annotations

import pytest

from modelport.app import core
from support.shipped import shipped_registry


@pytest.fixture(autouse=True)
def rows_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command and client makes a registry, of rows that this process has read once."""
    monkeypatch.setattr(core, "load_registry", shipped_registry)
