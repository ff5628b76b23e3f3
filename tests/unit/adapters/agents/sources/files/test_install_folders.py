"""Tests where installers put programs."""

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.install_folders import (
    NPX,
    ZED,
    Installer,
    folders,
    installers,
    registry_id,
)
from modelport.adapters.agents.sources.files.npmrc import with_npmrc


def found(home: Path, platform: str = "linux", **variables: str) -> list[str]:
    """The folders below home that exist, as ``~/…``."""
    every = folders((*installers(platform), ZED, *NPX), with_npmrc(variables, str(home)), str(home))
    return [folder.replace(str(home), "~") for folder in every if Path(folder).is_dir() and str(home) in folder]


@pytest.mark.parametrize(
    "folder",
    [
        ".local/bin", "bin", ".npm-global/bin", ".nvm/versions/node/v22.1.0/bin", ".config/nvm/versions/node/v20.0.0/bin",
        ".local/share/fnm/node-versions/v22.0.0/installation/bin", ".local/share/fnm/aliases/default/bin",
        ".volta/bin", ".volta/tools/image/packages/droid/bin", ".volta/tools/image/packages/@google/gemini-cli/bin",
        ".asdf/shims", ".asdf/installs/nodejs/22.1.0/bin", ".local/share/mise/shims",
        ".local/share/mise/installs/node/22.1.0/bin", ".local/share/mise/installs/npm-google-gemini-cli/0.61.0/bin",
        "n/bin", ".bun/bin", ".deno/bin", ".local/share/pnpm", ".local/share/pnpm/bin", "Library/pnpm", ".yarn/bin",
        ".config/yarn/global/node_modules/.bin", ".local/share/yarn/global/node_modules/.bin", ".cargo/bin", "go/bin", ".local/share/uv/tools/mistral-vibe/bin",
        ".local/share/pipx/venvs/mistral-vibe/bin", ".local/pipx/venvs/mistral-vibe/bin",
        ".local/share/zed/external_agents/registry/goose/v_abc", ".local/share/zed/external_agents/codex/0.9.0",
        ".local/share/zed/external_agents/registry/cursor/v_abc/dist-package",
        ".local/share/zed/external_agents/gemini/0.2.1/node_modules/.bin",
        "Library/Application Support/Zed/external_agents/registry/goose/v_abc",
        ".nodenv/shims", ".nodenv/versions/22.1.0/bin", ".anyenv/envs/nodenv/versions/22.1.0/bin", ".pyenv/shims",
        ".pyenv/versions/3.12.1/bin", ".nodebrew/current/bin", ".nodebrew/node/v22.1.0/bin", ".proto/bin", ".proto/shims",
        ".proto/tools/node/globals/bin", ".proto/tools/node/22.1.0/bin", ".local/share/proto/tools/node/globals/bin",
        ".nvs/default/bin", ".nvs/node/22.1.0/x64/bin", ".vfox/sdks/nodejs/bin", ".vfox/cache/nodejs/v-22.1.0/nodejs-22.1.0/bin",
        ".version-fox/cache/nodejs/v-22.1.0/nodejs-22.1.0/bin", ".asdf/installs/nodejs/22.1.0/.npm/bin",
        ".asdf/installs/python/3.12.1/bin", ".local/share/mise/installs/npm-google-gemini-cli/0.61.0/node_modules/.bin",
        ".local/share/mise/installs/pipx-mistral-vibe/3.0.2/bin", ".local/share/mise/installs/github-block-goose/1.9.0",
        ".local/share/rtx/installs/node/22.1.0/bin", ".npm-packages/bin", ".linuxbrew/bin", ".rye/shims", ".pixi/bin",
        ".pixi/envs/goose/bin", "miniconda3/bin", "miniconda3/envs/agents/bin", "anaconda3/envs/agents/bin", "miniforge3/bin",
        "mambaforge/envs/agents/bin", "micromamba/envs/agents/bin", ".local/share/mamba/envs/agents/bin",
        ".conda/envs/agents/bin", "opt/anaconda3/bin", ".nix-profile/bin", ".local/state/nix/profile/bin", ".guix-profile/bin",
        ".local/share/devbox/global/default/.devbox/nix/profile/default/bin", ".local/share/flatpak/exports/bin",
        "Library/Python/3.12/bin", "Library/Application Support/pipx/venvs/vibe/bin",
        ".npm/_npx/1a2b/node_modules", ".local/share/zed/node/cache/_npx/3c/node_modules",
        ".local/share/zed/node/node-v24.11.0-linux-x64/cache/_npx/3c/node_modules",
    ],
)  # fmt: skip
def test_a_folder_of_an_installer_is_known(tmp_path: Path, folder: str):
    (tmp_path / folder).mkdir(parents=True)
    assert f"~/{folder}" in found(tmp_path)


@pytest.mark.parametrize(
    ("variable", "tail"),
    [
        ("NPM_CONFIG_PREFIX", "bin"), ("npm_config_prefix", "bin"), ("NVM_DIR", "versions/node/v1.0.0/bin"),
        ("FNM_DIR", "aliases/default/bin"), ("VOLTA_HOME", "bin"), ("ASDF_DATA_DIR", "shims"), ("MISE_DATA_DIR", "shims"),
        ("N_PREFIX", "bin"), ("BUN_INSTALL", "bin"), ("DENO_INSTALL", "bin"), ("PNPM_HOME", ""), ("CARGO_HOME", "bin"),
        ("GOBIN", ""), ("GOPATH", "bin"), ("UV_TOOL_BIN_DIR", ""), ("UV_TOOL_DIR", "a/bin"), ("PIPX_HOME", "venvs/a/bin"),
        ("XDG_DATA_HOME", "uv/tools/a/bin"), ("XDG_DATA_HOME", "zed/external_agents/registry/goose/v_1"),
        ("npm_config_cache", "_npx/1/node_modules"), ("PREFIX", "bin"), ("Npm_Config_Prefix", "bin"), ("NODENV_ROOT", "shims"),
        ("NODEBREW_ROOT", "current/bin"), ("PROTO_HOME", "tools/node/globals/bin"), ("PYENV_ROOT", "shims"),
        ("NVS_HOME", "default/bin"), ("VFOX_HOME", "sdks/nodejs/bin"), ("MISE_INSTALLS_DIR", "npm-x/1.0.0/bin"),
        ("MISE_SHIMS_DIR", ""), ("BUN_INSTALL_BIN", ""), ("XDG_CACHE_HOME", ".bun/bin"), ("DENO_INSTALL_ROOT", "bin"),
        ("CARGO_INSTALL_ROOT", "bin"), ("HOMEBREW_PREFIX", "bin"), ("PIPX_BIN_DIR", ""), ("XDG_BIN_HOME", ""),
        ("RYE_HOME", "shims"), ("PYTHONUSERBASE", "bin"), ("PIXI_HOME", "envs/a/bin"), ("CONDA_PREFIX", "bin"),
        ("MAMBA_ROOT_PREFIX", "envs/a/bin"), ("CONDA_ENVS_PATH", "a/bin"), ("CONDA_ENVS_DIRS", "a/bin"),
        ("XDG_STATE_HOME", "nix/profile/bin"), ("NIX_PROFILES", "bin"), ("XDG_CONFIG_HOME", "yarn/global/node_modules/.bin"),
    ],
)  # fmt: skip
def test_a_variable_names_another(tmp_path: Path, variable: str, tail: str):
    (tmp_path / "elsewhere" / tail).mkdir(parents=True)
    folder = f"~/elsewhere/{tail}" if tail else "~/elsewhere"
    assert folder not in found(tmp_path)
    assert folder in found(tmp_path, **{variable: str(tmp_path / "elsewhere")})


def test_a_variable_that_names_a_relative_folder_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "project/bin").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    variables = {"CARGO_HOME": "project", "XDG_DATA_HOME": "project", "NPM_CONFIG_PREFIX": "./project"}
    assert all(Path(f).is_absolute() for f in folders(installers("linux"), variables, str(tmp_path)))


def test_some_variables_name_several(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name / "bin").mkdir(parents=True)
    assert {"~/a/bin", "~/b/bin"} <= set(found(tmp_path, GOPATH=f"{tmp_path}/a{os.pathsep}rel{os.pathsep}{tmp_path}/b"))
    assert {"~/a/bin", "~/b/bin"} <= set(found(tmp_path, NIX_PROFILES=f"{tmp_path}/a {tmp_path}/b"))


@pytest.mark.parametrize(("user", "there"), [("me", True), ("", False), ("..", False), (".", False), ("../me", False)])
def test_a_folder_of_each_user_is_that_of_this_one(tmp_path: Path, user: str, there: bool):
    for name in ("me", "you"):
        (tmp_path / "per-user" / name / "bin").mkdir(parents=True)
    row = Installer((), (f"{tmp_path}/per-user/$USER",), ("bin",))
    assert list(folders((row,), {"USER": user}, "/nonexistent")) == [f"{tmp_path}/per-user/me/bin"] * there


@pytest.mark.parametrize(
    "start",
    [
        "/etc/profiles/per-user/$USER", "/nix/var/nix/profiles/default", "/run/current-system/sw", "/opt/homebrew", "/snap",
        "/var/lib/snapd/snap", "/var/lib/flatpak/exports", "/opt/local", "/opt/conda", "/opt/miniconda3",
    ],
)  # fmt: skip
def test_some_are_the_whole_machines(start: str):
    assert [tails for _, starts, tails, _ in installers("linux") if start in starts for tail in tails if tail == "bin"]


def test_the_newest_version_comes_first(tmp_path: Path):
    for version in ("v9.11.2", "v22.9.0", "v22.10.0", "v22.10.0-rc.1", "system", "²"):
        (tmp_path / f".nvm/versions/node/{version}/bin").mkdir(parents=True)
    versions = [Path(folder).parent.name for folder in found(tmp_path) if ".nvm" in folder]
    assert versions.index("v22.10.0") < versions.index("v22.9.0") < versions.index("v9.11.2")
    assert len(versions) == 6


def test_of_a_huge_folder_only_some_names_are_followed(tmp_path: Path):
    for number in range(400):
        (tmp_path / f".local/share/uv/tools/tool{number}/bin").mkdir(parents=True)
    assert len(found(tmp_path)) == 300


@pytest.mark.parametrize(
    ("variable", "tail"),
    [
        ("APPDATA", "npm"), ("LOCALAPPDATA", "Programs/goose"), ("LOCALAPPDATA", "Programs/goose/bin"),
        ("LOCALAPPDATA", "Volta/bin"), ("LOCALAPPDATA", "pnpm"), ("APPDATA", "uv/tools/mistral-vibe/Scripts"),
        ("LOCALAPPDATA", "Zed/external_agents/registry/goose/v_1"), ("LOCALAPPDATA", "npm-cache/_npx/1/node_modules"),
        ("LOCALAPPDATA", "Microsoft/WinGet/Links"), ("LOCALAPPDATA", "Microsoft/WinGet/Packages/Block.goose_1"),
        ("ProgramFiles", "WinGet/Links"), ("ProgramFiles", "nodejs"), ("ProgramData", "scoop/shims"), ("SCOOP_GLOBAL", "shims"),
        ("SCOOP", "apps/nodejs/current/bin"), ("LOCALAPPDATA", "Volta/tools/image/packages/@google/gemini-cli"),
        ("LOCALAPPDATA", "mise/shims"), ("LOCALAPPDATA", "mise/installs/npm-google-gemini-cli/0.61.0"),
        ("LOCALAPPDATA", "nvs/default"), ("APPDATA", "Python/Python312/Scripts"), ("PYENV", "versions/3.12.1/Scripts"),
        ("LOCALAPPDATA", "Programs/Python/Python312/Scripts"), ("CONDA_PREFIX", "Scripts"), ("GOBIN", ""),
        ("MAMBA_ROOT_PREFIX", "envs/a/Scripts"), ("UV_TOOL_BIN_DIR", ""), ("PIPX_BIN_DIR", ""), ("PREFIX", ""),
        ("LOCALAPPDATA", "Yarn/Data/global/node_modules/.bin"), ("NVM_HOME", "v22.1.0"), ("NVM_SYMLINK", ""), ("SCOOP", "shims"),
    ],
)  # fmt: skip
def test_windows_has_folders_of_its_own(tmp_path: Path, variable: str, tail: str):
    (tmp_path / "data" / tail).mkdir(parents=True)
    folder = f"~/data/{tail}" if tail else "~/data"
    assert folder not in found(tmp_path, "win32")
    assert folder in found(tmp_path, "win32", **{variable: str(tmp_path / "data")})


@pytest.mark.parametrize(
    "folder",
    ["scoop/shims", "pipx/venvs/vibe/Scripts", ".local/bin", ".proto/shims", "miniconda3/envs/a/Scripts", ".rye/shims"],
)
def test_and_some_in_the_users_own(tmp_path: Path, folder: str):
    (tmp_path / folder).mkdir(parents=True)
    assert f"~/{folder}" in found(tmp_path, "win32")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/h/.local/share/zed/external_agents/registry/goose/v_1/goose", "goose"),
        ("/h/.local/share/zed/external_agents/registry/goose/other/goose", None),
        ("/h/.local/share/zed/external_agents/goose/1.0/goose", None),
        ("/usr/bin/goose", None),
    ],
)
def test_what_zed_has_unpacked_has_the_registrys_id(path: str, expected: str | None):
    assert registry_id(path) == expected
