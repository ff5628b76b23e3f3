"""The documents for developers name files and names that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "server" / "modelport"
SOURCES = ("server/modelport", "client-vscode/src", "protocol")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*/-]+(/|\.(py|toml|json|md|ts|sql))")
NAME = re.compile(r"_?[A-Za-z]\w*")
TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where to change what")[2]
ROWS = [line for line in TABLE.partition("\n## ")[0].splitlines() if line.startswith("| a")]


def located(path: str) -> Path | None:
    """A path of the table: from the package or from the top."""
    return next((root / path for root in (PACKAGE, ROOT) if (root / path).exists()), None)


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_of_the_table_names_what_is_there(row: str) -> None:
    words = [word for word in QUOTED.findall(row) if not word.startswith("make ")]
    paths = [word for word in words if PATH.fullmatch(word)]
    assert [path for path in paths if located(path) is None] == [], "there is no such file"
    places = [place for place in map(located, paths) if place is not None]
    # A field of a row stands in the type that reads it.
    places.append(PACKAGE / "domain" / "providers" / "rows.py")
    files = [file for place in places for file in (place.glob("*.py") if place.is_dir() else [place])]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = [word for word in words if NAME.fullmatch(word)]
    missing = [name for name in names if not re.search(rf"\b{name}\b", text)]
    assert missing == [], "no file of the row has such a name"
    assert {*paths, *names} == set(words)


def test_the_architecture_names_files_that_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = sorted({word for word in QUOTED.findall(text) if PATH.fullmatch(word)})
    assert len(named) >= 20
    every = [path for source in SOURCES for path in (ROOT / source).rglob("*") if path.name != "__pycache__"]
    ends = {f"/{path.as_posix()}{'/' * path.is_dir()}" for path in every}
    missing = [name for name in named if not located(name) and not any(end.endswith("/" + name) for end in ends)]
    assert missing == []


def test_the_list_of_decisions_is_that_of_the_folder() -> None:
    folder = ROOT / "docs" / "adr"
    text = (folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((\d{4})-(.+)\.md\)$", text, re.MULTILINE)
    assert [f"{number}-{name}.md" for _, _, number, name in listed] == sorted(
        path.name for path in folder.glob("0*.md")
    )
    for place, title, number, name in listed:
        first = (folder / f"{number}-{name}.md").read_text(encoding="utf-8").splitlines()[0]
        assert (int(place), first) == (int(number), f"# {place}. {title}")
