"""The folders that start files of shells add to PATH in plain words. The files are read, and no shell is run.

What a command prints, a condition decides or a function does is left out: a shell that is asked knows it.

Source: "Bash Startup Files" in Bash's manual, "Startup/Shutdown Files" in zsh's, ``environment.d`` of systemd, and
"Configuration files", ``fish_add_path`` and "Universal variables" in fish's documentation.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH117, PTH118
from __future__ import annotations

import os
import re
from collections.abc import Iterator

from modelport.adapters.agents.sources.files.reading import listed, shown, whole
from modelport.adapters.agents.sources.files.scan import SearchFolder

FILES = (
    ".zshenv", ".zprofile", ".zshrc", ".zlogin", ".config/zsh/.zshenv", ".config/zsh/.zprofile", ".config/zsh/.zshrc",
    ".bash_profile", ".bash_login", ".profile", ".bashrc", ".bash_aliases", ".kshrc", ".mkshrc",
)  # fmt: skip
FOLDERS = ((".bashrc.d", ""), (".config/environment.d", ".conf"))
FISH = (".config/fish/config.fish", ".config/fish/fish_variables")
FISH_FOLDER = ".config/fish/conf.d"
MAX_FILES = 60
MAX_PATH_CHARS = 4096
_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s;&|"'()<>\\])+"""
_ASSIGNMENT = re.compile(rf"(?:^|[\s;&|])([A-Za-z_]\w*)\+?=(\([^()]*\)|{_WORD})")
_SOURCED = re.compile(rf"(?:^|[;&|]|\bthen)\s*(?:\.|source)\s+({_WORD})")
_WORDS = re.compile(_WORD)
_PATH_IF_SET = re.compile(r"\$\{PATH:?\+:?\$\{?PATH\}?:?\}")
_COLON = re.compile(r":(?![^{}]*\})")
"""Not within braces."""
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^{}$]*))?\}|(\w+))")


def shell_folders(home: str) -> Iterator[SearchFolder]:
    """The folders by the user's start files, each with the file as its label."""
    files = [os.path.join(home, name) for name in FILES]
    for folder, ending in FOLDERS:
        parent = os.path.join(home, folder)
        files += [os.path.join(parent, name) for name in sorted(listed(parent)) if name.endswith(ending)]
    variables = {"HOME": home}
    seen: set[str] = set()
    while files and len(seen) < MAX_FILES:
        file = files.pop(0)
        if file in seen:
            continue
        seen.add(file)
        lines = _lines(file)
        files[:0] = [path for line in lines for path in _sourced(line, variables)]
        for path in (path for line in lines for path in _of_line(line, variables)):
            yield SearchFolder(path, shown(file, home))
    yield from _of_fish(home)


def _lines(file: str) -> list[str]:
    text = whole(file).decode("utf-8", "replace").replace("\\\n", "")
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _sourced(line: str, variables: dict[str, str]) -> Iterator[str]:
    for word in _SOURCED.findall(line):
        # Only the user's own files: a project's would be named by a relative path, or lie anywhere.
        path = _expanded(word, variables)
        if path and path.startswith(variables["HOME"] + os.sep):
            yield path


def _of_line(line: str, variables: dict[str, str]) -> Iterator[str]:
    for name, value in _ASSIGNMENT.findall(line):
        if name in ("PATH", "path"):
            words = _WORDS.findall(value[1:-1]) if value.startswith("(") else _split(value)
            yield from _absolute(words, variables)
        elif text := _expanded(value, variables):
            variables[name] = text


def _split(value: str) -> list[str]:
    """The entries of a PATH; none of one that is longer than any person's."""
    if len(value) > MAX_PATH_CHARS:
        return []
    return _COLON.split(_PATH_IF_SET.sub(":", value.replace('"', "").replace("'", "")))


def _of_fish(home: str) -> Iterator[SearchFolder]:
    parent = os.path.join(home, FISH_FOLDER)
    names = [os.path.join(parent, name) for name in sorted(listed(parent)) if name.endswith(".fish")]
    variables = {"HOME": home}
    for file in (*names, *(os.path.join(home, name) for name in FISH)):
        for line in _lines(file):
            for path in _of_fish_line(line, variables):
                yield SearchFolder(path, shown(file, home))


def _of_fish_line(line: str, variables: dict[str, str]) -> Iterator[str]:
    if line.startswith("SETUVAR "):
        name, _, value = line.rsplit(maxsplit=1)[-1].partition(":")
        if name == "fish_user_paths":
            yield from _absolute(value.replace("\\x2e", ".").replace("\\x20", " ").split("\\x1e"), variables)
        return
    words = _WORDS.findall(line)
    for position, word in enumerate(words):
        names = [one for one in words[position + 1 :] if not one.startswith("-")]
        if word == "fish_add_path":
            yield from _absolute(names, variables)
        elif word == "set" and names[1:] and names[0] in ("PATH", "fish_user_paths"):
            yield from _absolute(names[1:], variables)
        elif word == "set" and len(names) == 2 and (text := _expanded(names[1], variables)):
            variables[names[0]] = text


def _absolute(words: list[str], variables: dict[str, str]) -> Iterator[str]:
    for word in words:
        path = _expanded(word, variables)
        if path and os.path.isabs(path):
            yield path


def _expanded(word: str, variables: dict[str, str]) -> str | None:
    """A word without its quotes and with its variables; None where a command or an unknown variable is in it."""
    plain = word.replace('"', "").replace("'", "").replace("\\ ", " ")
    if plain == "~" or plain.startswith("~/"):
        plain = "$HOME" + plain[1:]
    missing: list[str] = []

    def value(match: re.Match[str]) -> str:
        name, default = match[1] or match[3], match[2]
        if name not in variables and not default:
            missing.append(name)
        return variables.get(name) or default or ""

    text = _VARIABLE.sub(value, plain)
    return None if missing or any(mark in text for mark in "$`(){}*") else text
