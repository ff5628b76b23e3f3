"""The PATH of the user's shell, which a terminal has and a program started from a desktop has not.

Source: "Bash Startup Files" in Bash's manual, "Startup/Shutdown Files" in zsh's, "Configuration files" in fish's.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH112, PTH116, PTH117, PTH118, PTH119
from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from modelport.adapters.agents.sources.files.reading import whole
from modelport.adapters.system.private_files import private_folder, write_private
from modelport.borders import NOT_JSON, json_bytes

FILE = "login-path.json"
TIMEOUT_S = 5.0
"""For the shell and its start files."""
MAX_OUTPUT_BYTES = 256 * 1024
MAX_PATH_CHARS = 32 * 1024
INTERACTIVE = ("bash", "zsh", "fish")
"""Shells whose users also set PATH in files that only an interactive shell reads."""
LOGIN_ONLY = ("bash",)
"""Those of them that read one set of files in a log-in, and another one in a window."""
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
    except (OSError, *NOT_JSON):
        return None


def cache_path(folder: str, path: str) -> None:
    """Writes a PATH to a file of the user's own. A folder that cannot be written to is no error."""
    file = os.path.join(folder, FILE)
    try:
        private_folder(folder)
        write_private(file, json_bytes(CachedPath(path, int(time.time()))))
    except OSError:
        return


def ask_shell(
    variables: Mapping[str, str],
    home: str,
    platform: str,
    refused: Callable[[str], str | None],
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Starts the user's shell and reads its PATH; empty where it is not a known one, prints nothing, or is not safe.

    It gets no variable that could hold a key or name a file to read, no input, and no more than ``timeout_s``. Of two
    shells, one for the log-in and one in it as in a window, the entries of the second come first. ``refused`` is why a
    program must not be started.
    """
    shell = variables.get("SHELL", "")
    name = os.path.basename(shell)
    if platform == "win32" or not os.path.isabs(shell) or name not in (*INTERACTIVE, *PLAIN):
        return ""
    if refused(shell):
        return ""
    mark = _MARK.format(os.urandom(8).hex())
    # PATH is a list in fish; quoted, fish joins it with colons.
    script = f"printf '\\n%s%s%s\\n' '{mark}<' \"$PATH\" '>{mark}'"
    argv, shells = (shell, "-ilc" if name in INTERACTIVE else "-lc", script), 1
    if name in LOGIN_ONLY:
        argv, shells = (shell, "-ilc", f'{script}\nexec "$BASH" -ic "$1"', name, script), 2
    environment = {key: variables[key] for key in PASSED if variables.get(key)}
    environment |= {"HOME": home, "SHELL": shell, "TERM": "dumb", "PATH": FIRST_PATH}
    printed = _run(argv, environment, home, f">{mark}".encode(), shells, timeout_s)
    # What a start file prints may stand before, between and after.
    paths = [part.partition(f">{mark}") for part in printed.split(f"{mark}<")[1:]]
    return _sound(":".join(path for path, end, _ in reversed(paths) if end))


def _run(argv: Sequence[str], environment: dict[str, str], home: str, mark: bytes, times: int, timeout_s: float) -> str:
    """What a program prints until a mark has come so many times, its end, or the timeout.

    Every process it started is ended.
    """
    from modelport.adapters.child_processes.output import OutputReader

    def found(printed: bytes) -> bool:
        return printed.count(mark) >= times

    folder = home if os.path.isdir(home) else "/"
    try:
        done = OutputReader().run(
            argv, environment, cwd=folder, timeout_s=timeout_s, max_bytes=MAX_OUTPUT_BYTES, found=found
        )
    except (OSError, ValueError):
        return ""
    return done.printed.decode("utf-8", "replace")


def _sound(path: str) -> str:
    """The absolute and printable entries of a PATH, each once."""
    entries = path.split(":") if len(path) <= MAX_PATH_CHARS else ()
    return ":".join(dict.fromkeys(entry for entry in entries if os.path.isabs(entry) and entry.isprintable()))
