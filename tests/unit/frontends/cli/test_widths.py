"""Every table of every command at several widths: no word is broken, and none is lost."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from modelport.frontends.cli.output import printing
from modelport.frontends.cli.output.tables import columns
from support.terminals import on_terminal

WIDTHS = [30, 40, 80, 200]
COMMANDS = [
    ["providers"],
    ["models", "claude", "--limit", "20"],
    ["usage"],
    ["usage", "--history", "5"],
    ["keys", "list"],
    ["doctor"],
    ["logs"],
    ["config", "check"],
]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has terminals of another kind")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_each_word_is_whole(run: Any, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_canary-0123456789abcdef")
    assert run("chat", "-m", "mock/mock:words=2,delay=0", "hi").exit_code == 0
    piped = run(*arguments)
    for width in WIDTHS:
        monkeypatch.setattr(printing, "width", lambda _, width=width: width)
        shown = run(*arguments)
        assert (shown.exit_code, shown.stderr) == (piped.exit_code, piped.stderr)
        rows = piped.stdout.splitlines()[0 if arguments[0] == "config" else 1 :]
        assert set(" ".join(rows).split()) <= set(shown.stdout.split())
        if arguments[0] != "config":
            assert all(columns(line) <= width or len(line.split()) == 1 for line in shown.stdout.splitlines())


def of_python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "modelport", *arguments]


@posix
@pytest.mark.parametrize(
    ("arguments", "size", "variables", "width"),
    [
        (["doctor"], 40, {}, 40),
        (["doctor"], 200, {"COLUMNS": "30"}, 30),
        (["discover-agents", "--all"], 40, {}, 40),
        (["discover-agents", "--all"], 0, {}, 80),
    ],
)
def test_the_width_is_the_terminals_or_what_columns_says(
    arguments: list[str], size: int, variables: dict[str, str], width: int
) -> None:
    _, output = on_terminal(of_python(*arguments), size, variables)
    lines = re.sub(r"\x1b\[\d+m", "", output).splitlines()
    assert "Traceback" not in output
    assert all(columns(line) <= width or len(line.split()) == 1 for line in lines)
    assert any(columns(line) > width - 12 for line in lines)


@posix
@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
@pytest.mark.parametrize("arguments", [["doctor"], ["discover-agents", "--all"], ["pull", "mock/x"], ["chat", "-m", "mock/mock:think", "hi"]])  # fmt: skip
def test_no_escape_reaches_a_terminal_that_takes_none(arguments: list[str], variables: dict[str, str]) -> None:
    assert "\x1b[" not in on_terminal(of_python(*arguments), 80, variables)[1]


@posix
def test_colours_reach_a_terminal_that_takes_them() -> None:
    assert "\x1b[1mCHECK\x1b[0m" in on_terminal(of_python("doctor"), 80)[1]
    assert "\x1b[1m" in on_terminal(of_python("doctor"), 80, {"NO_COLOR": ""})[1]
