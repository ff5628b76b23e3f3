"""Programs that print keys: what they get, what is taken of what they print, and when they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from modelport.adapters.configuration.commands import LocalCommands
from modelport.domain.errors import RequestFailed

CANARY = "canary-0123456789abcdef"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def fails(code: list[str], timeout_s: float = 10) -> str:
    with pytest.raises(RequestFailed) as caught:
        await LocalCommands(timeout_s).output(code, ())
    assert CANARY not in caught.value.message
    return caught.value.message


async def test_the_first_line_without_its_white_space() -> None:
    command = python(f"import sys; print(' {CANARY} \\nlogin: me'); print('ask', file=sys.stderr)")
    assert (await LocalCommands().output(command, ())).reveal() == CANARY


async def test_a_command_gets_its_arguments_as_they_are_and_nothing_to_read() -> None:
    command = [*python("import sys; print(sys.argv[1], repr(sys.stdin.read()))"), "$HOME; *"]
    assert (await LocalCommands().output(command, ())).reveal() == "$HOME; * ''"


async def test_keys_are_not_in_its_environment_and_the_rest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", CANARY)
    monkeypatch.setenv("PLAIN", "there")
    command = python("import os; print(os.environ.get('ACME_KEY'), os.environ['PLAIN'])")
    assert (await LocalCommands().output(command, {"acme_key"})).reveal() == "None there"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"import sys; print('{CANARY}'); sys.exit(3)", "ended with code 3"),
        ("pass", "prints nothing"),
        ("print('x' * 100_000)", "more than a key"),
        (f"import sys; sys.stdout.buffer.write(b'\\xff{CANARY}')", "no text"),
    ],
)
async def test_what_is_no_key_is_reported_without_repeating_it(code: str, why: str) -> None:
    assert why in await fails(python(code))


async def test_a_program_that_is_missing_or_cannot_be_run(tmp_path: Path) -> None:
    assert "was not found" in await fails(["no-such-program-at-all"])
    assert "cannot be run" in await fails([str(tmp_path)])


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def holding(fifo: Path) -> list[str]:
    """A program that keeps the pipe open for as long as it lives."""
    return python(f"import time; f = open({str(fifo)!r}, 'w'); print('x', file=f, flush=True); time.sleep(60)")


async def test_a_program_that_takes_too_long_is_ended(fifo: Path) -> None:
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert "within 0.5 s" in await fails(holding(fifo), 0.5)
    # The end of the pipe: no process holds the other side. While one does, there is an error instead.
    assert os.read(reader, 10) in (b"x\n", b"")
    assert os.read(reader, 10) == b""
    os.close(reader)


async def test_a_program_is_ended_when_its_caller_is_cancelled(fifo: Path) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LocalCommands().output, holding(fifo), ())
        reader = await anyio.to_thread.run_sync(os.open, fifo, os.O_RDONLY)
        assert await anyio.to_thread.run_sync(os.read, reader, 10) == b"x\n"
        tasks.cancel_scope.cancel()
    assert os.read(reader, 10) == b""
    os.close(reader)


async def test_a_program_is_waited_for_when_its_caller_is_cancelled_while_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            started.append(self)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(LocalCommands().output, python("import time; time.sleep(60)"), ())
        while not started:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    (process,) = started
    assert process.returncode is not None
