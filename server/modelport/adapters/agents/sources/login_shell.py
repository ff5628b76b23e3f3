"""The PATH of the user's login shell, which a terminal has and a program started from a desktop has not."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH103, PTH105, PTH108, PTH112, PTH116, PTH117, PTH118, PTH119
from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from modelport.adapters.agents.sources.files.reading import whole

FILE = "login-path.json"
TIMEOUT_S = 5.0
"""For the shell and its start files."""
MAX_OUTPUT_BYTES = 256 * 1024
MAX_PATH_CHARS = 32 * 1024
INTERACTIVE = ("bash", "zsh", "fish")
"""Shells whose users also set PATH in files that only an interactive shell reads."""
PLAIN = ("sh", "dash", "ksh", "mksh")
PASSED = ("HOME", "USER", "LOGNAME", "LANG")
FIRST_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
"""The PATH at the start of a log-in. This process's own PATH may hold folders of a project, which a log-in has not."""
_MARK = "modelport-path-{}-"


class CachedPath(Struct):
    """The file."""

    path: str
    asked_at_s: int
    """Seconds since 1970."""


def cached_path(folder: str) -> str:
    """The cached PATH; empty where there is none. A file that other users can write to is ignored."""
    cached = _cached(folder)
    return _sound(cached.path) if cached else ""


def asked_since(folder: str, moment_s: float) -> bool:
    """Whether the shell was run after a moment, in seconds since 1970, with success or without."""
    cached = _cached(folder)
    return cached is not None and cached.asked_at_s > moment_s


def _cached(folder: str) -> CachedPath | None:
    file = os.path.join(folder, FILE)
    try:
        status = os.stat(file)
        mine = os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & stat.S_IWOTH)
        return msgspec.json.decode(whole(file), type=CachedPath) if mine else None
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def cache_path(folder: str, path: str) -> None:
    """Writes a PATH to a file of the user's own. A folder that cannot be written to is no error."""
    file = os.path.join(folder, FILE)
    beside = f"{file}.{os.getpid()}.new"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(msgspec.json.encode(CachedPath(path, int(time.time()))))
        os.replace(beside, file)
    except OSError:
        try:
            os.unlink(beside)
        except OSError:
            return


def ask_shell(variables: Mapping[str, str], home: str, platform: str, timeout_s: float = TIMEOUT_S) -> str:
    """Starts the login shell and reads its PATH; empty where the shell is not a known one, or prints nothing.

    It gets no variable that could hold a key, no input, and no more than ``timeout_s``.
    """
    shell = variables.get("SHELL", "")
    name = os.path.basename(shell)
    if platform == "win32" or not os.path.isabs(shell) or name not in (*INTERACTIVE, *PLAIN):
        return ""
    mark = _MARK.format(os.urandom(8).hex())
    # PATH is a list in fish; quoted, fish joins it with colons.
    script = f"printf '\\n%s%s%s\\n' '{mark}<' \"$PATH\" '>{mark}'"
    environment = {key: variables[key] for key in PASSED if variables.get(key)}
    environment |= {"HOME": home, "SHELL": shell, "TERM": "dumb", "PATH": FIRST_PATH}
    printed = _run((shell, "-ilc" if name in INTERACTIVE else "-lc", script), environment, home, mark, timeout_s)
    _, begin, after = printed.partition(f"{mark}<")
    path, end, _ = after.partition(f">{mark}")
    return _sound(path) if begin and end else ""


def _run(argv: Sequence[str], environment: dict[str, str], home: str, mark: str, timeout_s: float) -> str:
    """What a program prints until the second mark, its end, or the timeout. Every process it started is ended."""
    import selectors
    import signal
    import subprocess
    from contextlib import suppress

    try:
        process = subprocess.Popen(  # noqa: S603  the user's own shell, by its absolute path
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=home if os.path.isdir(home) else "/",
            start_new_session=True,
        )
    except (OSError, ValueError):
        return ""
    assert process.stdout is not None  # noqa: S101  it is a pipe
    printed = bytearray()
    deadline = time.monotonic() + timeout_s
    try:
        with selectors.DefaultSelector() as selector, process.stdout:
            selector.register(process.stdout, selectors.EVENT_READ)
            while printed.count(mark.encode()) < 2 and len(printed) < MAX_OUTPUT_BYTES:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    break
                chunk = os.read(process.stdout.fileno(), 16 * 1024)
                if not chunk:
                    break
                printed += chunk
    finally:
        # The group first: once its leader is waited for, its id may be reused.
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return printed.decode("utf-8", "replace")


def _sound(path: str) -> str:
    """The absolute and printable entries of a PATH, each once."""
    entries = path.split(":") if len(path) <= MAX_PATH_CHARS else ()
    return ":".join(dict.fromkeys(entry for entry in entries if os.path.isabs(entry) and entry.isprintable()))
