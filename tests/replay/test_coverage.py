"""Every recording is replayed by one of the suites here, or is among the few exceptions."""

from __future__ import annotations

import json
import os

import pytest

from replay import test_models, test_operations, test_recordings
from support.recordings import DIALECTS, ROOT

OTHERS = {
    "huggingface/other-sync-err400-1.json": "answering questions about a text is no method of the contract",
    "llama.cpp/other-sync-1.json": "the health of a server, which discovery's tests read in their own way",
}
SUITES = (test_models, test_operations, test_recordings)


def test_no_recording_is_left_out() -> None:
    if not ROOT.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no recordings at {ROOT}: set MODELPORT_RECORDINGS")
        pytest.skip(f"no recordings at {ROOT}")
    index = {row["file"]: row["kind"] for row in json.loads((ROOT / "index.json").read_text(encoding="utf-8"))}
    kinds = {*DIALECTS, *test_models.KINDS, *test_operations.KINDS}
    assert {file for file, kind in index.items() if kind not in kinds} == set(OTHERS)
    exceptions = [name for suite in SUITES for name in suite.EXCEPTIONS] + list(OTHERS)
    assert len(exceptions) == len(set(exceptions))
    assert set(exceptions) <= set(index)
    assert len(exceptions) < len(index) * 0.02
