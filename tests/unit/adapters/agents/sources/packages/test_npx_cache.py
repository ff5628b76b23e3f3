"""Tests what npx has cached and what is installed without a program on any path."""

import os
from pathlib import Path

from modelport.adapters.agents.sources.files.scan import SearchFolder, scan
from modelport.adapters.agents.sources.packages.npx_cache import (
    Modules,
    global_modules,
    installed,
    npx_folders,
    npx_modules,
)
from support.agent_homes import npm_global, npm_package


def test_programs_that_npx_has_cached_are_found_the_newest_first(tmp_path: Path):
    for hash_, version, age in (("aaa", "1.0.0", 1_000), ("bbb", "2.0.0", 3_000), ("ccc", "1.5.0", 2_000)):
        modules = tmp_path / ".npm/_npx" / hash_ / "node_modules"
        npm_package(modules, "@google/gemini-cli", version, gemini="dist/index.js")
        os.utime(modules, (age, age))
    hits = scan(npx_folders(npx_modules({}, str(tmp_path))), {"gemini"})
    assert [hit.path.split("/_npx/")[1][:3] for hit in hits] == ["bbb", "ccc", "aaa"]
    assert {hit.folder.label for hit in hits} == {"npx cache"}


def test_npms_variable_names_another_cache(tmp_path: Path):
    npm_package(tmp_path / "cache/_npx/a/node_modules", "droid", droid="cli.js")
    assert npx_modules({}, str(tmp_path)) == []
    (found,) = npx_modules({"npm_config_cache": str(tmp_path / "cache")}, str(tmp_path))
    assert found.folder.endswith("cache/_npx/a/node_modules")


def test_packages_lie_beside_the_programs_that_npm_links(tmp_path: Path):
    npm_global(tmp_path / "a", "droid", droid="cli.js")
    npm_global(tmp_path / "b", "droid", droid="cli.js")
    (tmp_path / ".bun/install/global/node_modules").mkdir(parents=True)
    folders = [
        SearchFolder(str(tmp_path / "a/bin"), "PATH"),
        SearchFolder(str(tmp_path / "b/bin"), "PATH", "refused"),
        SearchFolder(str(tmp_path / "a"), "PATH"),
    ]
    found = [modules for modules in global_modules(folders, {}, str(tmp_path)) if str(tmp_path) in modules.folder]
    assert [modules.label for modules in found] == ["~/a/lib/node_modules", "~/.bun/install/global/node_modules"]


def test_packages_are_found_by_name_with_their_scope(tmp_path: Path):
    for name in ("droid", "@google/gemini-cli", "@google/other", "gemini-cli", "pi-acp"):
        npm_package(tmp_path / "node_modules", name)
    modules = [Modules(str(tmp_path / "node_modules"), "here"), Modules(str(tmp_path / "missing"), "there")]
    wanted = {"droid", "@google/gemini-cli", "@qwen-code/qwen-code", "@cline/cli-*", "..", "../x", "@google/.."}
    assert sorted(installed(modules, wanted)) == [
        ("@google/gemini-cli", str(tmp_path / "node_modules/@google/gemini-cli"), "here"),
        ("droid", str(tmp_path / "node_modules/droid"), "here"),
    ]
