"""The programs that the commands in editors' settings lead to, and whether they may be started."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH117, PTH118
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from modelport.adapters.agents.sources.files.scan import Hit, SearchFolder, is_program
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.packages.shims import Shims
from modelport.domain.agents.editors.settings import program_name
from modelport.domain.agents.observations import Setting

DOWNLOADS = "starting it could download it"
DOWNLOADERS = frozenset(("npx", "bunx", "pnpx", "uvx"))
DOWNLOADING_WORDS: Mapping[str, frozenset[str]] = {
    "npm": frozenset(("exec", "x", "init", "create")),
    "pnpm": frozenset(("dlx", "exec", "create")),
    "yarn": frozenset(("dlx", "create")),
    "bun": frozenset(("x", "create")),
    "uv": frozenset(("run", "tool")),
    "pipx": frozenset(("run",)),
    "mise": frozenset(("exec", "x")),
    "deno": frozenset(("run", "x")),
    "docker": frozenset(("run", "compose")),
    "podman": frozenset(("run", "compose")),
    "nix": frozenset(("run", "shell", "develop")),
    "go": frozenset(("run",)),
    "cargo": frozenset(("run", "install")),
}
"""Programs that may download what they run, with the arguments that make them do it."""
WRAPPERS = frozenset(
    ("env", "sh", "bash", "zsh", "dash", "fish", "cmd", "powershell", "pwsh", "wsl", "sudo", "nice", "nohup", "time")
)
"""Programs that start the program in their arguments."""


def bare_names(settings: Iterable[Setting]) -> set[str]:
    """The commands without a folder, which are searched by name."""
    return {program_name(s.command) for s in settings if s.command and _is_bare(s.command)}


def resolved(
    setting: Setting, hits: Iterable[Hit], inspector: Inspector, shims: Shims, home: str, endings: Sequence[str] = ()
) -> Setting:
    """The setting with the program that its command leads to, or why it must not be started."""
    if setting.command is None or setting.refused:
        return setting
    if could_download(setting.command, setting.args):
        return msgspec.structs.replace(setting, refused=DOWNLOADS)
    if _is_bare(setting.command):
        name = program_name(setting.command)
        return _by_name(setting, [hit for hit in hits if hit.name == name], inspector)
    path = _absolute(setting.command, home)
    if path is None:
        return msgspec.structs.replace(setting, refused="which program that is depends on the working folder")
    path = next((path + ending for ending in ("", *endings) if is_program(path + ending)), None)
    if path is None:
        return setting
    hit = Hit(program_name(path), path, SearchFolder(os.path.dirname(path), ""))  # noqa: PTH120
    return _with(setting, shims.resolved(hit), inspector)


def could_download(command: str, args: Sequence[str]) -> bool:
    """Whether a command line may download what it runs, if it is not installed."""
    name = program_name(command)
    if name in DOWNLOADERS:
        return True
    if words := DOWNLOADING_WORDS.get(name):
        return not words.isdisjoint(args)
    if name not in WRAPPERS:
        return False
    inner = [program_name(word) for arg in args for word in arg.split()]
    return not DOWNLOADERS.isdisjoint(inner) or not DOWNLOADING_WORDS.keys().isdisjoint(inner)


def _by_name(setting: Setting, hits: list[Hit], inspector: Inspector) -> Setting:
    usable = next((hit for hit in hits if inspector.refusal(hit) is None), None)
    chosen = usable or next(iter(hits), None)
    return _with(setting, chosen, inspector) if chosen else setting


def _with(setting: Setting, hit: Hit, inspector: Inspector) -> Setting:
    refusals = (inspector.refusal(hit), *(inspector.may_hold(arg) for arg in setting.args))
    return msgspec.structs.replace(setting, program=hit.path, refused=next((why for why in refusals if why), None))


def _is_bare(command: str) -> bool:
    return "/" not in command and "\\" not in command and not command.startswith("~")


def _absolute(command: str, home: str) -> str | None:
    if command.startswith(("~/", "~\\")):
        return os.path.join(home, command[2:])
    return command if os.path.isabs(command) else None
