"""The machine: its environment, its clock, its folders."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.system.clock import SystemClock
from modelport.adapters.system.data_folder import LocalFolder, data_folder
from modelport.adapters.system.environment import ProcessEnvironment


def test_the_environment_is_read_at_the_moment_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = ProcessEnvironment()
    monkeypatch.setenv("ACME_API_KEY", "late")
    assert environment.variables()["ACME_API_KEY"] == "late"
    monkeypatch.delenv("ACME_API_KEY")
    assert "ACME_API_KEY" not in environment.variables()


def test_the_clock_gives_milliseconds_since_1970() -> None:
    before = time.time() * 1000
    now = SystemClock().now_ms()
    assert isinstance(now, int)
    assert before - 1 <= now <= time.time() * 1000 + 1


async def test_a_folder_that_can_be_written_has_no_problem_and_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder"
    with blockbuster_ctx("modelport"):
        assert await LocalFolder(path).problem() is None
    assert path.is_dir()
    assert list(path.iterdir()) == []
    assert LocalFolder(path).path == str(path)


async def test_a_folder_that_cannot_be_made_is_reported_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problem = await LocalFolder(tmp_path / "file" / "data").problem()
    assert problem
    assert str(tmp_path) not in problem


NO_ROOM = """
import resource, signal, sys
from pathlib import Path
import anyio
from modelport.adapters.system.data_folder import LocalFolder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
print(anyio.run(LocalFolder(Path(sys.argv[1])).problem))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of a POSIX system")
def test_a_folder_without_room_is_reported_with_the_reason(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk, which takes an empty file as well."""
    said = subprocess.run([sys.executable, "-c", NO_ROOM, str(tmp_path)], capture_output=True, text=True, check=True)
    assert said.stdout == "File too large\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_cannot_be_written_is_reported_with_the_reason(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    await anyio.Path(closed).mkdir(mode=0o500)
    assert await LocalFolder(closed).problem() == "Permission denied"


def test_the_data_folder_is_the_chosen_one_or_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert data_folder({"MODELPORT_DATA_DIR": str(tmp_path)}) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder({"MODELPORT_DATA_DIR": "~/data"}) == tmp_path / "data"
    for variables in ({}, {"MODELPORT_DATA_DIR": ""}):
        folder = data_folder(variables)
        assert folder.is_absolute()
        assert "modelport" in folder.parts
