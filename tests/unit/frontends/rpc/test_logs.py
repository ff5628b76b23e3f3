"""No line of the log holds a key, and none blocks the server."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.frontends.rpc import logs
from support.shipped import shipped_registry

SECRET = "canary0123456789abcdef"


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization=Bearer {SECRET}",
        f"'x-api-key': '{SECRET}'",
        f'{{"api_key": "{SECRET}"}}',
        f"apiKey={SECRET}",
        f"api-key: {SECRET}",
        f'"token":"{SECRET}"',
        f"password = {SECRET}",
        f"secret: {SECRET}",
        f"bearer {SECRET}",
        f"refused the key sk-proj-{SECRET}.",
        f"gsk_{SECRET}",
        f"AIza{SECRET}",
        f"hf_{SECRET} and nvapi-{SECRET}",
    ],
)
def test_what_looks_like_a_key_is_taken_out(line: str) -> None:
    assert SECRET not in logs.redact(line)
    assert "[redacted]" in logs.redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "the client closed its output",
        "bug 1f2e3d4c in completion/create",
        "a call was not recorded: the disk is full",
        "tokens: 15",
        "ignored the notification textDocument/didOpen",
        "skipped",
    ],
)
def test_what_does_not_is_kept(line: str) -> None:
    assert logs.redact(line) == line


@pytest.mark.parametrize("prefix", sorted({row.key_prefix for row in shipped_registry().all() if row.key_prefix}))
def test_every_key_prefix_that_is_known_is_recognised(prefix: str) -> None:
    assert SECRET not in logs.redact(f"it said {prefix}{SECRET} is wrong")


@given(st.text(max_size=200))
def test_any_line_can_be_redacted(line: str) -> None:
    assert logs.redact(logs.redact(line)).count("canary") == 0 or "canary" in line


class Stderr(io.StringIO):
    """Standard error that can be held, and that signals each written line."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.written = threading.Semaphore(0)

    def write(self, text: str) -> int:
        self.open.wait(10)
        size = super().write(text)
        self.written.release()
        return size


@contextmanager
def server_logging() -> Iterator[Stderr]:
    """The server's logging, on a standard error of its own. Not a fixture: pytest changes stderr after those."""
    held = Stderr()
    root, own = logging.getLogger(), logging.getLogger("modelport")
    before = root.handlers[:], root.level, own.level, sys.stderr
    sys.stderr = held
    logs.set_up()
    try:
        yield held
    finally:
        held.open.set()
        root.handlers[:], sys.stderr = before[0], before[3]
        root.setLevel(before[1])
        own.setLevel(before[2])


def lines(stderr: Stderr, count: int) -> str:
    for _ in range(count):
        assert stderr.written.acquire(timeout=10)
    return stderr.getvalue()


def test_a_line_names_its_place_and_holds_no_key() -> None:
    with server_logging() as stderr:
        logging.getLogger("modelport.x").warning("refused %s", f"Bearer {SECRET}")
        written = lines(stderr, 1)
    assert "WARNING modelport.x: refused [redacted]" in written
    assert SECRET not in written


def test_a_traceback_holds_no_key() -> None:
    with server_logging() as stderr:
        try:
            raise ValueError(f"bad key sk-{SECRET}")
        except ValueError:
            logging.getLogger("modelport.x").exception("bug")
        written = lines(stderr, 1)
    assert "Traceback" in written
    assert SECRET not in written


@pytest.mark.parametrize(
    ("level", "shown"), [("", 1), ("info", 2), ("debug", 3), ("DEBUG", 3), ("error", 0), ("odd", 1)]
)
def test_a_lower_level_is_for_our_own_loggers_only(monkeypatch: pytest.MonkeyPatch, level: str, shown: int) -> None:
    monkeypatch.setenv("MODELPORT_LOG", level)
    with server_logging() as stderr:
        ours, theirs = logging.getLogger("modelport.x"), logging.getLogger("httpx2")
        theirs.info("theirs")
        theirs.debug("theirs")
        ours.debug("a debug line")
        ours.info("an info line")
        ours.warning("a warning line")
        ours.error("the end")
        written = lines(stderr, shown + 1)
    assert "theirs" not in written
    assert written.count(" line") == shown


def test_an_unread_stderr_blocks_nothing() -> None:
    with server_logging() as stderr:
        stderr.open.clear()
        log = logging.getLogger("modelport.x")
        for n in range(logs.MAX_QUEUED_LINES + 500):
            log.warning("line %d", n)
        stderr.open.set()
        # Some were dropped, and their number is logged.
        assert "lines were dropped" in lines(stderr, 2)
