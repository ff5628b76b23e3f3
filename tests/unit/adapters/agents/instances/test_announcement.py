"""The file of an instance: whole when it is there, its owner's alone, gone when it is taken back."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.agents.instances.announcement import Announcement

pytestmark = pytest.mark.skipif(os.name == "nt", reason="owners and modes are POSIX's")
FIELDS: dict[str, Any] = {"name": "acme", "pid": 4711, "text": "ä"}


def announcement(runtime: Path, **changes: Any) -> Announcement:
    return Announcement({"XDG_RUNTIME_DIR": str(runtime)}, {**FIELDS, **changes})


def names(runtime: Path) -> list[str]:
    return sorted(path.name for path in (runtime / "acp-agents").iterdir())


def test_it_is_there_and_gone(tmp_path: Path) -> None:
    mine = announcement(tmp_path, pid=os.getpid())
    mine.write()
    (name,) = names(tmp_path)
    path = tmp_path / "acp-agents" / name
    assert json.loads(path.read_bytes()) == {**FIELDS, "pid": os.getpid()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    mine.remove()
    mine.remove()
    assert names(tmp_path) == []


def test_it_is_withdrawn_even_when_the_file_is_already_gone(tmp_path: Path) -> None:
    mine = announcement(tmp_path, pid=os.getpid())
    mine.write()
    (tmp_path / "acp-agents" / f"acme-{os.getpid()}.json").unlink()
    mine.remove()


def test_what_was_not_written_removes_nothing(tmp_path: Path) -> None:
    other = announcement(tmp_path, pid=os.getpid())
    other.write()
    announcement(tmp_path, pid=os.getpid()).remove()
    assert len(names(tmp_path)) == 1


def test_a_permissive_umask_opens_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        announcement(tmp_path, pid=os.getpid()).write()
    finally:
        os.umask(before)
    folder = tmp_path / "acp-agents"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"acme-{os.getpid()}.json").stat().st_mode) == 0o600


def test_a_link_in_the_way_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "acp-agents"
    folder.mkdir(mode=0o700)
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (folder / f".acme-{os.getpid()}.json.new").symlink_to(precious)
    announcement(tmp_path, pid=os.getpid()).write()
    assert precious.read_text() == "mine"
    assert names(tmp_path) == [f"acme-{os.getpid()}.json"]


def test_what_the_dead_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "acp-agents"
    folder.mkdir(mode=0o700)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    for name in (f"other-{process.pid}.json", f".other-{process.pid}.json.new", "README"):
        (folder / name).write_text("")
    announcement(tmp_path, pid=os.getpid()).write()
    assert names(tmp_path) == ["README", f"acme-{os.getpid()}.json"]


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_nothing_is_written_where_others_may_write(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "acp-agents"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(PermissionError):
        announcement(tmp_path).write()
    assert names(tmp_path) == []


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "acp-agents").symlink_to(elsewhere)
    with pytest.raises(PermissionError):
        announcement(tmp_path).write()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder away")
def test_nothing_is_written_to_another_users_folder(tmp_path: Path) -> None:
    folder = tmp_path / "acp-agents"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(PermissionError):
        announcement(tmp_path).write()
    assert names(tmp_path) == []


def test_no_parent_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        announcement(tmp_path / "nowhere").write()
    assert list(tmp_path.iterdir()) == []


def test_more_than_a_reader_takes_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="larger than readers accept"):
        announcement(tmp_path, text="x" * 16384).write()
    assert names(tmp_path) == []
