"""The conversation of ``modelport chat`` on a terminal."""

from __future__ import annotations

import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelport.domain.errors import RequestFailed
from modelport.frontends.cli.chat.interactive import converse, read_prompt
from modelport.frontends.cli.chat.templates import Template
from modelport.protocol.types import TextPart

posix = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is needed")


def typed(*lines: str | type[BaseException]) -> Callable[[str], str]:
    """What a user types; an exception is a key such as Ctrl-C. At the end Ctrl-D."""
    rest = iter(lines)

    def read_line(prompt: str) -> str:
        line = next(rest, EOFError)
        if isinstance(line, str):
            return line
        raise line

    return read_line


@pytest.mark.parametrize(
    ("lines", "prompt"),
    [
        (["one"], "one"),
        (["one\\", "two\\", "three"], "one\ntwo\nthree"),
        (["one\\"], "one"),
        (['"""', "a", "", "  b\\", '"""'], "a\n\n  b\\"),
        (['"""', "a"], "a"),
        (['say """'], 'say """'),
    ],
)
def test_a_prompt_may_have_several_lines(lines: list[str], prompt: str) -> None:
    assert read_prompt(typed(*lines)) == prompt


class Recorded:
    """A dialogue that keeps what it is asked, and fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def ask(self, content: Any) -> None:
        self.asked.append(content)
        if content == "stop":
            raise KeyboardInterrupt
        if "fail" in str(content):
            raise RequestFailed("network", "The network is down: try again.")


def test_errors_and_stops_end_the_turn_and_not_the_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    dialogue = Recorded()
    converse(dialogue, Template(), read_line=typed("one", "", "fail", KeyboardInterrupt, "stop", "two"))  # type: ignore[arg-type]
    assert dialogue.asked == ["one", "fail", "stop", "two"]
    assert "modelport: The network is down: try again." in capsys.readouterr().err


def test_the_attachments_go_with_the_first_prompt_that_is_answered() -> None:
    dialogue, part = Recorded(), TextPart(text="file")
    converse(dialogue, Template(), (part,), typed("fail", "one", "two"))  # type: ignore[arg-type]
    assert dialogue.asked[1:] == [(part, TextPart(text="one")), "two"]
    assert dialogue.asked[0] == (part, TextPart(text="fail"))


def test_a_template_is_filled_with_each_prompt() -> None:
    dialogue = Recorded()
    converse(dialogue, Template(prompt="In French: $input"), read_line=typed("one", "two"))  # type: ignore[arg-type]
    assert dialogue.asked == ["In French: one", "In French: two"]


class Terminal:
    """``modelport chat`` on a pseudo terminal."""

    def __init__(self, *arguments: str) -> None:
        import pty

        self.screen = ""
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "modelport", "chat", *arguments],
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            env={**os.environ, "TERM": "dumb"},
        )
        os.close(other)

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def wait_for(self, text: str) -> None:
        """Returns when the text has appeared below what was seen before."""
        deadline = time.monotonic() + 15
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            if select.select([self._end], [], [], 0.1)[0]:
                self.screen += os.read(self._end, 4096).decode()
        self.screen = self.screen.partition(text)[2]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._end)


@pytest.fixture
def on_terminal() -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        started.append(Terminal(*arguments))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@posix
def test_a_conversation_on_a_terminal(on_terminal: Callable[..., Terminal]) -> None:
    terminal = on_terminal("-m", "mock/mock")
    terminal.wait_for("> ")
    terminal.type("hello there\n")
    terminal.wait_for("You said: hello there")
    terminal.wait_for("> ")
    terminal.type("again\n")
    terminal.wait_for("You said: again")
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.process.wait(10) == 0
    data = Path(os.environ["MODELPORT_DATA_DIR"])
    (stored,) = (data / "conversations").iterdir()
    turns = [json.loads(line) for line in stored.read_text(encoding="utf-8").splitlines()]
    assert [turn["messages"][0]["content"] for turn in turns] == ["hello there", "again"]
    history = data / "chat_history"
    assert "again" in history.read_text(encoding="utf-8")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


@posix
def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on(on_terminal: Callable[..., Terminal]) -> None:
    terminal = on_terminal("-m", "mock/mock:stall=2", "--no-log")
    terminal.wait_for("> ")
    terminal.type("one two three\n")
    terminal.wait_for("You said:")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("stopped")
    terminal.wait_for("> ")
    terminal.type("four five six\n")
    terminal.wait_for("You said:")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.process.wait(10) == 0
    assert not (Path(os.environ["MODELPORT_DATA_DIR"]) / "chat_history").exists()
