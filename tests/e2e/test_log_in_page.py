"""The recording of a log-in in docs/logging-in.md is what a terminal shows now."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is needed")
@pytest.mark.timeout(60)
def test_the_recording_is_what_a_terminal_shows() -> None:
    spec = importlib.util.spec_from_file_location("record", DOCS / "record.py")
    assert spec is not None
    assert spec.loader is not None
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    page = record.PAGE.read_text(encoding="utf-8")
    assert record.page_with(record.recording(), page) == page, "run docs/record.py"
