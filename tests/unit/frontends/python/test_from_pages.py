"""The pairs of docs/from: what stands on the right runs, and a file on the left becomes the file on the right."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click.testing
import pytest

import modelport
from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.registry_builder import build_registry
from modelport.domain.providers.rows import Provider
from modelport.frontends.cli.main import modelport as command_line
from support.http_server import LocalServer
from support.opencode import FakeOpenCode
from support.page_examples import expected_output, words
from support.reference_systems import PHOTO, VARIABLES, answer_all
from support.shipped import shipped_registry

ROOT = Path(__file__).resolve().parents[4]
PAGES = sorted((ROOT / "docs" / "from").glob("*.md"))
ROW = re.compile(r"<tr><td>\n\n(.*?)\n\n</td><td>\n\n(.*?)\n\n</td></tr>", re.S)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAMES = {"toml": "skynet.toml", "json": "providers.json"}
"""The names of the files on the left, by their languages."""
SHIPPED = shipped_registry()


class Block(NamedTuple):
    language: str
    text: str


class Pair(NamedTuple):
    place: str
    theirs: tuple[Block, ...]
    ours: tuple[Block, ...]


def blocks(cell: str) -> tuple[Block, ...]:
    return tuple(Block(found[1], found[2]) for found in FENCE.finditer(cell))


def pairs(page: Path) -> Iterator[Pair]:
    text = page.read_text(encoding="utf-8")
    for found in ROW.finditer(text):
        line = text[: found.start()].count("\n") + 1
        yield Pair(f"{page.name}:{line}", blocks(found[1] + "\n"), blocks(found[2] + "\n"))


def their_file(block: Block) -> tuple[str, str] | None:
    """The suffix and the text of a file on the left; what ``create_provider`` is given is the router's file too."""
    if block.language in ("toml", "json"):
        return block.language, block.text
    if "create_provider(" not in block.text:
        return None
    calls = [node.args for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call)]
    return "json", json.dumps({ast.literal_eval(name): ast.literal_eval(settings) for name, settings in calls})


PAIRS = [pair for page in PAGES for pair in pairs(page)]
FILES = [pair for pair in PAIRS if pair.ours[0].language == "toml" and their_file(pair.theirs[0])]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: None, entries: Path) -> Iterator[LocalServer]:
    """Servers for all addresses of the pages, the keys that they assume, and a folder with their files."""
    with LocalServer(answer_all) as running:
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value.replace("URL", running.url))
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "photo.jpg").write_bytes(PHOTO)
        monkeypatch.chdir(folder)
        yield running


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged; the levels that an example sets are forgotten behind it."""
    yield caplog
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("modelport"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def run_python(text: str, place: str) -> None:
    with modelport.SyncClient() as client:
        exec(compile(text, place, "exec", dont_inherit=True), {"modelport": modelport, "client": client})


def run_commands(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in text.splitlines():
        name, *arguments = shlex.split(line, comments=True)
        if name == "export":
            monkeypatch.setenv(*arguments[0].split("=", 1))
            continue
        assert name == "modelport"
        result = click.testing.CliRunner().invoke(command_line, arguments, input="sk-ant-0123456789abcdef\n")
        assert (result.exit_code, result.exception) == (0, None), result.output
        print(result.output)


def check_file(text: str, folder: Path) -> None:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    read = LocalConfigurationFile(folder).read()
    # The folders of the examples are nowhere here.
    assert [problem for problem in read.problems if problem.key != "local_models.folder"] == []
    assert read.configuration is not None
    registry, findings = build_registry(read.configuration, SHIPPED.all())
    assert findings == []
    assert all(registry.find(name) for name in read.configuration.document.providers)


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.place for pair in PAIRS])
def test_the_right_side_runs(
    pair: Pair,
    system: LocalServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    logs: pytest.LogCaptureFixture,
) -> None:
    theirs = pair.theirs[0]
    if theirs.language in NAMES:
        Path(NAMES[theirs.language]).write_text(theirs.text, encoding="utf-8")
    for block in pair.ours:
        text = block.text.replace("localhost:11434", f"127.0.0.1:{system.port}")
        if text != block.text:
            # The address of the example counts, not the environment's.
            monkeypatch.delenv("OLLAMA_HOST", raising=False)
        if "opencode-local" in text:
            if os.name == "nt":
                pytest.skip("the fake program is a script of the shell")
            # The service itself is not to be called, and its program is here.
            monkeypatch.delenv("OPENCODE_API_BASE")
            for name, value in FakeOpenCode(tmp_path / "installed").environment().items():
                monkeypatch.setenv(name, value)
        match block.language:
            case "python":
                run_python(text, pair.place)
                assert words(capsys.readouterr().out) == words(expected_output(text))
                logged = {record.name for record in logs.records}
                assert set(re.findall(r'getLogger\("([\w.]+)"\)', text)) <= logged
            case "sh":
                run_commands(text, monkeypatch)
                assert capsys.readouterr().out
            case _:
                check_file(block.text, tmp_path)


def without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """A document without the tables of providers in which nothing is set."""
    providers = {name: table for name, table in document.get("providers", {}).items() if table}
    return {**{name: value for name, value in document.items() if name != "providers"}, "providers": providers}


@pytest.mark.parametrize("pair", FILES, ids=[pair.place for pair in FILES])
def test_a_file_on_the_left_is_imported_as_the_one_on_the_right(pair: Pair, tmp_path: Path, entries: Path) -> None:
    suffix, text = their_file(pair.theirs[0]) or ("", "")
    document = tmp_path / f"theirs.{suffix}"
    document.write_text(text, encoding="utf-8")
    result = click.testing.CliRunner().invoke(command_line, ["config", "import", "--print", str(document)])
    assert result.exit_code == 0, result.output
    assert without_empty(tomllib.loads(result.stdout)) == without_empty(tomllib.loads(pair.ours[0].text))


def registry_of(folder: Path, name: str, text: str) -> tuple[str | None, LocalModelsEntry | None, list[Provider]]:
    """The default model, the model files and the providers that a file makes."""
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    read = LocalConfigurationFile(folder).read()
    assert [problem for problem in read.problems if problem.level == "error"] == []
    assert read.configuration is not None
    registry, findings = build_registry(read.configuration, SHIPPED.all())
    assert findings == []
    document = read.configuration.document
    return document.default_model, document.local_models, list(registry.all())


@pytest.mark.parametrize("pair", FILES, ids=[pair.place for pair in FILES])
def test_a_file_on_the_left_is_read_as_the_one_on_the_right(pair: Pair, tmp_path: Path) -> None:
    suffix, text = their_file(pair.theirs[0]) or ("", "")
    theirs = registry_of(tmp_path / "theirs", {"toml": "skynet.toml", "json": "config.json"}[suffix], text)
    assert theirs == registry_of(tmp_path / "ours", "config.toml", pair.ours[0].text)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_has_its_code_in_pairs_and_a_line_on_the_right_for_what_it_prints(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = list(pairs(page))
    assert len(found) >= 5
    assert len(FENCE.findall(text)) == text.count("```") / 2 == sum(len(one.theirs) + len(one.ours) for one in found)
    assert all(one.theirs and one.ours for one in found)
    assert text.count("<table>") == text.count("\n### ")
    silent = [one.place for one in found for block in one.ours if "print(" in block.text and ")  # " not in block.text]
    assert silent == []


def test_every_system_has_its_page_and_the_guides_link_to_it() -> None:
    assert [page.stem for page in PAGES] == ["ai-router", "rlm-code", "smartopol", "theory"]
    for name in ("README.md", "docs/python.md"):
        guide = (ROOT / name).read_text(encoding="utf-8")
        assert [page.name for page in PAGES if f"from/{page.name}" not in guide] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_contains_json_that_is_json(page: Path) -> None:
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        if found[1] == "json":
            json.loads(found[2])
