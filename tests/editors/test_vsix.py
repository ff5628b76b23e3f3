"""The package of the extension for VS Code, as ``make vsix`` builds it: its content, and that it needs nothing else."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pytest

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "": {"package.json", "package.nls.json", "readme.md", "changelog.md", "LICENSE.txt"},
    "dist": {"extension.js", "languageclient.js", "usage.js", "usage.css", "NOTICES.txt"},
    "l10n": {"bundle.l10n.json"},
}


@pytest.fixture(scope="module")
def package() -> Iterator[zipfile.ZipFile]:
    subprocess.run(["make", "vsix"], cwd=ROOT, check=True, capture_output=True, timeout=280)
    with zipfile.ZipFile(ROOT / "dist" / "modelport-0.1.0.vsix") as archive:
        yield archive


def names(package: zipfile.ZipFile, folder: str) -> set[str]:
    inside = [
        PurePosixPath(name).relative_to("extension") for name in package.namelist() if name.startswith("extension/")
    ]
    return {path.name for path in inside if str(path.parent) == (folder or ".")}


def test_nothing_but_what_runs_is_inside(package: zipfile.ZipFile) -> None:
    for folder, files in KINDS.items():
        assert names(package, folder) == files
    outside = [name for name in package.namelist() if not name.startswith("extension/")]
    assert sorted(outside) == ["[Content_Types].xml", "extension.vsixmanifest"]
    folders = {str(PurePosixPath(name).parent) for name in package.namelist() if name.startswith("extension/")}
    allowed = {
        "extension",
        *(f"extension/{name}" for name in ("bundled", "dist", "l10n", "media", "media/walkthrough")),
    }
    assert folders == allowed
    assert not [name for name in package.namelist() if name.endswith((".ts", ".map", ".mjs", ".env"))]


def test_the_server_is_inside_with_its_licence(package: zipfile.ZipFile) -> None:
    (name,) = names(package, "bundled")
    assert name == "modelport-0.1.0-py3-none-any.whl"
    with package.open(f"extension/bundled/{name}") as file, zipfile.ZipFile(file) as wheel:
        inside = wheel.namelist()
    assert "modelport/__main__.py" in inside
    assert "modelport/data/providers.json" in inside
    assert not [name for name in inside if name.endswith(".toml")]
    assert "modelport-0.1.0.dist-info/licenses/LICENSE" in inside


def test_everything_the_manifest_names_is_inside(package: zipfile.ZipFile) -> None:
    manifest = package.read("extension/package.json").decode()
    about = json.loads(manifest)
    words = json.loads(package.read("extension/package.nls.json"))
    inside = {name.removeprefix("extension/") for name in package.namelist()}
    assert about["main"].removeprefix("./") in inside | {about["main"].removeprefix("./") + ".js"}
    assert about["icon"] in inside
    named = {
        word.strip("%") for word in manifest.replace('"', " ").split() if word.startswith("%") and word.endswith("%")
    }
    assert named
    assert named <= words.keys()
    assert words.keys() <= named
    for step in [step for walk in about["contributes"]["walkthroughs"] for step in walk["steps"]]:
        assert step["media"]["svg"] in inside


def test_the_icon_has_the_required_size(package: zipfile.ZipFile) -> None:
    picture = package.read("extension/media/icon.png")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert [int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)] == [256, 256]


def test_the_bundle_needs_only_the_editor_and_node(package: zipfile.ZipFile, tmp_path: Path) -> None:
    for name in ("extension", "languageclient"):
        package.extract(f"extension/dist/{name}.js", tmp_path)
    script = """
      const { builtinModules, Module } = require("node:module");
      const load = Module._load, asked = new Set();
      let times = 0;
      const editor = () => new Proxy(class {}, { get: (own, name) => name in own ? own[name] : editor() });
      Module._load = (name, ...others) => {
        asked.add(name.replace(/^node:/, ""));
        times += name === "vscode";
        return name === "vscode" ? editor() : load(name, ...others);
      };
      const [main, client] = process.argv.slice(1);
      const extension = require(main);
      // The language client is to be loaded with the first start of the server.
      const early = asked.has("./languageclient.js");
      // Each further time would copy the editor's whole interface, before the extension is active.
      const editors = times;
      require(client);
      const foreign = [...asked].filter((name) => !builtinModules.includes(name) && name !== main && name !== client);
      console.log(JSON.stringify({ foreign, early, editors, exports: Object.keys(extension) }));
    """
    dist = tmp_path / "extension" / "dist"
    files = [str(dist / "extension.js"), str(dist / "languageclient.js")]
    said = subprocess.run(["node", "-e", script, *files], check=True, capture_output=True, text=True, timeout=30)
    assert json.loads(said.stdout) == {"foreign": ["vscode"], "early": False, "editors": 1, "exports": ["activate"]}


def test_the_page_shows_pictures_and_links_outside_of_the_repository(package: zipfile.ZipFile) -> None:
    page = package.read("extension/readme.md").decode()
    targets = [part.split(")", 1)[0] for part in page.split("](")[1:]]
    assert targets
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_the_manifest_has_what_the_marketplace_requires(package: zipfile.ZipFile) -> None:
    manifest = ET.fromstring(package.read("extension.vsixmanifest"))
    space = {"v": "http://schemas.microsoft.com/developer/vsx-schema/2011"}
    kinds = {asset.get("Type", "").rsplit(".", 1)[-1] for asset in manifest.iterfind(".//v:Asset", space)}
    assert {"Manifest", "Details", "Changelog", "License", "Default"} <= kinds
    tags = manifest.findtext(".//v:Tags", "", space)
    assert {"byok", "ollama"} <= set(tags.split(","))
    notices = package.read("extension/dist/NOTICES.txt").decode()
    assert "vscode-languageclient 11.0.0 (MIT)" in notices
