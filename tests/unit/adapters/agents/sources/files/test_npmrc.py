"""Tests which prefix and cache npm would use."""

from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.npmrc import with_npmrc


@pytest.mark.parametrize(
    ("line", "prefix"),
    [
        ("prefix=/opt/npm", "/opt/npm"), ('prefix = "~/tools"', "HOME/tools"), ("prefix=${HOME}/tools", "HOME/tools"),
        ("; prefix=/x", None), ("prefix=/opt/npm ; mine", "/opt/npm"), ("prefix = '/a b'", "/a b"), ("prefix=${TOOLS}/npm", "/t/npm"),
        ("prefix=${NONE?}/npm", "/npm"), ("prefix=${NONE}/npm", "${NONE}/npm"), ("[mine]\nprefix=/x", None), ("prefix=", None), ("//registry.npmjs.org/:_authToken=secret", None), ("prefix", None),
    ],
)  # fmt: skip
def test_npms_own_file_names_its_prefix(tmp_path: Path, line: str, prefix: str | None):
    (tmp_path / ".npmrc").write_text(f"//r/:_authToken=x\n{line}\n")
    variables = with_npmrc({"TOOLS": "/t"}, str(tmp_path))
    expected = prefix.replace("HOME", str(tmp_path)) if prefix else None
    assert variables == {"TOOLS": "/t", **({"NPM_CONFIG_PREFIX": expected} if expected else {})}


def test_a_variable_goes_before_npms_own_file(tmp_path: Path):
    (tmp_path / ".npmrc").write_text("prefix=/file\ncache=/cache\n")
    assert with_npmrc({"npm_config_prefix": "/v"}, str(tmp_path)) == {
        "npm_config_prefix": "/v",
        "NPM_CONFIG_CACHE": "/cache",
    }


def of(home: Path, **variables: str) -> str | None:
    return with_npmrc(variables, str(home)).get("NPM_CONFIG_PREFIX")


@pytest.mark.parametrize("name", ["NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "Npm_Config_UserConfig"])
def test_a_variable_names_another_file_of_the_users(tmp_path: Path, name: str):
    (tmp_path / ".npmrc").write_text("prefix=/usual\n")
    (tmp_path / "other").write_text("prefix=/other\n")
    assert of(tmp_path, **{name: str(tmp_path / "other")}) == "/other"
    assert of(tmp_path, **{name: "relative"}) is None


def test_a_file_of_the_working_folder_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/.npmrc").write_text("prefix=/project\n")
    monkeypatch.chdir(tmp_path / "project")
    assert of(tmp_path) is None
    assert of(tmp_path, NPM_CONFIG_USERCONFIG=".npmrc") is None
    assert of(tmp_path, NPM_CONFIG_GLOBALCONFIG=".npmrc", PREFIX="") is None


def test_the_prefix_of_the_global_file_is_below_the_users(tmp_path: Path):
    (tmp_path / "p/etc").mkdir(parents=True)
    (tmp_path / "p/etc/npmrc").write_text("prefix=/global\ncache=/cache\n")
    assert of(tmp_path, PREFIX=str(tmp_path / "p")) == "/global"
    assert of(tmp_path, NPM_CONFIG_GLOBALCONFIG=str(tmp_path / "p/etc/npmrc")) == "/global"
    (tmp_path / ".npmrc").write_text(f"globalconfig={tmp_path}/p/etc/npmrc\n")
    assert of(tmp_path) == "/global"
    (tmp_path / ".npmrc").write_text(f"prefix={tmp_path}/p\n")
    assert of(tmp_path) == f"{tmp_path}/p"
    assert with_npmrc({}, str(tmp_path))["NPM_CONFIG_CACHE"] == "/cache"


def test_another_programs_prefix_is_npms_too_and_the_weakest(tmp_path: Path):
    assert of(tmp_path, PREFIX="/termux") == "/termux"
    (tmp_path / ".npmrc").write_text("prefix=/file\n")
    assert of(tmp_path, PREFIX="/termux") == "/file"
    assert of(tmp_path, PREFIX="/termux", Npm_Config_Prefix="/odd") == "/odd"
