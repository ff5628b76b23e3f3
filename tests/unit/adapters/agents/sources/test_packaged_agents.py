"""Tests agents that are packages and no programs."""

import json
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.scan import Hit, SearchFolder
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.packaged_agents import (
    Wanted,
    npm_programs,
    python_programs,
    wanted_packages,
)
from modelport.adapters.agents.sources.packages.npx_cache import Modules
from modelport.domain.agents.observations import Program
from modelport.domain.agents.registry import RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.protocol.types import AgentOwner
from support.agent_homes import environment, npm_package, program, project

GEMINI = AgentRow(
    id="gemini", name="Gemini", command="gemini", packages=("npm:@google/gemini-cli",), checked="x", source="x"
)
DEEP = AgentRow(
    id="deepagents", name="Deep", module="deepagents_acp", packages=("pypi:deepagents-acp",), checked="x", source="x"
)
BOOK = AgentBook(agent=(GEMINI, DEEP))


def entry(id_: str, package: str | None) -> RegistryEntry:
    return RegistryEntry(id=id_, name=id_, version="1", package=package)


def test_what_is_found_already_is_not_looked_for():
    owner = AgentOwner(ecosystem="npm", package="@google/gemini-cli")
    good = Program(name="gemini", argv=("/x",), found_in="PATH", owner=owner)
    names = [one.name for one in wanted_packages(BOOK, (), [good])]
    assert names == ["deepagents"]
    for worse in (
        Program(name="gemini", argv=("/x",), found_in="PATH"),
        Program(name="gemini", argv=("/x",), found_in="PATH", owner=owner, refused="it is odd"),
        Program(name="gemini", argv=("/x",), found_in="PATH", owner=AgentOwner(ecosystem="pypi", package="gemini")),
        Program(name="other", argv=("/x",), found_in="PATH", owner=owner),
    ):
        assert [one.name for one in wanted_packages(BOOK, (), [worse])] == ["gemini", "deepagents"]


def test_of_the_registry_only_what_has_no_row_is_looked_for():
    entries = [
        entry("gemini", "npm:@google/gemini-cli"),
        entry("renamed", "npm:@google/gemini-cli"),
        entry("binary", None),
        entry("dirac", "npm:@dirac/cli"),
    ]
    assert wanted_packages(AgentBook(agent=(GEMINI,)), entries, [])[1:] == [
        Wanted("dirac", "npm:@dirac/cli", ("dirac", "cli"))
    ]


def npm(tmp_path: Path, *commands: str, node: str | None = None, platform: str = "linux") -> list[Program]:
    wanted = [Wanted("dirac", "npm:@dirac/cli", commands or ("dirac", "cli"))]
    modules = [Modules(str(tmp_path / "node_modules"), "~/node_modules")]
    return list(npm_programs(wanted, modules, node, Inspector(str(tmp_path), platform)))


def test_a_package_is_started_by_the_file_that_it_names(tmp_path: Path):
    root = npm_package(tmp_path / "node_modules", "@dirac/cli", "3.0.0", other="o.js", dirac="d.js")
    assert npm(tmp_path) == [
        Program(
            name="dirac",
            argv=(str(root / "d.js"),),
            found_in="~/node_modules",
            owner=AgentOwner(ecosystem="npm", package="@dirac/cli", version="3.0.0"),
        )
    ]


def test_the_only_program_of_a_package_is_it_whatever_its_name(tmp_path: Path):
    root = npm_package(tmp_path / "node_modules", "@dirac/cli", anything="d.js")
    assert [program.argv for program in npm(tmp_path)] == [(str(root / "d.js"),)]


def test_of_several_none_is_guessed(tmp_path: Path):
    npm_package(tmp_path / "node_modules", "@dirac/cli", one="1.js", two="2.js")
    assert npm(tmp_path) == []


@pytest.mark.parametrize("target", ["../../../x.js", "/bin/sh", "missing.js", "a\0b", "", "."])
def test_a_package_that_names_a_file_outside_of_it_is_not_followed(tmp_path: Path, target: str):
    program(tmp_path / "x.js")
    root = npm_package(tmp_path / "node_modules", "@dirac/cli")
    (root / "package.json").write_text(json.dumps({"name": "@dirac/cli", "bin": {"dirac": target}}))
    assert npm(tmp_path) == []


def test_a_file_that_cannot_be_started_alone_is_started_by_node(tmp_path: Path):
    root = npm_package(tmp_path / "node_modules", "@dirac/cli", dirac="d.js")
    node = str(program(tmp_path / "bin/node"))
    assert [one.argv for one in npm(tmp_path, node=node, platform="win32")] == [(node, str(root / "d.js"))]
    (root / "d.js").chmod(0o644)
    assert [one.argv for one in npm(tmp_path, node=node)] == [(node, str(root / "d.js"))]
    assert npm(tmp_path) == []
    (tmp_path / "bin").chmod(0o777)
    assert [one.refused for one in npm(tmp_path, node=node)] == ["~/bin can be written to by every user"]


def python(tmp_path: Path, *wanted: Wanted) -> list[Program]:
    path = str(tmp_path / "env/bin/python3")
    place = SearchFolder(str(tmp_path / "env/bin"), "~/env/bin")
    hits = [Hit("python3", path, place), Hit("python", path, place)]
    return list(python_programs(wanted, hits, Inspector(str(tmp_path), "linux")))


MODULE = Wanted("deepagents", "pypi:deepagents-acp", (), "deepagents_acp")


def test_a_module_is_run_by_the_python_of_its_environment(tmp_path: Path):
    project(environment(tmp_path / "env"), "deepagents-acp", "0.0.13")
    assert python(tmp_path, MODULE) == [
        Program(
            name="deepagents",
            argv=(f"{tmp_path}/env/bin/python3", "-m", "deepagents_acp"),
            found_in="~/env/bin",
            owner=AgentOwner(ecosystem="pypi", package="deepagents-acp", version="0.0.13"),
        )
    ]


def test_not_where_every_user_can_change_it(tmp_path: Path):
    site = environment(tmp_path / "env")
    project(site, "deepagents-acp", "0.0.13")
    site.chmod(0o777)
    (program,) = python(tmp_path, MODULE)
    assert program.refused == "~/env/lib/python3.12/site-packages can be written to by every user"


def test_and_not_where_it_is_not(tmp_path: Path):
    project(environment(tmp_path / "env"), "deepagents", "1.0")
    assert python(tmp_path, MODULE) == []


def test_a_python_package_of_the_registrys_is_started_by_its_script(tmp_path: Path):
    site = environment(tmp_path / "env")
    project(site, "fast-agent-mcp", "1.0", "fast-agent", "fast-agent-acp")
    found = python(tmp_path, Wanted("fast-agent", "pypi:fast-agent-mcp", ("fast-agent", "fast-agent-mcp")))
    assert [one.argv for one in found] == [(f"{tmp_path}/env/bin/fast-agent",)]
    assert python(tmp_path, Wanted("x", "pypi:fast-agent-mcp", ("x",))) == []
    (tmp_path / "env/bin/fast-agent").unlink()
    assert python(tmp_path, Wanted("fast-agent", "pypi:fast-agent-mcp", ("fast-agent",))) == []
