"""The folders that installers put programs in, whether or not a PATH names them.

Source: the documentation of npm, pnpm, Yarn, nvm, fnm, Volta, asdf, mise, n, Bun, Deno, Cargo, Go, Homebrew, uv, pipx
and scoop, and of Zed ``crates/project/src/agent_server_store.rs`` and ``crates/node_runtime/src/node_runtime.rs``.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH117, PTH118
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelport.adapters.agents.sources.files.reading import listed, whole

MAX_NAMES = 300
"""How many entries of a folder a ``*`` matches at most."""


class Installer(NamedTuple):
    """The folders of an installer's programs."""

    variables: tuple[str, ...]
    """If one of them is set, its folder replaces the starts."""
    starts: tuple[str, ...]
    """``~`` is home, ``$NAME`` a variable that has to be set."""
    tails: tuple[str, ...] = ("",)
    """What follows a start; ``*`` in a part matches anything, the newest version first."""


_DATA = "$XDG_DATA_HOME"
POSIX = (
    Installer((), ("~/.local/bin", "~/bin")),
    Installer(("NPM_CONFIG_PREFIX", "npm_config_prefix"), ("~/.npm-global",), ("bin",)),
    Installer(("NVM_DIR",), ("~/.nvm", "~/.config/nvm"), ("versions/node/*/bin",)),
    Installer(
        ("FNM_DIR",), (f"{_DATA}/fnm", "~/.fnm", "~/Library/Application Support/fnm"),
        ("aliases/default/bin", "node-versions/*/installation/bin"),
    ),
    Installer(
        ("VOLTA_HOME",), ("~/.volta",), ("bin", "tools/image/packages/*/bin", "tools/image/packages/@*/*/bin")
    ),
    Installer(("ASDF_DATA_DIR",), ("~/.asdf",), ("shims", "installs/nodejs/*/bin")),
    Installer(
        ("MISE_DATA_DIR",), (f"{_DATA}/mise",),
        ("shims", "installs/node/*/bin", "installs/npm-*/*/bin", "installs/pipx-*/*/bin"),
    ),
    Installer(("N_PREFIX",), ("~/n",), ("bin",)),
    Installer(("BUN_INSTALL",), ("~/.bun",), ("bin",)),
    Installer(("DENO_INSTALL",), ("~/.deno",), ("bin",)),
    Installer(("PNPM_HOME",), (f"{_DATA}/pnpm", "~/Library/pnpm"), ("", "bin")),
    Installer((), ("~/.yarn/bin", "~/.config/yarn/global/node_modules/.bin")),
    Installer(("CARGO_HOME",), ("~/.cargo",), ("bin",)),
    Installer(("GOBIN",), ()),
    Installer(("GOPATH",), ("~/go",), ("bin",)),
    Installer((), ("/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin", "/snap/bin")),
    Installer(("UV_TOOL_BIN_DIR",), ()),
    Installer(("UV_TOOL_DIR",), (f"{_DATA}/uv/tools",), ("*/bin",)),
    Installer(("PIPX_HOME",), (f"{_DATA}/pipx", "~/.local/pipx", "/opt/pipx"), ("venvs/*/bin",)),
)  # fmt: skip
WINDOWS = (
    Installer((), ("~/.local/bin",)),
    Installer(("NPM_CONFIG_PREFIX", "npm_config_prefix"), ("$APPDATA/npm",)),
    Installer((), ("$LOCALAPPDATA/Programs",), ("*", "*/bin")),
    Installer(("SCOOP",), ("~/scoop",), ("shims",)),
    Installer(("NVM_SYMLINK",), ()),
    Installer(("NVM_HOME",), ("$APPDATA/nvm",), ("v*",)),
    Installer(("FNM_DIR",), ("$APPDATA/fnm",), ("aliases/default", "node-versions/*/installation")),
    Installer(("VOLTA_HOME",), ("$LOCALAPPDATA/Volta",), ("bin",)),
    Installer(("PNPM_HOME",), ("$LOCALAPPDATA/pnpm",), ("", "bin")),
    Installer((), ("$LOCALAPPDATA/Yarn/bin", "$LOCALAPPDATA/Microsoft/WinGet/Links", "$ProgramData/chocolatey/bin")),
    Installer(("BUN_INSTALL",), ("~/.bun",), ("bin",)),
    Installer(("DENO_INSTALL",), ("~/.deno",), ("bin",)),
    Installer(("CARGO_HOME",), ("~/.cargo",), ("bin",)),
    Installer(("GOPATH",), ("~/go",), ("bin",)),
    Installer(("UV_TOOL_DIR",), ("$APPDATA/uv/tools", "$APPDATA/uv/data/tools"), ("*/Scripts",)),
    Installer(("PIPX_HOME",), ("~/pipx", "$LOCALAPPDATA/pipx"), ("venvs/*/Scripts",)),
)
ZED = Installer(
    (),
    (f"{_DATA}/zed", "~/.var/app/dev.zed.Zed/data/zed", "~/Library/Application Support/Zed", "$LOCALAPPDATA/Zed"),
    # An archive lies in a folder of its version, and its program at the top of it or a little deeper.
    (
        "external_agents/*/*",
        "external_agents/*/*/v_*",
        "external_agents/*/*/v_*/*",
        "external_agents/*/*/v_*/*/bin",
        "external_agents/*/*/node_modules/.bin",
    ),
)
NPX = (
    Installer(
        ("NPM_CONFIG_CACHE", "npm_config_cache"), ("~/.npm", "$LOCALAPPDATA/npm-cache"), ("_npx/*/node_modules",)
    ),
    Installer((), ZED.starts, ("node/cache/_npx/*/node_modules", "node/*/cache/_npx/*/node_modules")),
)
NODE_MODULES = (
    Installer(
        ("PNPM_HOME",), (f"{_DATA}/pnpm", "~/Library/pnpm", "$LOCALAPPDATA/pnpm"),
        ("global/*/node_modules", "global/*/*/node_modules"),
    ),
    Installer(("BUN_INSTALL",), ("~/.bun",), ("install/global/node_modules",)),
    Installer((), ("~/.config/yarn/global/node_modules", "$APPDATA/npm/node_modules", "/usr/lib/node_modules")),
)  # fmt: skip


def installers(platform: str) -> tuple[Installer, ...]:
    """The installers of a system, as ``sys.platform`` names it."""
    return WINDOWS if platform == "win32" else POSIX


def folders(of: Iterable[Installer], variables: Mapping[str, str], home: str) -> Iterator[str]:
    """The folders of some installers; those without a ``*`` need not exist."""
    for installer in of:
        chosen = next((variables[name] for name in installer.variables if variables.get(name)), None)
        starts = [chosen] if chosen else [_start(start, variables, home) for start in installer.starts]
        for start in starts:
            # A relative folder would depend on the working folder.
            if start and os.path.isabs(start):
                for tail in installer.tails:
                    yield from _expanded(start, tail)


def with_npmrc(variables: Mapping[str, str], home: str) -> dict[str, str]:
    """The variables, and npm's prefix and cache as the user's own ``.npmrc`` sets them where no variable does."""
    result = dict(variables)
    content = whole(os.path.join(home, ".npmrc")).decode("utf-8", "replace")
    for line in content.splitlines():
        key, equals, value = line.partition("=")
        name = {"prefix": "NPM_CONFIG_PREFIX", "cache": "NPM_CONFIG_CACHE"}.get(key.strip())
        if name is None or not equals or variables.get(name) or variables.get(name.lower()):
            continue
        path = value.strip().strip("\"'").replace("${HOME}", home)
        result[name] = home + path[1:] if path.startswith("~/") else path
    return result


def registry_id(path: str) -> str | None:
    """The registry's id of the agent that Zed has unpacked a file for."""
    _, matched, below = path.replace(os.sep, "/").partition("/external_agents/registry/")
    agent, _, version = below.partition("/")
    return agent if matched and version.startswith("v_") else None


def _start(start: str, variables: Mapping[str, str], home: str) -> str | None:
    if start.startswith("~/"):
        return os.path.join(home, start[2:])
    if not start.startswith("$"):
        return start
    name, _, below = start[1:].partition("/")
    value = variables.get(name) or (os.path.join(home, ".local/share") if name == _DATA[1:] else "")
    return os.path.join(value, below) if value else None


def _expanded(folder: str, tail: str) -> Iterator[str]:
    before, star, after = tail.partition("*")
    if not star:
        yield os.path.join(folder, tail) if tail else folder
        return
    parent, _, prefix = before.rpartition("/")
    parent = os.path.join(folder, parent) if parent else folder
    next_tail = after.removeprefix("/")
    names = [name for name in listed(parent)[:MAX_NAMES] if name.startswith(prefix)]
    for name in sorted(names, key=_newest, reverse=True):
        yield from _expanded(os.path.join(parent, name), next_tail)


def _newest(name: str) -> tuple[list[int], str]:
    """A key that orders ``v22.10.0`` after ``v22.9.0``, and names that are not versions by their letters."""
    parts = name.lstrip("v").split(".")
    return [int(part) for part in parts if part.isdecimal() and len(part) < 10], name
