"""Tests which package owns a program, by its files alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.packages.owner import Packages, interpreter_of
from modelport.adapters.agents.sources.packages.python import PythonPackages
from modelport.adapters.agents.sources.packages.wrappers import wrapped
from support import programs
from support.agent_homes import environment, npm_global, npm_package, program, project, tool

ROOT = programs.ROOT


def leads_to(path: Path | str) -> str | None:
    return Packages(PythonPackages("/nonexistent")).leads_to(str(path))


def owner(path: Path | str, *guesses: str, home: Path = Path("/nonexistent")) -> tuple[str, str, str | None] | None:
    found = Packages(PythonPackages(str(home))).owner(str(path), guesses)
    return (found.ecosystem, found.package, found.version) if found else None


def npm(package: str, version: str | None = "1.2.3") -> tuple[str, str, str | None]:
    return ("npm", package, version)


class TestReal:
    """Programs that real installers have put on this machine."""

    def test_a_link_of_npm(self):
        manifest = json.loads(programs.node_module("pyright/package.json").read_text())
        assert owner(ROOT / "node_modules/.bin/pyright") == npm("pyright", manifest["version"])

    def test_a_script_of_pip(self):
        script = Path(sys.prefix) / "bin/pytest"
        assert owner(script) == ("pypi", "pytest", pytest.__version__)
        assert Path(leads_to(script) or "").resolve() == Path(sys.executable).resolve()

    def test_a_program_of_a_wheel_that_has_no_entry_point(self):
        from importlib.metadata import version

        assert owner(Path(sys.prefix) / "bin/ruff") == ("pypi", "ruff", version("ruff"))

    def test_programs_of_the_system_have_none(self):
        assert owner("/bin/sh") is None
        assert owner(shutil.which("git") or "/bin/ls") is None

    def test_what_npm_installs_from_an_archive(self, tmp_path: Path):
        """``npm install -g`` without a network, from a folder: the same layout as from the registry."""
        if shutil.which("npm") is None:
            programs.missing("npm is not installed")
        source = tmp_path / "source"
        program(source / "dist/cli.js", "#!/usr/bin/env node\n")
        manifest = {"name": "@google/gemini-cli", "version": "0.61.0", "bin": {"gemini": "dist/cli.js"}}
        (source / "package.json").write_text(json.dumps(manifest))
        environment = {**os.environ, "HOME": str(tmp_path), "npm_config_update_notifier": "false"}
        subprocess.run(
            ["npm", "install", "-g", "--offline", "--install-links", "--prefix", str(tmp_path / "p"), str(source)],
            check=True, capture_output=True, env=environment, cwd=tmp_path,
        )  # fmt: skip
        assert (tmp_path / "p/bin/gemini").is_symlink()
        assert owner(tmp_path / "p/bin/gemini") == npm("@google/gemini-cli", "0.61.0")

    def test_the_shims_that_npm_writes_where_there_are_no_links(self, tmp_path: Path):
        """By npm's own module, which writes the same files on every system."""
        module = Path(shutil.which("npm") or programs.missing("npm is not installed")).resolve().parents[1]
        module /= "node_modules/cmd-shim"
        if not module.is_dir():
            programs.missing("npm has no cmd-shim here")
        npm_package(tmp_path / "node_modules", "@google/gemini-cli", gemini="dist/index.js")
        target = tmp_path / "node_modules/@google/gemini-cli/dist/index.js"
        write = f"require({json.dumps(str(module))})({json.dumps(str(target))}, {json.dumps(str(tmp_path / 'gemini'))})"
        subprocess.run(["node", "-e", write], check=True, capture_output=True)
        for name in ("gemini", "gemini.cmd"):
            assert leads_to(tmp_path / name) == str(target), name
            assert owner(tmp_path / name) == npm("@google/gemini-cli"), name

    @pytest.mark.parametrize("folder", ["env", "an env", "long" * 50])
    def test_the_scripts_that_pip_writes_also_for_long_paths_and_spaces(self, tmp_path: Path, folder: str):
        from pip._vendor.distlib.scripts import ScriptMaker, enquote_executable

        prefix = tmp_path / folder
        project(environment(prefix), "mistral-vibe", "3.0.2", "vibe-acp")
        (prefix / "bin/vibe-acp").unlink()
        maker = ScriptMaker(None, str(prefix / "bin"))
        maker.executable, maker.variants = enquote_executable(str(prefix / "bin/python3")), {""}
        maker.make("vibe-acp = vibe.cli:main")
        assert owner(prefix / "bin/vibe-acp") == ("pypi", "mistral-vibe", "3.0.2")
        assert leads_to(prefix / "bin/vibe-acp") == str(prefix / "bin/python3")


class TestNpm:
    def test_a_global_package(self, tmp_path: Path):
        npm_global(tmp_path, "@google/gemini-cli", "0.61.0", gemini="dist/index.js")
        assert owner(tmp_path / "bin/gemini") == npm("@google/gemini-cli", "0.61.0")

    def test_a_program_of_one_platform_belongs_to_the_package_that_names_it(self, tmp_path: Path):
        modules = tmp_path / "lib/node_modules"
        npm_global(tmp_path, "cline", cline="bin/cline")
        npm_package(modules, "@cline/cli-linux-x64")
        program(modules / "@cline/cli-linux-x64/bin/cline", "\x7fELF")
        (modules / "cline/bin/cline").unlink()
        (modules / "cline/bin/cline").symlink_to("../../@cline/cli-linux-x64/bin/cline")
        assert owner(tmp_path / "bin/cline") == npm("cline")
        (tmp_path / "direct").symlink_to(modules / "@cline/cli-linux-x64/bin/cline")
        assert owner(tmp_path / "direct") == npm("@cline/cli-linux-x64")

    def test_a_file_that_is_none_of_a_packages_programs_proves_nothing(self, tmp_path: Path):
        root = npm_package(tmp_path / "node_modules", "@google/gemini-cli", gemini="dist/index.js")
        program(root / "scripts/other.js")
        (tmp_path / "gemini").symlink_to(root / "scripts/other.js")
        assert owner(tmp_path / "gemini") is None

    def test_the_store_of_pnpm_and_packages_in_packages(self, tmp_path: Path):
        store = tmp_path / "global/5/.pnpm/qwen@1/node_modules"
        root = npm_package(store, "@qwen-code/qwen-code", qwen="cli.js")
        inner = npm_package(root / "node_modules", "inner", "9.9.9", inner="x.js")
        assert owner(store / ".bin/qwen") == npm("@qwen-code/qwen-code")
        assert owner(inner / "x.js") == npm("inner", "9.9.9")

    def test_manifests_without_a_name_inside_a_package_do_not_hide_it(self, tmp_path: Path):
        root = npm_package(tmp_path / "node_modules", "pi-acp", **{"pi-acp": "dist/cli.js"})
        (root / "dist/package.json").write_text('{"type": "module"}')
        assert owner(tmp_path / "node_modules/.bin/pi-acp") == npm("pi-acp")

    def test_outside_of_node_modules_the_manifest_has_to_name_the_file(self, tmp_path: Path):
        checkout = tmp_path / "src/gemini"
        program(checkout / "dist/cli.js")
        (checkout / "dist/package.json").write_text('{"type": "commonjs"}')
        manifest = {"name": "@google/gemini-cli", "version": "1.0.0-dev", "bin": {"gemini": "./dist/cli.js"}}
        (checkout / "package.json").write_text(json.dumps(manifest))
        (tmp_path / "gemini").symlink_to("src/gemini/dist/cli.js")
        assert owner(tmp_path / "gemini") == npm("@google/gemini-cli", "1.0.0-dev")
        (checkout / "package.json").write_text(json.dumps({**manifest, "bin": "./other.js"}))
        assert owner(tmp_path / "gemini") is None

    def test_a_manifest_of_the_home_folder_owns_nothing_in_it(self, tmp_path: Path):
        (tmp_path / "package.json").write_text('{"name": "home", "version": "1.0.0"}')
        assert owner(program(tmp_path / ".local/bin/gemini")) is None

    @pytest.mark.parametrize(
        "text",
        [
            "", "{", "[]", "null", "\x00\x01", '{"name": 5}', '{"name": "x", "bin": [1]}', '{"name": "a\\u001b[2Jb"}',
            '{"name": ""}', '{"version": "1"}', '{"name": "x", "bin": {"x": "a\\u0000b"}}', "[" * 50_000,
            '{"name": "x", "description": "' + "y" * 100_000 + '"}', '{"name": "' + "x" * 300 + '"}',
        ],
    )  # fmt: skip
    def test_an_odd_manifest_is_none(self, tmp_path: Path, text: str):
        root = npm_package(tmp_path / "node_modules", "x", x="cli.js")
        (root / "package.json").write_text(text)
        assert owner(tmp_path / "node_modules/.bin/x") is None

    def test_a_version_that_cannot_be_shown_is_unknown(self, tmp_path: Path):
        npm_package(tmp_path / "node_modules", "x", "1\x1b[31m", x="cli.js")
        assert owner(tmp_path / "node_modules/.bin/x") == npm("x", None)

    def test_a_manifest_may_begin_with_a_mark_and_hold_only_a_text_as_its_program(self, tmp_path: Path):
        root = npm_package(tmp_path / "node_modules", "@a/droid", droid="cli.js")
        (root / "package.json").write_bytes(b'\xef\xbb\xbf{"name": "@a/droid", "bin": "cli.js"}')
        assert owner(tmp_path / "node_modules/.bin/droid") == npm("@a/droid", None)

    def test_a_pipe_or_a_folder_in_the_place_of_the_manifest_does_not_block(self, tmp_path: Path):
        root = npm_package(tmp_path / "node_modules", "x", x="cli.js")
        (root / "package.json").unlink()
        os.mkfifo(root / "package.json")
        assert owner(tmp_path / "node_modules/.bin/x") is None
        (root / "package.json").unlink()
        (root / "package.json").mkdir()
        assert owner(tmp_path / "node_modules/.bin/x") is None

    def test_links_in_a_circle_have_no_owner(self, tmp_path: Path):
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        assert owner(tmp_path / "a") is None
        assert leads_to(tmp_path / "a") is None


PNPM = """#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")
if [ -z "$NODE_PATH" ]; then
  export NODE_PATH="$basedir/global/5/.pnpm/other@1/node_modules/other/node_modules:/x/node_modules"
fi
if [ -x "$basedir/node" ]; then
  exec "$basedir/node"  "$basedir/global/5/node_modules/droid/cli.js" "$@"
else
  exec node  "$basedir/global/5/node_modules/droid/cli.js" "$@"
fi
"""


class TestShims:
    def test_of_pnpm(self, tmp_path: Path):
        npm_package(tmp_path / "global/5/node_modules", "droid", droid="cli.js")
        assert owner(program(tmp_path / "droid", PNPM)) == npm("droid")

    def test_one_whose_package_is_gone_leads_to_nothing_that_is_there(self, tmp_path: Path):
        shim = program(tmp_path / "droid", PNPM)
        assert owner(shim) is None
        assert leads_to(shim) == str(tmp_path / "global/5/node_modules/droid/cli.js")

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"\x7fELF dp0 basedir", b'#!/bin/sh\n# exec "$basedir/a/b"\nbasedir', b'basedir\nexec "$basedir/node"',
            b'basedir\nexec node "$basedir/$x/y"', b'dp0\n"%dp0%\\node.exe"', b'exec "/x/y" # basedir', b'\xff\xfedp0"',
        ],
    )  # fmt: skip
    def test_no_others(self, content: bytes):
        assert wrapped(content, "/x") is None


class TestPython:
    def test_a_tool_of_uv_through_its_link(self, tmp_path: Path):
        tool(tmp_path, "mistral-vibe", "3.0.2", "vibe-acp", "vibe")
        assert owner(tmp_path / ".local/bin/vibe-acp") == ("pypi", "mistral-vibe", "3.0.2")

    def test_a_script_without_a_guess_is_searched_for(self, tmp_path: Path):
        site = environment(tmp_path / "env")
        for number in range(20):
            project(site, f"filler-{number}", "1.0", f"filler{number}")
        project(site, "fast-agent-mcp", "0.10.29", "fast-agent-acp")
        assert owner(tmp_path / "env/bin/fast-agent-acp") == ("pypi", "fast-agent-mcp", "0.10.29")

    def test_a_guess_is_not_believed(self, tmp_path: Path):
        site = environment(tmp_path / "env")
        project(site, "kimi-cli", "1.52.0")
        project(site, "other", "1.0", "kimi")
        assert owner(tmp_path / "env/bin/kimi", "kimi-cli") == ("pypi", "other", "1.0")

    def test_a_gui_script_and_another_command_are_not_it(self, tmp_path: Path):
        site = environment(tmp_path / "env")
        project(site, "kimi-cli", "1.52.0", "kimi")
        assert owner(program(tmp_path / "env/bin/other", f"#!{tmp_path}/env/bin/python3\n")) is None

    def test_a_user_script_of_the_systems_python(self, tmp_path: Path):
        real = program(tmp_path / "usr/bin/python3.12")
        (tmp_path / "usr/bin/python3").symlink_to("python3.12")
        for version in ("3.11", "3.12"):
            site = tmp_path / f"home/.local/lib/python{version}/site-packages"
            site.mkdir(parents=True)
            project(site, "kimi-cli", version, "kimi")
        script = program(tmp_path / "home/.local/bin/kimi", f"#!{real.parent}/python3\n")
        assert owner(script, home=tmp_path / "home") == ("pypi", "kimi-cli", "3.12")

    def test_a_package_of_debians(self, tmp_path: Path):
        info = tmp_path / "lib/python3/dist-packages/six-1.16.0-py3.11.egg-info"
        info.mkdir(parents=True)
        (info / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: Six.Tool\nVersion: 1.16.0\n")
        (info / "entry_points.txt").write_text("[console_scripts]\nsix=six:main\n")
        python = program(tmp_path / "bin/python3")
        assert owner(program(tmp_path / "bin/six", f"#!{python}\n")) == ("pypi", "six-tool", "1.16.0")

    def test_a_launcher_of_windows(self, tmp_path: Path):
        (tmp_path / "pyvenv.cfg").write_text("home = x\n")
        site = tmp_path / "Lib/site-packages"
        site.mkdir(parents=True)
        info = site / "mistral_vibe-3.0.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: mistral-vibe\nVersion: 3.0.2\n")
        (info / "entry_points.txt").write_text("[console_scripts]\nvibe-acp = vibe:main\n")
        launcher = program(tmp_path / "Scripts/vibe-acp.exe", "MZ\x00")
        assert owner(launcher) == ("pypi", "mistral-vibe", "3.0.2")

    @pytest.mark.parametrize("metadata", ["", "Name:\n", "Version: 1\n\nName: late\n", "Name: a\x1bb\n", "\x00"])
    def test_odd_records_are_none(self, tmp_path: Path, metadata: str):
        info = project(environment(tmp_path / "env"), "kimi-cli", "1.0", "kimi")
        (info / "METADATA").write_text(metadata)
        assert owner(tmp_path / "env/bin/kimi") is None

    @pytest.mark.parametrize(
        "first", ["#!", "#!\n", "#! \n", "#!\xff\xfe\n", "#!/usr/bin/env\n", "#!/usr/bin/env python3\n"]
    )
    def test_odd_first_lines_are_none(self, tmp_path: Path, first: str):
        assert owner(program(tmp_path / "bin/kimi", first)) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x7fELF", None),
        (b"", None),
        (b"#!/bin/sh\n", "/bin/sh"),
        (b"#! /usr/bin/python3 -I\n", "/usr/bin/python3"),
        (b"#!/usr/bin/env python3\n", "python3"),
        (b"#!/usr/bin/env -S A=b node --x\n", "node"),
        (b"#!/bin/sh\n'''exec' '/an env/bin/python3' \"$0\" \"$@\"\n' '''\n", "/an env/bin/python3"),
        (b"#!/bin/sh\n'''exec' /long/python3 \"$0\" \"$@\"\n", "/long/python3"),
        (b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\"\n", "/b/python3"),
        (b"#!/bin/sh\n'''exec' ", ""),
    ],
)  # fmt: skip
def test_what_runs_a_script(content: bytes, expected: str | None):
    assert interpreter_of(content, "/b/kimi") == expected
