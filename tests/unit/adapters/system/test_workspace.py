"""What lies in the workspace, and which programs are found in spite of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from modelport.adapters.system.programs import Programs, system_program
from modelport.adapters.system.workspace import Workspace, working_workspace

posix = pytest.mark.skipif(os.name == "nt", reason="links need a right there")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho here\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project"
    (folder / "node_modules" / ".bin").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    return folder


def workspace(project: Path, *more: Path) -> Workspace:
    return Workspace(map(str, (project, *more)), str(project.parent))


def test_a_folder_holds_itself_and_everything_in_it(project: Path, tmp_path: Path) -> None:
    opened = workspace(project)
    assert opened.holds(str(project))
    assert opened.holds(str(project / "node_modules" / ".bin"))
    assert opened.holds(str(project / "not" / "there"))
    assert opened.holds(f"{tmp_path}/tools/../home/project/bin")
    assert not opened.holds(str(tmp_path / "tools"))
    assert not opened.holds(str(project) + "-other")
    assert not opened.holds(str(project.parent))


@posix
def test_links_are_followed_in_both_directions(project: Path, tmp_path: Path) -> None:
    (tmp_path / "into").symlink_to(project / "node_modules")
    (project / "out").symlink_to(tmp_path / "tools")
    (tmp_path / "name").symlink_to(project)
    assert workspace(project).holds(str(tmp_path / "into"))
    # The project decides where this one leads.
    assert workspace(project).holds(str(project / "out"))
    assert workspace(tmp_path / "name").holds(str(project / "bin"))


def test_home_and_what_holds_it_are_no_workspace(project: Path, tmp_path: Path) -> None:
    for folder in (project.parent, tmp_path, Path(tmp_path.anchor)):
        opened = Workspace([str(folder)], str(project.parent))
        assert not opened.holds(str(project.parent / ".local" / "bin"))


def test_the_clients_folders_come_and_go_and_the_working_folder_stays(project: Path, tmp_path: Path) -> None:
    opened = workspace(project)
    opened.open([str(tmp_path / "tools"), "relative", str(tmp_path / "none"), "\0"])
    assert opened.holds(str(tmp_path / "tools"))
    opened.open([])
    assert not opened.holds(str(tmp_path / "tools"))
    assert opened.holds(str(project))


def test_the_working_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert working_workspace(str(project.parent)).holds(str(project / "bin"))
    monkeypatch.setattr(os, "getcwd", lambda: (_ for _ in ()).throw(FileNotFoundError))
    assert not working_workspace(str(project.parent)).holds(str(project / "bin"))


def test_a_path_without_the_workspace_and_relative_entries(project: Path, tmp_path: Path) -> None:
    entries = [
        "",
        ".",
        "bin",
        str(project / "bin"),
        str(tmp_path / "tools"),
        "..",
        str(project),
        str(tmp_path / "tools"),
    ]
    assert workspace(project).usable_path(os.pathsep.join(entries)) == str(tmp_path / "tools")
    assert workspace(project).usable_path("") == ""


@posix
@pytest.mark.parametrize("entry", ["", ".", "bin", "node_modules/.bin"])
def test_a_program_of_the_project_is_not_found(
    entry: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    for folder in (project, project / "bin", project / "node_modules" / ".bin"):
        program(folder / "tool")
    tools = tmp_path / "tools"
    for path in (f"{entry}:{tools}", f"{project}/{entry}:{tools}"):
        monkeypatch.setenv("PATH", path)
        found = Programs(workspace(project))
        assert found.find("tool") is None
        assert found.search_path() == str(tools)
        assert found.environment(())["PATH"] == str(tools)
    program(tools / "tool")
    assert Programs(workspace(project)).find("tool") == str(tools / "tool")


@posix
def test_a_relative_path_leads_to_nothing_and_an_absolute_one_is_the_users_word(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = program(project / "bin" / "tool")
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(project.parent))
    programs = Programs(workspace(project))
    assert programs.find("bin/tool") is None
    assert programs.find("./bin/tool") is None
    assert programs.find(str(own)) == str(own)
    assert programs.find("~/project/bin/tool") == str(own)
    assert programs.find(f"{own}-missing") is None


def test_hidden_variables_are_left_out_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "x")
    environment = Programs().environment({"acme_KEY"})
    assert "ACME_KEY" not in environment
    assert environment["PATH"]
    monkeypatch.delenv("PATH")
    assert "PATH" not in Programs().environment(())


def test_windows_own_programs_are_called_by_their_whole_path() -> None:
    assert system_program("netstat", {}) == r"C:\Windows\System32\netstat.exe"
    assert system_program("netstat", {"SYSTEMROOT": "D:\\W"}) == r"D:\W\System32\netstat.exe"


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
def test_modelport_as_a_module_takes_nothing_from_the_working_folder(project: Path) -> None:
    import subprocess

    for name in ("gc", "click", "anyio", "tomllib"):
        (project / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    done = subprocess.run(
        [sys.executable, "-m", "modelport", "--version"], cwd=project, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
