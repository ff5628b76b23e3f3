"""Tests where installers put programs."""

from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.install_folders import (
    NPX,
    ZED,
    folders,
    installers,
    registry_id,
    with_npmrc,
)


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
        ".config/yarn/global/node_modules/.bin", ".cargo/bin", "go/bin", ".local/share/uv/tools/mistral-vibe/bin",
        ".local/share/pipx/venvs/mistral-vibe/bin", ".local/pipx/venvs/mistral-vibe/bin",
        ".local/share/zed/external_agents/registry/goose/v_abc", ".local/share/zed/external_agents/codex/0.9.0",
        ".local/share/zed/external_agents/registry/cursor/v_abc/dist-package",
        ".local/share/zed/external_agents/gemini/0.2.1/node_modules/.bin",
        "Library/Application Support/Zed/external_agents/registry/goose/v_abc",
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
        ("npm_config_cache", "_npx/1/node_modules"),
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
    ("line", "prefix"),
    [
        ("prefix=/opt/npm", "/opt/npm"), ('prefix = "~/tools"', "HOME/tools"), ("prefix=${HOME}/tools", "HOME/tools"),
        ("; prefix=/x", None), ("//registry.npmjs.org/:_authToken=secret", None), ("prefix", None),
    ],
)  # fmt: skip
def test_npms_own_file_names_its_prefix(tmp_path: Path, line: str, prefix: str | None):
    (tmp_path / ".npmrc").write_text(f"//r/:_authToken=x\n{line}\n")
    variables = with_npmrc({"A": "b"}, str(tmp_path))
    expected = prefix.replace("HOME", str(tmp_path)) if prefix else None
    assert variables == {"A": "b", **({"NPM_CONFIG_PREFIX": expected} if expected else {})}


def test_a_variable_goes_before_npms_own_file(tmp_path: Path):
    (tmp_path / ".npmrc").write_text("prefix=/file\ncache=/cache\n")
    assert with_npmrc({"npm_config_prefix": "/v"}, str(tmp_path)) == {
        "npm_config_prefix": "/v",
        "NPM_CONFIG_CACHE": "/cache",
    }


@pytest.mark.parametrize(
    ("variable", "tail"),
    [
        ("APPDATA", "npm"), ("LOCALAPPDATA", "Programs/goose"), ("LOCALAPPDATA", "Programs/goose/bin"),
        ("LOCALAPPDATA", "Volta/bin"), ("LOCALAPPDATA", "pnpm"), ("APPDATA", "uv/tools/mistral-vibe/Scripts"),
        ("LOCALAPPDATA", "Zed/external_agents/registry/goose/v_1"), ("LOCALAPPDATA", "npm-cache/_npx/1/node_modules"),
        ("LOCALAPPDATA", "Microsoft/WinGet/Links"), ("NVM_HOME", "v22.1.0"), ("NVM_SYMLINK", ""), ("SCOOP", "shims"),
    ],
)  # fmt: skip
def test_windows_has_folders_of_its_own(tmp_path: Path, variable: str, tail: str):
    (tmp_path / "data" / tail).mkdir(parents=True)
    folder = f"~/data/{tail}" if tail else "~/data"
    assert folder not in found(tmp_path, "win32")
    assert folder in found(tmp_path, "win32", **{variable: str(tmp_path / "data")})


@pytest.mark.parametrize("folder", ["scoop/shims", "pipx/venvs/vibe/Scripts", ".local/bin"])
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
