"""Tests which Node is here, without running it."""

import os
import subprocess
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.packages.node import node_identity, node_version
from support import programs
from support.agent_homes import program, volta_node

HEADER = """
#ifndef SRC_NODE_VERSION_H_
#define SRC_NODE_VERSION_H_
#define NODE_MAJOR_VERSION 20
#define NODE_MINOR_VERSION 19
#define NODE_PATCH_VERSION 5
#define NODE_VERSION_IS_LTS 1
"""


def test_the_node_of_this_machine_prints_the_version_that_was_found():
    node = str(programs.node())
    version = node_version(node)
    if version is None:
        pytest.skip("no file beside this Node has its version")
    assert (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip() == f"v{version}"
    )


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        (".nvm/versions/node/v22.19.0/bin", "22.19.0"),
        (".local/share/fnm/node-versions/v20.1.2/installation/bin", "20.1.2"),
        (".asdf/installs/nodejs/18.0.0/bin", "18.0.0"),
        ("Cellar/node/24.1.0/bin", "24.1.0"),
        (".local/share/zed/node/node-v24.11.0-linux-x64/bin", "24.11.0"),
        ("nvm/v22.1.0", "22.1.0"),
        ("bin", None),
        ("v22/bin", None),
        ("v22.1.x/bin", None),
    ],
)
def test_by_its_folder(tmp_path: Path, folder: str, version: str | None):
    assert node_version(str(program(tmp_path / folder / "node"))) == version


def test_through_a_link(tmp_path: Path):
    program(tmp_path / ".nvm/versions/node/v22.19.0/bin/node")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/node").symlink_to("../.nvm/versions/node/v22.19.0/bin/node")
    assert node_version(str(tmp_path / "bin/node")) == "22.19.0"


def test_by_its_header(tmp_path: Path):
    node = program(tmp_path / "usr/bin/node")
    header = tmp_path / "usr/include/node/node_version.h"
    header.parent.mkdir(parents=True)
    header.write_text(HEADER)
    assert node_version(str(node)) == "20.19.5"
    header.write_text("#define NODE_MAJOR_VERSION 20\n")
    assert node_version(str(node)) is None


def test_by_npms_package_of_it(tmp_path: Path):
    node = program(tmp_path / "node_modules/node/bin/node")
    (tmp_path / "node_modules/node/package.json").write_text('{"name": "node", "version": "22.20.1"}')
    assert node_version(str(node)) == "22.20.1"


def test_the_identity_changes_with_the_version_that_a_manager_starts(tmp_path: Path):
    path = {"PATH": f"{tmp_path}/.volta/bin", "HOME": str(tmp_path)}
    seen: list[str] = []
    for version in ("20.1.0", "22.1.0"):
        volta_node(tmp_path / ".volta", version)
        seen.append(node_identity(path).partition(" ")[0])
    assert [Path(one).parts[-3] for one in seen] == ["20.1.0", "22.1.0"]


def test_the_identity_changes_with_the_file_and_with_nothing_else(tmp_path: Path):
    node = program(tmp_path / "real/node")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/node").symlink_to("../real/node")
    path = {"PATH": f".:{tmp_path}/missing:{tmp_path}/bin:{tmp_path}/real"}
    first = node_identity(path)
    assert first.startswith(str(node))
    assert node_identity({**path, "OTHER": "x"}) == first
    os.utime(node, ns=(1, 1))
    second = node_identity(path)
    assert second != first
    node.write_text("longer than it was")
    os.utime(node, ns=(1, 1))
    assert node_identity(path) not in (first, second)


def test_without_a_node_it_is_empty(tmp_path: Path):
    assert node_identity({"PATH": str(tmp_path)}) == ""
    assert node_identity({}) == ""


def test_on_windows_it_has_an_ending(tmp_path: Path):
    node = program(tmp_path / "node.exe")
    assert node_identity({"PATH": f"C:\\x;{tmp_path}"}, "win32").startswith(str(node))
