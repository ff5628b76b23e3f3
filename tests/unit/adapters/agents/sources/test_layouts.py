"""Tests that agents are found in homes as installers leave them, by their packages, and nothing is run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.machine import LocalMachine
from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.observations import Machine
from modelport.domain.agents.records import records
from modelport.protocol.types import Agent
from support.agent_homes import (
    asdf_shim,
    mise_shim,
    npm_global,
    npm_package,
    pixi_trampoline,
    program,
    project,
    proto_shim,
    python_prefix,
    rbenv_shim,
    volta_node,
    volta_package,
)

BOOK = load_agents()
GEMINI = "@google/gemini-cli"
VERSION = "0.61.0"
BUNDLE = "dist/index.js"


def look(home: Path, **variables: str) -> Machine:
    return LocalMachine({"HOME": str(home), **variables}, home, home / "data", "linux").look(BOOK, None)


def agent(found: Machine, id_: str) -> Agent:
    return next(one.agent for one in records(BOOK, (), found) if one.agent.agent_id == id_)


def node(prefix: str) -> Callable[[Path], None]:
    """npm's global packages below a folder of the home."""

    def lay_out(home: Path) -> None:
        npm_global(home / prefix, GEMINI, VERSION, gemini=BUNDLE)

    return lay_out


def profile(home: Path, link: str) -> None:
    """A profile of Nix: links into the store, where a package has a folder of its own."""
    store = home / "nix/store/abc-gemini-cli-0.61.0"
    npm_global(store, GEMINI, VERSION, gemini=BUNDLE)
    generation = home / "nix/store/def-profile/bin"
    generation.mkdir(parents=True)
    (generation / "gemini").symlink_to(store / "bin/gemini")
    (home / link).parent.mkdir(parents=True, exist_ok=True)
    (home / link).symlink_to(generation.parent)


def asdf(home: Path) -> None:
    node(".asdf/installs/nodejs/22.1.0")(home)
    asdf_shim(home / ".asdf", "gemini", ("nodejs", "22.1.0"))


def mise(home: Path) -> None:
    node(".local/share/mise/installs/npm-google-gemini-cli/0.61.0")(home)
    mise_shim(home / ".local/share/mise", "gemini")


def mise_embedded(home: Path) -> None:
    npm_package(
        home / ".local/share/mise/installs/npm-google-gemini-cli/0.61.0/node_modules", GEMINI, VERSION, gemini=BUNDLE
    )
    mise_shim(home / ".local/share/mise", "gemini")


def nodenv(home: Path) -> None:
    node(".nodenv/versions/22.1.0")(home)
    rbenv_shim(home / ".nodenv", "gemini")


def nodebrew(home: Path) -> None:
    node(".nodebrew/node/v22.1.0")(home)
    (home / ".nodebrew/current").symlink_to(home / ".nodebrew/node/v22.1.0")


def proto(home: Path) -> None:
    node(".proto/tools/node/globals")(home)
    proto_shim(home / ".proto", "node")
    program(home / ".proto/tools/node/22.1.0/bin/node")


def yarn(home: Path) -> None:
    npm_package(home / ".config/yarn/global/node_modules", GEMINI, VERSION, gemini=BUNDLE)
    (home / ".yarn/bin").mkdir(parents=True)
    (home / ".yarn/bin/gemini").symlink_to("../../.config/yarn/global/node_modules/.bin/gemini")


def bun(home: Path) -> None:
    npm_package(home / ".bun/install/global/node_modules", GEMINI, VERSION, gemini=BUNDLE)
    (home / ".bun/bin").mkdir()
    (home / ".bun/bin/gemini").symlink_to(f"../install/global/node_modules/{GEMINI}/{BUNDLE}")


def pnpm(home: Path) -> None:
    """Version 11: a folder for each group of packages, and links to their stores."""
    store = home / ".local/share/pnpm/global/v11/0a1b/node_modules"
    npm_package(store, GEMINI, VERSION, gemini=BUNDLE)
    shim = f'#!/bin/sh\nbasedir=$(dirname "$0")\nexec node "$basedir/../global/v11/0a1b/node_modules/{GEMINI}/{BUNDLE}" "$@"\n'
    program(home / ".local/share/pnpm/bin/gemini", shim)


def npmrc(home: Path) -> None:
    node("tools/npm")(home)
    (home / ".npmrc").write_text("prefix=${HOME}/tools/npm\n")


def homebrew(home: Path) -> None:
    """A formula: the package lies in ``libexec``, with a link in ``bin`` of its keg and of the prefix."""
    keg = home / ".linuxbrew/Cellar/gemini-cli/0.61.0"
    npm_global(keg / "libexec", GEMINI, VERSION, gemini=BUNDLE)
    (keg / "bin").mkdir()
    (keg / "bin/gemini").symlink_to("../libexec/bin/gemini")
    (home / ".linuxbrew/bin").mkdir()
    (home / ".linuxbrew/bin/gemini").symlink_to("../Cellar/gemini-cli/0.61.0/bin/gemini")


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "nodenv": nodenv, "nodebrew": nodebrew, "proto": proto, "asdf": asdf, "mise": mise, "mise, embedded": mise_embedded,
    "Volta": lambda home: volta_package(home / ".volta", GEMINI, VERSION, gemini=BUNDLE),
    "nvm": node(".nvm/versions/node/v22.1.0"), "fnm": node(".local/share/fnm/node-versions/v22.1.0/installation"),
    "n": node("n"), "nvs": node(".nvs/node/22.1.0/x64"), "vfox": node(".vfox/cache/nodejs/v-22.1.0/nodejs-22.1.0"),
    "Miniconda": node("miniconda3/envs/agents"), "Anaconda": node("anaconda3"), "Mambaforge": node("mambaforge/envs/x"),
    "micromamba": node("micromamba/envs/x"), "pixi": node(".pixi/envs/nodejs"), "npm's file": npmrc,
    "Nix": lambda home: profile(home, ".nix-profile"), "Nix by XDG": lambda home: profile(home, ".local/state/nix/profile"),
    "Yarn": yarn, "Bun": bun, "pnpm": pnpm, "Homebrew": homebrew,
}  # fmt: skip


@pytest.mark.parametrize("installer", LAYOUTS)
def test_an_npm_package_is_found_below(tmp_path: Path, installer: str):
    LAYOUTS[installer](tmp_path)
    found = agent(look(tmp_path), "gemini")
    assert (found.identity, found.version, found.installed) == ("confirmed", VERSION, True), found.detail
    assert found.argv
    assert Path(found.argv[0]).is_file()


PATHS = {
    "Volta": ".volta/bin", "asdf": ".asdf/shims", "mise": ".local/share/mise/shims", "nodenv": ".nodenv/shims",
}  # fmt: skip


@pytest.mark.parametrize("manager", PATHS)
def test_behind_a_shim_that_path_names_in_an_unusual_folder(tmp_path: Path, manager: str):
    LAYOUTS[manager](tmp_path / "odd")
    folder = tmp_path / "odd" / PATHS[manager]
    found = agent(look(tmp_path, PATH=str(folder)), "gemini")
    assert (found.identity, found.version, found.sources) == ("confirmed", VERSION, ("PATH",))
    # What is started depends on no folder.
    assert found.argv is not None
    assert folder not in Path(found.argv[0]).parents


@pytest.mark.parametrize("manager", PATHS)
def test_a_shim_in_a_folder_that_every_user_can_write_is_not_started(tmp_path: Path, manager: str):
    LAYOUTS[manager](tmp_path / "odd")
    folder = tmp_path / "odd" / PATHS[manager]
    folder.chmod(0o777)
    found = agent(look(tmp_path, PATH=str(folder)), "gemini")
    assert "can be written to by every user" in found.detail


@pytest.mark.parametrize("manager", PATHS)
def test_a_shim_whose_program_is_gone_proves_nothing(tmp_path: Path, manager: str):
    LAYOUTS[manager](tmp_path)
    for path in tmp_path.rglob("gemini"):
        if path.parent.name in ("bin", ".bin") and path.parent != tmp_path / ".volta/bin":
            path.unlink()
    for path in tmp_path.rglob("package.json"):
        path.unlink()
    assert agent(look(tmp_path), "gemini").identity == "name-only"


def test_the_version_is_that_of_the_chosen_node(tmp_path: Path):
    for number, version in (("20.1.0", "0.50.0"), ("22.1.0", "0.61.0")):
        npm_global(tmp_path / f".asdf/installs/nodejs/{number}", GEMINI, version, gemini=BUNDLE)
        program(tmp_path / f".asdf/installs/nodejs/{number}/bin/node")
    for name in ("gemini", "node"):
        asdf_shim(tmp_path / ".asdf", name, ("nodejs", "20.1.0"), ("nodejs", "22.1.0"))
    (tmp_path / ".tool-versions").write_text("nodejs 20.1.0\n")
    found = look(tmp_path, PATH=str(tmp_path / ".asdf/shims"))
    assert agent(found, "gemini").version == "0.50.0"
    assert found.node == "20.1.0"


def test_the_default_node_of_volta_has_its_version(tmp_path: Path):
    volta_node(tmp_path / ".volta", "22.1.0")
    assert look(tmp_path).node == "22.1.0"


@pytest.mark.parametrize(
    "prefix", ["miniconda3/envs/agents", ".pyenv/versions/3.12.1", ".asdf/installs/python/3.12.1", ".pixi/envs/vibe"]
)
def test_a_python_project_is_found_below(tmp_path: Path, prefix: str):
    site = python_prefix(tmp_path / prefix)
    project(site, "mistral-vibe", "3.0.2", "vibe-acp")
    found = agent(look(tmp_path), "mistral-vibe")
    assert (found.identity, found.version) == ("confirmed", "3.0.2")


def test_a_python_project_is_found_behind_shims(tmp_path: Path):
    for version in ("3.11.1", "3.12.1"):
        site = python_prefix(tmp_path / f"odd/versions/{version}")
        project(site, "mistral-vibe", f"3.0.{version[-3]}", "vibe-acp")
    rbenv_shim(tmp_path / "odd", "vibe-acp", "pyenv")
    (tmp_path / "odd/version").write_text("3.11.1\n")
    found = agent(look(tmp_path, PATH=str(tmp_path / "odd/shims")), "mistral-vibe")
    assert (found.identity, found.version, found.sources) == ("confirmed", "3.0.1", ("PATH",))


def test_a_program_behind_a_trampoline_of_pixi_is_found_once(tmp_path: Path):
    site = python_prefix(tmp_path / ".pixi/envs/vibe")
    project(site, "mistral-vibe", "3.0.2", "vibe-acp")
    pixi_trampoline(tmp_path / ".pixi", "vibe-acp", tmp_path / ".pixi/envs/vibe/bin/vibe-acp")
    found = agent(look(tmp_path, PATH=str(tmp_path / ".pixi/bin")), "mistral-vibe")
    assert (found.identity, found.version) == ("confirmed", "3.0.2")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".bashrc", 'export PATH="$HOME/odd tools/bin:$PATH"'),
        (".zshrc", 'path=("$HOME/odd tools/bin" $path)'),
        (".config/fish/conf.d/tools.fish", 'fish_add_path "$HOME/odd tools/bin"'),
    ],
)
def test_in_a_folder_that_only_a_start_file_of_the_shell_names(tmp_path: Path, file: str, text: str):
    node("odd tools")(tmp_path)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{text}\n")
    found = agent(look(tmp_path, SHELL="/bin/false"), "gemini")
    assert (found.identity, found.version, found.sources) == ("confirmed", VERSION, (f"~/{file}",))
