"""The recordings of terminals in the documentation are what a terminal shows now."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("record", DOCS / "record.py")
    assert spec is not None
    assert spec.loader is not None
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    return record


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is needed")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("page", ["logging-in.md", "budgets.md"])
def test_a_recording_is_what_a_terminal_shows(page: str) -> None:
    record = loaded()
    assert list(record.RECORDINGS) == ["logging-in.md", "budgets.md"]
    text = (DOCS / page).read_text(encoding="utf-8")
    assert record.page_with(record.RECORDINGS[page](), text) == text, "run docs/record.py"
