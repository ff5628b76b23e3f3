"""A program that starts others in every way that gets away, for tests that look at what is left; and its notes.

``child_programs.py NOTES [WORD…]``: each process adds a line with its number to the file ``NOTES``. The words add up:
``child`` starts one, ``escapes`` one in a session of its own, ``daemon`` one whose parent ends at once; ``deaf`` makes all
of them ignore SIGTERM; ``print=TEXT`` prints a line; ``exit=CODE`` ends the first one. Without ``exit`` it stays.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

FOREVER_S = 120.0
"""Longer than any test, and not for ever, should one fail."""


def command(notes: Path, *words: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-I", "-S", __file__, str(notes), *words]


def pids(notes: Path) -> list[int]:
    """The processes that have started so far."""
    return [int(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def how_many(*words: str) -> int:
    """The number of processes that the words make."""
    return 1 + len({"child", "escapes", "daemon"} & set(words))


def main() -> None:
    notes, *words = sys.argv[1:]
    if "deaf" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for word in ("child", "escapes", "daemon"):
        if word in words:
            fork(notes, word)
    note(notes)
    for word in words:
        name, _, value = word.partition("=")
        if name == "print":
            os.write(1, f"{value}\n".encode())
        elif name == "exit":
            sys.exit(int(value))
    time.sleep(FOREVER_S)


def fork(notes: str, word: str) -> None:
    """Starts one more, and returns once it has made its note."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        os.read(reader, 1)
        if word == "daemon":
            os.wait()
        return
    os.close(reader)
    if word != "child":
        os.setsid()
    if word == "daemon":
        if os.fork():
            os._exit(0)
        os.chdir("/")
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
    note(notes)
    os.close(writer)
    time.sleep(FOREVER_S)
    os._exit(0)


def note(notes: str) -> None:
    descriptor = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    os.close(descriptor)


if __name__ == "__main__":
    main()
