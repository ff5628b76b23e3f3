"""Tests which programs shims stand for, in homes as version managers leave them. No manager is run."""

import json
import os
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.scan import Hit, SearchFolder
from modelport.adapters.agents.sources.packages.shims import Shims
from support.agent_homes import (
    asdf_shim,
    mise_shim,
    npm_global,
    pixi_trampoline,
    program,
    proto_shim,
    rbenv_shim,
    volta_node,
    volta_package,
)

PACKAGE = "@google/gemini-cli"


def target(home: Path, shim: Path | str, **variables: str) -> str | None:
    """The program behind a shim, with home as ``~``."""
    found = Shims(variables, str(home)).target(str(home / shim))
    return found.replace(str(home), "~") if found else None


def with_nodes(root: Path, *versions: str) -> None:
    for version in versions:
        npm_global(root / version, PACKAGE, gemini="dist/index.js")


class TestVolta:
    def test_a_packages_program(self, tmp_path: Path):
        volta_package(tmp_path / ".volta", PACKAGE, gemini="dist/index.js")
        assert target(tmp_path, ".volta/bin/gemini") == f"~/.volta/tools/image/packages/{PACKAGE}/bin/gemini"

    def test_where_the_manager_itself_is_elsewhere(self, tmp_path: Path):
        volta_package(tmp_path / "v", PACKAGE, gemini="dist/index.js")
        shim = program(tmp_path / "Cellar/volta/2.0.2/bin/volta-shim", "\x7fELF\0")
        (tmp_path / "brew").mkdir()
        (tmp_path / "brew/volta-shim").symlink_to(shim)
        (tmp_path / "v/bin/gemini").unlink()
        (tmp_path / "v/bin/gemini").symlink_to(tmp_path / "brew/volta-shim")
        assert target(tmp_path, "v/bin/gemini") == f"~/v/tools/image/packages/{PACKAGE}/bin/gemini"

    def test_a_link_to_a_shim_is_the_same_shim(self, tmp_path: Path):
        volta_package(tmp_path / ".volta", PACKAGE, gemini="dist/index.js")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/gemini").symlink_to("../.volta/bin/gemini")
        assert target(tmp_path, "bin/gemini") == f"~/.volta/tools/image/packages/{PACKAGE}/bin/gemini"

    def test_the_default_node(self, tmp_path: Path):
        volta_node(tmp_path / ".volta", "20.1.0")
        volta_node(tmp_path / ".volta", "22.1.0")
        assert target(tmp_path, ".volta/bin/node") == "~/.volta/tools/image/node/22.1.0/bin/node"

    def test_on_windows(self, tmp_path: Path):
        volta_package(tmp_path / "Volta", PACKAGE, gemini="dist/index.js")
        image = tmp_path / f"Volta/tools/image/packages/{PACKAGE}"
        program(image / "gemini.cmd", "@ECHO off\n")
        (image / "bin/gemini").unlink()
        shim = program(tmp_path / "Volta/bin/gemini.cmd", "@echo off\nvolta run %~n0 %*\n")
        assert target(tmp_path, shim) == f"~/Volta/tools/image/packages/{PACKAGE}/gemini.cmd"

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"package": 5}', '{"package": "../../../x"}', '{"package": "/x"}', '{"package": ""}']
    )
    def test_an_odd_record_leads_nowhere(self, tmp_path: Path, text: str):
        volta_package(tmp_path / ".volta", PACKAGE, gemini="dist/index.js")
        program(tmp_path / "x/bin/gemini")
        (tmp_path / ".volta/tools/user/bins/gemini.json").write_text(text)
        assert target(tmp_path, ".volta/bin/gemini") is None


class TestAsdf:
    ROOT = ".asdf/installs/nodejs"

    def test_the_only_version(self, tmp_path: Path):
        with_nodes(tmp_path / self.ROOT, "22.1.0")
        shim = asdf_shim(tmp_path / ".asdf", "gemini", ("nodejs", "22.1.0"))
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/22.1.0/bin/gemini"

    def test_the_shims_of_its_older_versions(self, tmp_path: Path):
        with_nodes(tmp_path / self.ROOT, "22.1.0")
        text = "#!/usr/bin/env bash\n# asdf-plugin: nodejs 22.1.0\n"
        shim = program(
            tmp_path / ".asdf/shims/gemini",
            text + 'exec /x/asdf/bin/asdf exec "gemini" "$@" # asdf_allow: \' asdf \'\n',
        )
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/22.1.0/bin/gemini"

    def test_of_several_the_chosen_one_else_the_newest(self, tmp_path: Path):
        with_nodes(tmp_path / self.ROOT, "9.11.2", "20.1.0", "22.10.0")
        versions = [("nodejs", version) for version in ("9.11.2", "22.10.0", "20.1.0")]
        shim = asdf_shim(tmp_path / ".asdf", "gemini", *versions)
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/22.10.0/bin/gemini"
        (tmp_path / ".tool-versions").write_text("python 3.12.1\nnodejs 18.0.0 20.1.0 # mine\n")
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/20.1.0/bin/gemini"
        assert target(tmp_path, shim, ASDF_NODEJS_VERSION="9.11.2") == "~/.asdf/installs/nodejs/9.11.2/bin/gemini"

    def test_a_file_of_the_working_folder_chooses_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        with_nodes(tmp_path / self.ROOT, "20.1.0", "22.10.0")
        (tmp_path / "project").mkdir()
        (tmp_path / "project/.tool-versions").write_text("nodejs 20.1.0\n")
        monkeypatch.chdir(tmp_path / "project")
        shim = asdf_shim(tmp_path / ".asdf", "gemini", ("nodejs", "20.1.0"), ("nodejs", "22.10.0"))
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/22.10.0/bin/gemini"

    def test_the_folder_of_its_nodes_own_packages_and_other_plugins(self, tmp_path: Path):
        npm_global(tmp_path / self.ROOT / "22.1.0/.npm", PACKAGE, gemini="x.js")
        shim = asdf_shim(tmp_path / ".asdf", "gemini", ("nodejs", "22.1.0"))
        assert target(tmp_path, shim) == "~/.asdf/installs/nodejs/22.1.0/.npm/bin/gemini"
        program(tmp_path / ".asdf/installs/goose/ref-main/goose")
        shim = asdf_shim(tmp_path / ".asdf", "goose", ("goose", "ref:main"))
        assert target(tmp_path, shim) == "~/.asdf/installs/goose/ref-main/./goose"

    @pytest.mark.parametrize(
        "line", ["# asdf-plugin: nodejs", "# asdf-plugin: ../x 1", "# asdf-plugin: nodejs /x", "#"]
    )
    def test_odd_lines_lead_nowhere(self, tmp_path: Path, line: str):
        with_nodes(tmp_path / self.ROOT, "22.1.0")
        shim = program(tmp_path / ".asdf/shims/gemini", f'#!/usr/bin/env bash\n{line}\nexec asdf exec "gemini" "$@"')
        assert target(tmp_path, shim) is None


class TestMise:
    ROOT = ".local/share/mise"

    def test_a_package_of_its_own(self, tmp_path: Path):
        for version in ("0.9.0", "0.61.0"):
            npm_global(tmp_path / self.ROOT / f"installs/npm-google-gemini-cli/{version}", PACKAGE, gemini="x.js")
        shim = mise_shim(tmp_path / self.ROOT, "gemini")
        installs = f"~/{self.ROOT}/installs/npm-google-gemini-cli"
        assert target(tmp_path, shim) == f"{installs}/0.61.0/bin/gemini"
        config = tmp_path / ".config/mise/config.toml"
        config.parent.mkdir(parents=True)
        config.write_text('[tools]\nnode = "22"\n"npm:@google/gemini-cli" = "0.9.0"\n')
        assert target(tmp_path, shim) == f"{installs}/0.9.0/bin/gemini"

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            (".config/mise/config.toml", '[tools]\nnode = "20"\n'),
            (".config/mise/config.toml", "[tools]\nnode = 20\n"),
            (".config/mise/config.toml", '[tools]\nnode = ["18", "20.1.0"]\n'),
            (".config/mise/config.toml", '[tools]\nnode = {version = "20.1.0"}\n'),
            (".config/mise/conf.d/node.toml", '[tools]\nnode = "20.1.0"\n'),
            (".tool-versions", "node 20.1.0\n"),
        ],
    )
    def test_the_node_that_is_chosen(self, tmp_path: Path, file: str, text: str):
        installs = tmp_path / self.ROOT / "installs/node"
        with_nodes(installs, "20.1.0", "22.1.0")
        for alias, version in (("20", "20.1.0"), ("22", "22.1.0"), ("latest", "22.1.0")):
            (installs / alias).symlink_to(version)
        shim = mise_shim(tmp_path / self.ROOT, "gemini")
        assert os.path.realpath(str(target(tmp_path, shim)).replace("~", str(tmp_path))).startswith(
            f"{installs}/22.1.0/"
        )
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
        assert os.path.realpath(str(target(tmp_path, shim)).replace("~", str(tmp_path))).startswith(
            f"{installs}/20.1.0/"
        )
        assert target(tmp_path, shim, MISE_NODE_VERSION="22.1.0") == f"~/{self.ROOT}/installs/node/22.1.0/bin/gemini"

    def test_other_places_of_programs(self, tmp_path: Path):
        installs = tmp_path / self.ROOT / "installs"
        program(installs / "npm-x/1.0.0/node_modules/.bin/gemini")
        program(installs / "github-block-goose/1.9.0/goose")
        assert target(tmp_path, mise_shim(tmp_path / self.ROOT, "gemini")) is not None
        shim = mise_shim(tmp_path / self.ROOT, "goose")
        assert target(tmp_path, shim) == f"~/{self.ROOT}/installs/github-block-goose/1.9.0/goose"

    @pytest.mark.parametrize(
        "text", ["", "[", "tools = 5", "[tools]\nnode = true\n", '[tools]\nnode = "../../x"\n', "\x00"]
    )
    def test_an_odd_file_chooses_nothing(self, tmp_path: Path, text: str):
        with_nodes(tmp_path / self.ROOT / "installs/node", "22.1.0")
        shim = mise_shim(tmp_path / self.ROOT, "gemini")
        (tmp_path / "config.toml").write_text(text)
        variables = {"MISE_GLOBAL_CONFIG_FILE": str(tmp_path / "config.toml")}
        assert target(tmp_path, shim, **variables) == f"~/{self.ROOT}/installs/node/22.1.0/bin/gemini"

    def test_the_manager_is_no_shim(self, tmp_path: Path):
        mise_shim(tmp_path / self.ROOT, "gemini")
        (tmp_path / "mise").symlink_to(tmp_path / ".local/bin/mise")
        assert target(tmp_path, "mise") is None
        assert target(tmp_path, self.ROOT + "/shims/gemini") is None


class TestRbenvKind:
    @pytest.mark.parametrize("kind", ["nodenv", "pyenv"])
    def test_the_chosen_version_else_the_newest(self, tmp_path: Path, kind: str):
        root = tmp_path / f".{kind}"
        for version in ("9.0.0", "20.1.0", "22.1.0"):
            program(root / f"versions/{version}/bin/gemini")
        shim = rbenv_shim(root, "gemini", kind)
        assert target(tmp_path, shim) == f"~/.{kind}/versions/22.1.0/bin/gemini"
        (root / "version").write_text("system\n20.1.0\n")
        assert target(tmp_path, shim) == f"~/.{kind}/versions/20.1.0/bin/gemini"
        variables = {f"{kind.upper()}_VERSION": "9.0.0"}
        assert target(tmp_path, shim, **variables) == f"~/.{kind}/versions/9.0.0/bin/gemini"
        variables = {f"{kind.upper()}_VERSION": "../x"}
        assert target(tmp_path, shim, **variables) == f"~/.{kind}/versions/22.1.0/bin/gemini"

    def test_the_shims_of_a_real_one(self):
        """Where this machine has a pyenv, its own answer is the one that was found."""
        root = Path(os.environ.get("PYENV_ROOT") or "/nonexistent")
        chosen = root / "version"
        if not (root / "shims/python3").exists() or not chosen.exists():
            pytest.skip("there is no pyenv here")
        version = chosen.read_text().split()[0]
        assert target(Path("/nonexistent"), root / "shims/python3") == str(root / f"versions/{version}/bin/python3")


class TestProto:
    def test_a_tools_pinned_version(self, tmp_path: Path):
        root = tmp_path / ".proto"
        for version in ("20.1.0", "22.1.0"):
            program(root / f"tools/node/{version}/bin/node")
        shim = proto_shim(root, "node")
        assert target(tmp_path, shim) == "~/.proto/tools/node/22.1.0/bin/node"
        (root / ".prototools").write_text('node = "20.1.0"\n[settings]\nauto-install = true\n')
        assert target(tmp_path, shim) == "~/.proto/tools/node/20.1.0/bin/node"
        assert target(tmp_path, shim, PROTO_NODE_VERSION="22.1.0") == "~/.proto/tools/node/22.1.0/bin/node"

    def test_a_second_program_of_a_tool(self, tmp_path: Path):
        program(tmp_path / ".proto/tools/npm/10.0.0/bin/npx")
        for key in ("parent", "context"):
            shim = proto_shim(tmp_path / ".proto", "npx", {key: "npm", "alt_exe": True})
            assert target(tmp_path, shim) == "~/.proto/tools/npm/10.0.0/bin/npx"

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"node": 5}', '{"node": {"context": "../.."}}'])
    def test_an_odd_registry_leads_nowhere(self, tmp_path: Path, text: str):
        shim = proto_shim(tmp_path / ".proto", "node")
        program(tmp_path / ".proto/tools/node/22.1.0/bin/node")
        (tmp_path / ".proto/shims/registry.json").write_text(text)
        assert target(tmp_path, shim) is None


class TestOthers:
    def test_a_trampoline_of_pixi(self, tmp_path: Path):
        goose = program(tmp_path / ".pixi/envs/goose/bin/goose", "\x7fELF\0")
        shim = pixi_trampoline(tmp_path / ".pixi", "goose", goose)
        assert target(tmp_path, shim) == "~/.pixi/envs/goose/bin/goose"
        (tmp_path / ".pixi/bin/trampoline_configuration/goose.json").write_text('{"exe": "goose"}')
        assert target(tmp_path, shim) is None

    def test_a_shim_of_scoop(self, tmp_path: Path):
        goose = program(tmp_path / "scoop/apps/goose/current/goose.exe", "MZ\0")
        shim = program(tmp_path / "scoop/shims/goose.exe", "MZ\0")
        (tmp_path / "scoop/shims/goose.shim").write_text(f'path = "{goose}"\nargs = run\n')
        assert target(tmp_path, shim) == "~/scoop/apps/goose/current/goose.exe"

    @pytest.mark.parametrize("text", ["", "#!/bin/sh\nexec node x.js\n", "\x7fELF\0"])
    def test_other_programs_stand_for_themselves(self, tmp_path: Path, text: str):
        path = program(tmp_path / "bin/gemini", text)
        hit = Hit("gemini", str(path), SearchFolder(str(path.parent), "PATH"))
        assert Shims({}, str(tmp_path)).resolved(hit) is hit

    def test_a_shim_that_leads_to_itself_leads_nowhere(self, tmp_path: Path):
        shim = pixi_trampoline(tmp_path / ".pixi", "goose", tmp_path / ".pixi/bin/goose")
        assert target(tmp_path, shim) is None
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        assert target(tmp_path, "a") is None

    def test_what_is_found_tells_of_the_shim(self, tmp_path: Path):
        volta_package(tmp_path / ".volta", PACKAGE, gemini="dist/index.js")
        folder = SearchFolder(str(tmp_path / ".volta/bin"), "PATH")
        found = Shims({}, str(tmp_path)).resolved(Hit("gemini", f"{folder.path}/gemini", folder))
        assert found.shim == f"{folder.path}/gemini"
        assert found.folder is folder
        assert json.loads((tmp_path / ".volta/tools/user/bins/gemini.json").read_text())["package"] in found.path
