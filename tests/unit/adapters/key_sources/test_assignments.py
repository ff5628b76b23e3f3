"""Assignments in .env files and start files of shells, as people write them; nothing is run."""

from __future__ import annotations

import time

import pytest

from modelport.adapters.key_sources.assignments import Assignment, dotenv, fish, last_values, shell

SHELL = {
    "export A_KEY=plain": [("A_KEY", "plain", True)],
    "export A_KEY='single $quoted'": [("A_KEY", "single $quoted", True)],
    'A_KEY="double \\"quoted\\""; export A_KEY': [("A_KEY", 'double "quoted"', True)],
    "declare -x A_KEY=x": [("A_KEY", "x", True)],
    "export A_KEY=x B_KEY=y  # both": [("A_KEY", "x", False), ("B_KEY", "y", False)],
    "if true; then export A_KEY=x; fi": [("A_KEY", "x", False)],
    "export A_KEY=ab#cd": [("A_KEY", "ab#cd", True)],
    "# export A_KEY=old": [],
    "echo hi # A_KEY=old": [],
    "export A_KEY=$(pass show a)": [("A_KEY", None, False)],
    "export A_KEY=`pass show a`": [("A_KEY", None, False)],
    'export A_KEY="$OTHER"': [("A_KEY", None, True)],
    "export A_KEY=${OTHER:-x}": [("A_KEY", None, True)],
    "export A_KEY=pre'mid'\"post\"": [("A_KEY", "premidpost", True)],
    "export 302AI_API_KEY=x": [("302AI_API_KEY", "x", True)],
    "alias run='A_KEY=x run'": [("run", "A_KEY=x run", False)],
    'export A_KEY="without an end': [("A_KEY", "", False)],
    "export A_KEY=x\r": [("A_KEY", "x", True)],
    "": [],
}
DOTENV = {
    "A_KEY=plain": [("A_KEY", "plain")],
    "export A_KEY = spaced out  # comment": [("A_KEY", "spaced out")],
    'A_KEY="quoted # no comment" # comment': [("A_KEY", "quoted # no comment")],
    "A_KEY='$literal'": [("A_KEY", "$literal")],
    "A_KEY=${OTHER}": [("A_KEY", None)],
    'A_KEY="$(run me)"': [("A_KEY", None)],
    'A_KEY="of several': [("A_KEY", None)],
    "A_KEY=a#b": [("A_KEY", "a#b")],
    "A_KEY=": [("A_KEY", "")],
    "#A_KEY=old": [],
    "words that mean nothing": [],
    "A_KEY=x\r": [("A_KEY", "x")],
}
FISH = {
    "set -gx A_KEY value": [("A_KEY", "value")],
    "set --export --global A_KEY 'quoted'": [("A_KEY", "quoted")],
    "set -Ux A_KEY x; and echo done": [],
    "set -gx PATH /a /b": [],
    "set -gx A_KEY (pass show a)": [],
    "set -gx A_KEY $OTHER": [("A_KEY", None)],
    "SETUVAR --export A_KEY:sk\\x2dabc": [("A_KEY", "sk-abc")],
    "SETUVAR A_LIST:a\\x1eb": [("A_LIST", None)],
    "# set -gx A_KEY old": [],
}


@pytest.mark.parametrize("line", SHELL)
def test_shells(line: str) -> None:
    assert [(one.name, one.value, one.is_whole_line) for one in shell(line)] == SHELL[line]


@pytest.mark.parametrize("line", DOTENV)
def test_dotenv(line: str) -> None:
    assert [(one.name, one.value) for one in dotenv(line)] == DOTENV[line]


@pytest.mark.parametrize("line", FISH)
def test_fish(line: str) -> None:
    assert [(one.name, one.value) for one in fish(line)] == FISH[line]


def test_the_last_assignment_counts_with_its_line() -> None:
    text = "A=1\nB=2\n\nA=3\nC=4\n"
    assert last_values(dotenv(text), {"A", "B"}) == [Assignment("B", "2", 2, True), Assignment("A", "3", 4, True)]


@pytest.mark.parametrize("line", ["A=" + " " * 19_000 + "#", "'\"" * 9_000, "A=" * 9_000, "\\" * 19_000, "(" * 19_000])
def test_a_line_that_is_made_to_take_long_does_not(line: str) -> None:
    began = time.process_time()
    for read in (shell, dotenv, fish):
        list(read("\n".join([line] * 20)))
    assert time.process_time() - began < 3
