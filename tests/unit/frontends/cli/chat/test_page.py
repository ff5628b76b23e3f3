"""docs/command-line.md names every option of ``modelport chat`` and ``modelport logs``, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from modelport.frontends.cli.chat.command import command as chat
from modelport.frontends.cli.chat.logs import command as logs

PAGE = next(p for p in Path(__file__).parents if (p / "docs").is_dir()) / "docs" / "command-line.md"


def section(name: str) -> str:
    """The text below a heading of the page."""
    return PAGE.read_text(encoding="utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("heading", "command"), [("modelport chat", chat), ("modelport logs", logs)])
def test_the_page_has_each_option_in_a_table(heading: str, command: click.Command) -> None:
    cells = " ".join(line.split("|")[1] for line in section(heading).splitlines() if line.startswith("|"))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", cells))
    options = {flag for option in command.params for flag in option.opts if flag.startswith("--")}
    assert named == options - {"--option"}
