"""Tests what the commands in editors' settings lead to."""

from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.scan import SearchFolder, scan
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.packages.shims import Shims
from modelport.adapters.agents.sources.setting_programs import DOWNLOADS, bare_names, could_download, resolved
from modelport.domain.agents.observations import Setting
from support.agent_homes import program, volta_package


def resolve(home: Path, command: str | None, *args: str, **rest: str) -> tuple[str | None, str | None]:
    setting = Setting(host="Zed (x)", name="mine", command=command, args=args, **rest)
    folders = [SearchFolder(str(home / name), name) for name in ("open", "bin") if (home / name).is_dir()]
    hits = scan(folders, bare_names([setting]))
    done = resolved(setting, hits, Inspector(str(home), "linux"), Shims({}, str(home)), str(home))
    return done.program, done.refused


def test_by_an_absolute_path_and_by_one_in_the_home_folder(tmp_path: Path):
    path = str(program(tmp_path / "my agents/mine"))
    assert resolve(tmp_path, path) == (path, None)
    assert resolve(tmp_path, "~/my agents/mine") == (path, None)


def test_by_its_name_in_the_search_path(tmp_path: Path):
    path = str(program(tmp_path / "bin/mine"))
    assert resolve(tmp_path, "mine") == (path, None)
    assert resolve(tmp_path, "other") == (None, None)


def test_a_place_that_is_refused_is_passed_over_where_there_is_a_better_one(tmp_path: Path):
    program(tmp_path / "open/mine")
    (tmp_path / "open").chmod(0o777)
    assert resolve(tmp_path, "mine") == (f"{tmp_path}/open/mine", "~/open can be written to by every user")
    path = str(program(tmp_path / "bin/mine"))
    assert resolve(tmp_path, "mine") == (path, None)


def test_a_shim_is_the_program_that_it_stands_for(tmp_path: Path):
    volta_package(tmp_path, "mine", mine="cli.js")
    assert resolve(tmp_path, "~/bin/mine") == (f"{tmp_path}/tools/image/packages/mine/bin/mine", None)


@pytest.mark.parametrize("command", ["./mine", "bin/mine", "../mine", ".\\mine", "~other/mine", "~"])
def test_never_by_the_working_folder(tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "bin/mine")
    program(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert resolve(tmp_path, command) == (None, "which program that is depends on the working folder")


@pytest.mark.parametrize("name", ["folder", "data", "missing", "nul\0"])
def test_what_cannot_be_started_is_not_there(tmp_path: Path, name: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "data").write_text("")
    assert resolve(tmp_path, f"{tmp_path}/{name}") == (None, None)


def test_a_setting_without_a_command_and_one_that_is_refused_stay_as_they_are(tmp_path: Path):
    path = str(program(tmp_path / "bin/mine"))
    assert resolve(tmp_path, None, registry_id="goose") == (None, None)
    assert resolve(tmp_path, path, refused="it stands in a project") == (None, "it stands in a project")


def test_a_script_that_every_user_can_write_is_not_run_by_its_interpreter(tmp_path: Path):
    node, script = program(tmp_path / "bin/node"), program(tmp_path / "cli.js", mode=0o666)
    why = "~/cli.js can be written to by every user"
    assert resolve(tmp_path, "node", str(script)) == (str(node), why)
    script.chmod(0o644)
    assert resolve(tmp_path, "node", str(script), "--acp", "/nonexistent") == (str(node), None)


@pytest.mark.parametrize(
    "line",
    [
        "npx -y @google/gemini-cli --acp", "/usr/bin/npx @x/y", "npx.cmd @x/y", "C:\\nodejs\\npx.cmd @x/y", "bunx x",
        "uvx x", "pnpx x", "pnpm dlx x", "yarn dlx x", "npm exec -- x", "npm x x", "bun x y", "uv tool run x",
        "uv run --with x y", "pipx run x", "deno run npm:x", "docker run -i x", "podman run x", "mise x npm:x -- y",
        "env A=b npx x", "cmd /c npx x", "nix run github:x/y", "cargo run", "go run x@latest",
    ],
)  # fmt: skip
def test_a_line_that_could_download_is_never_started(tmp_path: Path, line: str):
    command, *args = line.split()
    program(tmp_path / "bin" / command.rpartition("/")[2])
    assert resolve(tmp_path, command, *args) == (None, DOWNLOADS)


def test_also_inside_a_text_for_a_shell():
    assert could_download("/bin/bash", ["-lc", "exec npx -y x --acp"])
    assert could_download("zsh", ["-c", "uv run x"])
    assert not could_download("bash", ["-c", "exec gemini --acp"])


@pytest.mark.parametrize("line", ["gemini --acp", "node /x/cli.js", "npm", "uv", "opencode acp", "pnpm-agent dlx"])
def test_others_could_not(line: str):
    command, *args = line.split()
    assert not could_download(command, args)


def test_windows_finds_a_program_without_its_ending(tmp_path: Path):
    path = str(program(tmp_path / "bin/mine.cmd"))
    inspector = Inspector(str(tmp_path), "win32")
    for command in ("mine", "mine.cmd", str(tmp_path / "bin/mine")):
        setting = Setting(host="Zed (x)", name="mine", command=command)
        hits = scan([SearchFolder(str(tmp_path / "bin"), "PATH")], bare_names([setting]), (".exe", ".cmd"))
        assert resolved(setting, hits, inspector, Shims({}, ""), str(tmp_path), (".exe", ".cmd")).program == path
