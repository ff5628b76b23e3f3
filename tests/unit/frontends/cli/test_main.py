"""The ``modelport`` command as a whole: help, version, exit codes."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from importlib import import_module
from typing import Any

import click
import pytest

from modelport.__main__ import main
from modelport.frontends.cli.main import COMMANDS
from modelport.protocol.initialize import VERSION
from support.http_server import LocalServer
from support.sse import streamed


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
        ["logs"],
    ):
        assert "--json" in run(*arguments, "--help").stdout


def test_no_command_at_all_is_wrong_usage_and_shows_the_help(run: Any) -> None:
    result = run()
    assert result.exit_code == 2
    assert "Usage: modelport" in result.output


def test_version(run: Any) -> None:
    assert run("--version").stdout == f"modelport, version {VERSION}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "No such command 'nothing': see modelport --help."),
        (["chatt"], "No such command 'chatt' (did you mean chat?): see modelport --help."),
        (["--nothing"], "No such option '--nothing': see modelport --help."),
        (["chat", "--zzz"], "No such option '--zzz': see modelport chat --help."),
        (["models", "--limti", "3"], "No such option '--limti' (did you mean --limit?): see modelport models --help."),
        (["keys", "nothing"], "No such command 'nothing': see modelport keys --help."),
        (["keys", "delet", "groq"], "No such command 'delet' (did you mean delete?): see modelport keys --help."),
        (["config", "chek"], "No such command 'chek' (did you mean check or schema?): see modelport config --help."),
        (["keys", "set"], "Missing argument 'PROVIDER': see modelport keys set --help."),
        (["pull"], "Missing argument 'MODEL': see modelport pull --help."),
        (["keys", "list", "more"], "Got unexpected extra argument (more): see modelport keys list --help."),
        (["serve", "more"], "Got unexpected extra argument (more): see modelport serve --help."),
        (["chat", "--provider"], "Option '--provider' requires an argument: see modelport --help."),
        (["models", "--limit", "x"], "Invalid value for '--limit': 'x' is not a whole number in range: see modelport models --help."),
        (["logs", "nothing"], 'There is no conversation "nothing": run modelport logs to list them.'),
        (["chat", "-m", "zzzzzz/x", "hi"], 'No provider is called "zzzzzz"; modelport providers names them all.'),
        (["chat", "-m", "mock", ""], "The prompt is empty: give one as an argument, or pipe it in."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage_is_one_sentence_and_2(run: Any, arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"modelport: {sentence}\n")


class Unexpected(Exception):
    """What nothing expects."""

    def __str__(self) -> str:
        raise RuntimeError("a secret text")


class Uncounted(BaseException):
    """What is no Exception."""


@pytest.mark.parametrize(
    "error",
    [
        Unexpected(),
        RecursionError("a secret text"),
        Uncounted("a secret text"),
        BaseExceptionGroup("a secret text", [Uncounted()]),
    ],
)
@pytest.mark.parametrize("arguments", [["modelport", "providers"], ["modelport", "discover-agents"]])
def test_a_bug_is_a_sentence_without_its_text(
    arguments: list[str], error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr("modelport.app.session.App.__init__", fail)
    monkeypatch.setattr("modelport.frontends.cli.acp_discover.AgentCore", fail)
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr("modelport.frontends.cli.exits.interrupts.exit_on_interrupts", lambda: None)
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 1
    said = capsys.readouterr().err
    assert f"This is a bug in Modelport ({type(error).__name__} in modelport.frontends.cli." in said
    assert said.count("\n") == 1
    assert "secret" not in said


# As a process.


def test_exit_codes() -> None:
    assert started("chat", "-m", "mock/mock", "hi").returncode == 0
    assert started("chat", "-m", "mock/mock:fail=network", "hi").returncode == 1
    failed = started("chat", "--zzz")
    assert failed.returncode == 2
    assert failed.stderr == "modelport: No such option '--zzz': see modelport chat --help.\n"
    assert started("chat", "-m", "unlisted-model", "hi").returncode == 2


def test_debugging_shows_each_request_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELPORT_LOG", "debug")
    with LocalServer(lambda _: streamed("Hello")) as server:
        monkeypatch.setenv("VLLM_BASE_URL", f"{server.url}/v1")
        done = started("chat", "-m", "vllm/x", "a secret prompt")
    assert done.stdout.strip() == "Hello"
    assert f"DEBUG modelport.providers.vllm: POST {server.url}/v1/chat/completions for x: HTTP 200" in done.stderr
    assert "secret prompt" not in done.stderr


def test_what_was_left_out_of_the_request_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: streamed("Hello")) as server:
        monkeypatch.setenv("VLLM_BASE_URL", f"{server.url}/v1")
        done = started("chat", "-m", "vllm/x", "-o", "ctx_size", "4096", "hi")
    assert done.stdout.strip() == "Hello"
    assert "vLLM sets the context length itself" in done.stderr


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_server_has_help(option: str) -> None:
    done = started("serve", option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: modelport serve")


@pytest.mark.parametrize("arguments", [["providers"], ["doctor"], ["discover-agents", "--all"], ["--help"], ["models", "gpt"]])  # fmt: skip
def test_a_reader_that_has_gone_is_quiet(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = started(*arguments, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


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
    assert (said + rest).endswith(b"\n")
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


INTERRUPTED_WHILE = """
import os, signal, sys
from modelport.frontends.cli.exits.interrupts import exit_on_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
{}
"""


@pytest.mark.parametrize(
    ("program", "code"),
    [
        # In an import, where an exception would be a traceback.
        (("sys.argv = ['modelport', 'doctor']\nimport modelport.__main__ as m\n"
         "class F:\n  def find_spec(*_): os.kill(os.getpid(), signal.SIGINT)\nsys.meta_path.insert(0, F)\nm.main()"), 130),
        # In a callback, where it would be lost.
        (("import weakref\nexit_on_interrupts()\nclass A: pass\na = A()\n"
         "r = weakref.ref(a, lambda _: os.kill(os.getpid(), signal.SIGINT))\ndel a\nos._exit(0)"), 130),
        # Where somebody else has decided.
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)\nexit_on_interrupts()\nos.kill(os.getpid(), signal.SIGINT)", 0),
        # In what has to be undone.
        (("from modelport.frontends.cli.exits.interrupts import interruptible\nexit_on_interrupts()\n"
         "try:\n  with interruptible(): os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt: os._exit(3)"), 3),
    ],
    ids=["import", "callback", "ignored", "undone"],
)  # fmt: skip
@pytest.mark.skipif(os.name == "nt", reason="signals of a POSIX system")
def test_ctrl_c_ends_it_quietly_wherever_it_is(program: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE.format(program)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
