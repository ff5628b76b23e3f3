"""Imports without garbage collection."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from modelport.lazy import without_collection


def test_in_the_block_nothing_is_collected_and_after_it_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))
    with without_collection():
        assert not gc.isenabled()
        with without_collection():
            assert not gc.isenabled()
        # The inner block leaves it to the outer one.
        assert not gc.isenabled()
        assert not frozen
    assert gc.isenabled()
    assert frozen == [False]


def test_an_import_that_fails_leaves_collection_on() -> None:
    with pytest.raises(ImportError), without_collection():
        raise ImportError
    assert gc.isenabled()


def test_a_process_that_collects_nothing_is_left_as_it_is() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_command_is_loaded_without_collection_and_runs_with_it() -> None:
    code = (
        "import gc, os, sys\n"
        "passes = []\n"
        "gc.callbacks.append(lambda phase, details: passes.append(phase))\n"
        "from modelport import __main__ as entry\n"
        "before = len(passes)\n"
        "sys.argv = ['modelport', '--version']\n"
        # A command ends without the interpreter's own end.
        "os._exit = sys.exit\n"
        "try:\n"
        "    entry.main()\n"
        "except SystemExit:\n"
        "    print(gc.isenabled(), gc.get_freeze_count() > 1000, len(passes) - before < 20)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=15)
    assert done.stdout.splitlines()[-1] == "True True True"
