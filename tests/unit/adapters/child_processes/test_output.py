"""What programs print: read to the end, up to a limit, or until it is found; and what is spared of them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from modelport.adapters.child_processes.output import Output, OutputReader, Stop
from modelport.adapters.child_processes.running import output_of
from support import child_programs
from support.peers import alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets processes be adopted")
LIMIT_S = 10.0
ALL = ("child", "escapes", "daemon")


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "notes"
    for pid in child_programs.pids(tmp_path / "notes"):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def run(notes: Path, *words: str, timeout_s: float = LIMIT_S, max_bytes: int = 1000, wanted: bytes = b"") -> Output:
    return OutputReader().run(
        child_programs.command(notes, *words),
        os.environ,
        timeout_s=timeout_s,
        max_bytes=max_bytes,
        found=(lambda printed: wanted in printed) if wanted else None,
    )


def left(notes: Path) -> int:
    return sum(map(alive, child_programs.pids(notes)))


def test_all_it_prints_and_its_code(notes: Path) -> None:
    assert run(notes, "print=one", "print=two", "exit=0") == Output(b"one\ntwo\n", 0, Stop.ENDED)
    assert run(notes, "print=one", "exit=3") == Output(b"one\n", 3, Stop.ENDED)


def test_one_that_prints_what_was_wanted_has_its_daemons_spared(notes: Path) -> None:
    assert run(notes, *ALL, "print=key", "exit=0").printed == b"key\n"
    assert left(notes) == 2, "the one that escapes and the daemon"


def test_so_has_one_that_runs_on(notes: Path) -> None:
    assert run(notes, *ALL, "print=key", wanted=b"key") == Output(b"key\n", None, Stop.FOUND)
    assert left(notes) == 2


@pytest.mark.parametrize(
    ("words", "limits", "stop"),
    [
        (("exit=1",), {}, Stop.ENDED),
        ((), {"timeout_s": 1.0}, Stop.TIMEOUT),
        (("deaf",), {"timeout_s": 1.0}, Stop.TIMEOUT),
        (("print=xxxxxxxx",), {"max_bytes": 5}, Stop.TOO_MUCH),
    ],
)
def test_nothing_is_left_of_any_other(
    notes: Path, words: tuple[str, ...], limits: dict[str, float], stop: Stop
) -> None:
    assert run(notes, *ALL, *words, **limits).stop is stop
    assert left(notes) == 0


def test_a_daemon_that_holds_the_output_does_not_make_it_late(notes: Path) -> None:
    assert run(notes, "escapes", "print=key", "exit=0", timeout_s=60) == Output(b"key\n", 0, Stop.ENDED)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("modelport-child-output")]


async def test_cancelling_ends_it_first(notes: Path) -> None:
    results: list[Output] = []

    async def work() -> None:
        command = child_programs.command(notes, *ALL, "deaf")
        results.append(await output_of(command, os.environ, timeout_s=60, max_bytes=10))

    with anyio.fail_after(LIMIT_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            while len(child_programs.pids(notes)) < 4:  # noqa: ASYNC110
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert results == []
    assert left(notes) == 0


async def test_one_that_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        await output_of(["no-such-program-at-all"], {}, timeout_s=1, max_bytes=1)
    with pytest.raises(ValueError, match="null"):
        await output_of(["a\0b"], {}, timeout_s=1, max_bytes=1)
