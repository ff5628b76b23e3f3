"""The folder that agents start in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.handshakes.empty_folder import LEFT_OVER_S, empty_folder


def test_it_is_empty_the_users_own_and_gone_afterwards(tmp_path: Path) -> None:
    with empty_folder(tmp_path / "a" / "b") as folder:
        assert list(Path(folder).iterdir()) == []
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert Path(folder).parent == tmp_path / "a" / "b"
        (Path(folder) / "deep" / "er").mkdir(parents=True)
        (Path(folder) / "deep" / "er" / "file").touch()
        (Path(folder) / "deep" / "er").chmod(0o500)
        (Path(folder) / "link").symlink_to(tmp_path)
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_it_is_gone_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), empty_folder(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_left_overs_of_killed_processes_go_and_nothing_else_does(tmp_path: Path) -> None:
    for name in ("empty-old", "empty-new", "other"):
        (tmp_path / name).mkdir()
    for name in ("empty-old", "other"):
        old = (tmp_path / name).stat().st_mtime - LEFT_OVER_S - 60
        os.utime(tmp_path / name, (old, old))
    with empty_folder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"empty-new", "other"}
