"""Tests which programs of a name are there."""

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.scan import SearchFolder, distinct, endings, path_folders, scan
from support.agent_homes import program

WINDOWS = (".com", ".exe", ".bat", ".cmd")


def test_every_folder_is_looked_at_in_order(tmp_path: Path):
    first, second = program(tmp_path / "a/gemini"), program(tmp_path / "b/gemini")
    program(tmp_path / "b/other")
    folders = path_folders(f"{tmp_path}/a:{tmp_path}/missing:{tmp_path}/b", "PATH", "linux")
    assert [(hit.name, hit.path) for hit in scan(folders, {"gemini", "codex"})] == [
        ("gemini", str(first)),
        ("gemini", str(second)),
    ]


def test_only_files_that_can_be_started_count(tmp_path: Path):
    (tmp_path / "gemini").mkdir()
    program(tmp_path / "codex", mode=0o644)
    (tmp_path / "qwen").symlink_to("nowhere")
    (tmp_path / "goose").symlink_to("goose")
    os.mkfifo(tmp_path / "cline", 0o755)
    program(tmp_path / "Droid")
    program(tmp_path / "kimi\x1b[2J")
    names = {"gemini", "codex", "qwen", "goose", "cline", "droid", "kimi"}
    assert scan([SearchFolder(str(tmp_path), "PATH")], names) == []


def test_a_folder_that_must_not_be_read_or_is_none_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "good/gemini")
    (tmp_path / "file").write_text("x")

    def refusing(folder: str, original=os.listdir):
        if folder.endswith("closed"):
            raise PermissionError
        return original(folder)

    monkeypatch.setattr(os, "listdir", refusing)
    (tmp_path / "closed").mkdir()
    folders = [f"{tmp_path}/{name}" for name in ("closed", "file", "nul\0byte", "good")]
    assert len(scan([SearchFolder(folder, "PATH") for folder in folders], {"gemini"})) == 1


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin", "../x", "~/bin"])
def test_relative_and_empty_entries_are_looked_at_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    folder = tmp_path / "here" / entry
    program(folder / "gemini")
    (hit,) = scan(distinct(path_folders(f"{entry}:/nonexistent", "PATH", "linux")), {"gemini"})
    assert hit.folder.refused == "its folder is a relative or empty entry of PATH"
    assert hit.path.startswith("/")


def test_no_path_names_no_folder():
    assert list(path_folders("", "PATH", "linux")) == []


def test_a_folder_counts_once_and_the_first_name_stays(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "file").write_text("")
    folders = [SearchFolder(f"{tmp_path}/{name}", name) for name in ("missing", "file", "b", "a", "a/")]
    assert [folder.label for folder in distinct(folders)] == ["b"]


def test_a_folder_that_is_named_badly_first_may_be_named_well_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "gemini")
    monkeypatch.chdir(tmp_path)
    hits = scan(distinct(path_folders(f".:{tmp_path}", "PATH", "linux")), {"gemini"})
    assert [hit.folder.refused is None for hit in hits] == [False, True]


def test_windows_runs_the_first_of_its_endings_in_any_case(tmp_path: Path):
    for name in ("gemini", "Gemini.CMD", "gemini.ps1", "codex.cmd", "codex.exe"):
        program(tmp_path / name)
    (tmp_path / "qwen.exe").mkdir()
    program(tmp_path / "qwen.cmd")
    folders = path_folders(f'"{tmp_path}";{tmp_path}/missing', "PATH", "win32")
    hits = scan(folders, ["gemini", "codex", "qwen"], WINDOWS)
    assert {hit.name: Path(hit.path).name for hit in hits} == {
        "gemini": "Gemini.CMD",
        "codex": "codex.exe",
        "qwen": "qwen.cmd",
    }


def test_endings_are_those_of_pathext():
    assert endings({}, "linux") == ()
    assert endings({}, "win32") == WINDOWS
    assert endings({"PATHEXT": ".EXE;;.Py"}, "win32") == (".exe", ".py")
