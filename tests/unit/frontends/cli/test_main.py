"""The ``modelport`` command as a whole: help, version, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from typing import Any

import click
import pytest

from modelport.frontends.cli.main import COMMANDS
from modelport.protocol.initialize import VERSION


def started(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **options}
    return subprocess.run([sys.executable, "-m", "modelport", *arguments], timeout=15, check=False, **options)


def test_help_lists_every_command(run: Any) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, (_, help_) in COMMANDS.items():
        assert f"  {name}" in result.stdout
        assert help_ in result.stdout
    assert run("-h").stdout == result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Any, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: modelport {name}" in result.stdout
    command = import_module(f"modelport.frontends.cli.{COMMANDS[name][0]}").command
    commands = [command, *command.commands.values()] if isinstance(command, click.Group) else [command]
    for one in commands:
        assert one.help
        silent = [option.name for option in one.params if isinstance(option, click.Option) and not option.help]
        assert silent == []


def test_every_listing_has_json(run: Any) -> None:
    for arguments in (
        ["providers"],
        ["discover"],
        ["usage"],
        ["doctor"],
        ["keys", "list"],
        ["keys", "set"],
        ["keys", "delete"],
        ["chat"],
    ):
        assert "--json" in run(*arguments, "--help").stdout


def test_no_command_at_all_is_wrong_usage_and_shows_the_help(run: Any) -> None:
    result = run()
    assert result.exit_code == 2
    assert "Usage: modelport" in result.output


def test_version(run: Any) -> None:
    assert run("--version").stdout == f"modelport, version {VERSION}\n"


@pytest.mark.parametrize("arguments", [["nothing"], ["--nothing"], ["chat", "--nothing"], ["keys", "nothing"]])
def test_wrong_usage_is_2(run: Any, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


# As a process.


def test_exit_codes() -> None:
    assert started("chat", "-m", "mock/mock", "hi").returncode == 0
    assert started("chat", "-m", "mock/mock:fail=network", "hi").returncode == 1
    failed = started("chat", "--nothing")
    assert failed.returncode == 2
    assert "Usage" in failed.stderr
    assert started("chat", "-m", "unlisted-model", "hi").returncode == 2


def test_a_reader_that_closes_the_pipe_early_is_no_error() -> None:
    process = subprocess.Popen([sys.executable, "-m", "modelport", "chat", "-m", "mock/mock:words=20000", "x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(10) == 1
    assert b"Traceback" not in errors


def test_interrupting_a_chat_keeps_what_was_said() -> None:
    import signal

    process = subprocess.Popen([sys.executable, "-m", "modelport", "chat", "-m", "mock/mock:stall=2", "one two"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stdout.read(9)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=10)
    assert (said + rest).startswith(b"You said:")
    assert process.returncode == 130
    assert b"stopped" in errors
    assert b"Traceback" not in errors


def test_output_that_is_not_utf_8_is_still_an_answer() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = started("chat", "-m", "mock/mock", "naïve 東京", env=env)
    assert done.returncode == 0
    assert "You said:" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_table_is_plain_and_whole_when_piped() -> None:
    done = started("providers", env={**os.environ, "COLUMNS": "20"})
    assert "\x1b" not in done.stdout
    assert "missing: set OPENAI_API_KEY" in done.stdout
