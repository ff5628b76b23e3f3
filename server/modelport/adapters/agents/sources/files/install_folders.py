"""The folders that installers put programs in, whether or not a PATH names them.

Source: the documentation of npm, pnpm, Yarn, nvm, fnm, n, Bun, Deno, Cargo, Go, Homebrew, MacPorts, Snap, Flatpak, uv,
pipx, Rye, Conda, Mamba, pixi, Nix, Guix, devbox, winget and scoop; the sources of Volta (``volta-layout``), asdf, mise
(``src/env.rs``), nodenv, pyenv, nodebrew, proto (``layout/store.rs``), nvs and vfox (``pathmeta``); and of Zed
``crates/project/src/agent_server_store.rs`` and ``crates/node_runtime/src/node_runtime.rs``.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH112, PTH117, PTH118
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelport.adapters.agents.sources.files.reading import listed

MAX_NAMES = 300
"""How many entries of a folder a ``*`` matches at most."""


class Installer(NamedTuple):
    """The folders of an installer's programs."""

    variables: tuple[str, ...]
    """If one of them is set, its folder replaces the starts."""
    starts: tuple[str, ...]
    """``~`` is home, ``$NAME`` a variable that has to be set, unless it has a default."""
    tails: tuple[str, ...] = ("",)
    """What follows a start; ``*`` in a part matches anything, the newest version first."""
    separator: str = ""
    """What separates the folders in the variables, where they hold more than one."""


DEFAULTS = {"XDG_DATA_HOME": ".local/share", "XDG_STATE_HOME": ".local/state", "XDG_CONFIG_HOME": ".config"}
"""The folders below home that variables name while they are not set."""
_DATA = "$XDG_DATA_HOME"
_CONDA = (
    "~/miniforge3", "~/mambaforge", "~/miniconda3", "~/anaconda3", "~/miniforge", "~/miniconda", "~/anaconda",
    "~/micromamba", f"{_DATA}/mamba", "~/opt/miniconda3", "~/opt/anaconda3",
)  # fmt: skip
POSIX = (
    Installer(("XDG_BIN_HOME",), ()),
    Installer((), ("~/.local/bin", "~/bin")),
    Installer(("NPM_CONFIG_PREFIX", "npm_config_prefix"), (), ("bin",)),
    Installer((), ("~/.npm-global", "~/.npm-packages"), ("bin",)),
    Installer(("NVM_DIR",), ("~/.nvm", "~/.config/nvm"), ("versions/node/*/bin",)),
    Installer(
        ("FNM_DIR",), (f"{_DATA}/fnm", "~/.fnm", "~/Library/Application Support/fnm"),
        ("aliases/default/bin", "node-versions/*/installation/bin"),
    ),
    Installer(
        ("VOLTA_HOME",), ("~/.volta",), ("bin", "tools/image/packages/*/bin", "tools/image/packages/@*/*/bin")
    ),
    Installer(
        ("ASDF_DATA_DIR",), ("~/.asdf",),
        ("shims", "installs/nodejs/*/bin", "installs/nodejs/*/.npm/bin", "installs/*/*/bin"),
    ),
    Installer(("MISE_SHIMS_DIR",), ()),
    Installer(
        ("MISE_DATA_DIR",), (f"{_DATA}/mise", f"{_DATA}/rtx", "/usr/local/share/mise"),
        ("shims", "installs/node/*/bin", "installs/*/*/node_modules/.bin", "installs/*/*/bin", "installs/*/*"),
    ),
    Installer(("MISE_INSTALLS_DIR",), (), ("*/*/node_modules/.bin", "*/*/bin", "*/*")),
    Installer(("NODENV_ROOT",), ("~/.nodenv", "~/.anyenv/envs/nodenv"), ("shims", "versions/*/bin")),
    Installer(("NODEBREW_ROOT",), ("~/.nodebrew",), ("current/bin", "node/*/bin")),
    Installer(
        ("PROTO_HOME",), (f"{_DATA}/proto", "~/.proto"),
        ("shims", "bin", "tools/node/globals/bin", "tools/*/*/bin", "tools/*/*"),
    ),
    Installer(("NVS_HOME",), ("~/.nvs",), ("default/bin", "node/*/*/bin")),
    Installer(("VFOX_HOME",), ("~/.vfox", "~/.version-fox"), ("sdks/nodejs/bin", "cache/nodejs/*/*/bin")),
    Installer(("N_PREFIX",), ("~/n",), ("bin",)),
    Installer(("BUN_INSTALL_BIN",), ()),
    Installer(("BUN_INSTALL",), ("~/.bun", "$XDG_CACHE_HOME/.bun"), ("bin",)),
    Installer(("DENO_INSTALL_ROOT",), (), ("bin",)),
    Installer(("DENO_INSTALL",), ("~/.deno",), ("bin",)),
    Installer(("PNPM_HOME",), (f"{_DATA}/pnpm", "~/Library/pnpm"), ("", "bin")),
    Installer(
        (), ("~/.yarn/bin", "$XDG_CONFIG_HOME/yarn/global/node_modules/.bin", f"{_DATA}/yarn/global/node_modules/.bin")
    ),
    Installer(("CARGO_INSTALL_ROOT",), (), ("bin",)),
    Installer(("CARGO_HOME",), ("~/.cargo",), ("bin",)),
    Installer(("GOBIN",), ()),
    Installer(("GOPATH",), ("~/go",), ("bin",), os.pathsep),
    Installer(("HOMEBREW_PREFIX",), (), ("bin",)),
    Installer(
        (), ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew", "~/.linuxbrew", "/opt/local", "/snap",
             "/var/lib/snapd/snap", f"{_DATA}/flatpak/exports", "/var/lib/flatpak/exports"),
        ("bin",),
    ),
    Installer(("UV_TOOL_BIN_DIR",), ()),
    Installer(("UV_TOOL_DIR",), (f"{_DATA}/uv/tools",), ("*/bin",)),
    Installer(("PIPX_BIN_DIR",), ()),
    Installer(
        ("PIPX_HOME",), (f"{_DATA}/pipx", "~/.local/pipx", "~/Library/Application Support/pipx", "/opt/pipx"),
        ("venvs/*/bin",),
    ),
    Installer(("RYE_HOME",), ("~/.rye",), ("shims",)),
    Installer(("PYENV_ROOT",), ("~/.pyenv", "~/.anyenv/envs/pyenv"), ("shims", "versions/*/bin")),
    Installer(("PYTHONUSERBASE",), (), ("bin",)),
    Installer((), ("~/Library/Python", "/Library/Frameworks/Python.framework/Versions"), ("*/bin",)),
    Installer(("PIXI_HOME",), ("~/.pixi",), ("bin", "envs/*/bin")),
    Installer(("CONDA_PREFIX",), (), ("bin",)),
    Installer(("MAMBA_ROOT_PREFIX",), (), ("bin", "envs/*/bin")),
    Installer(
        (), (*_CONDA, "/opt/conda", "/opt/miniforge3", "/opt/miniconda3", "/opt/anaconda3"), ("bin", "envs/*/bin")
    ),
    Installer((), ("/opt/homebrew/Caskroom", "/usr/local/Caskroom"), ("mini*/base/bin", "mini*/base/envs/*/bin")),
    Installer(("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"), ("~/.conda/envs",), ("*/bin",), os.pathsep),
    Installer(
        (), ("~/.nix-profile", "$XDG_STATE_HOME/nix/profile", "/etc/profiles/per-user/$USER",
             "/nix/var/nix/profiles/default", "/run/current-system/sw"),
        ("bin",),
    ),
    Installer(("NIX_PROFILES",), (), ("bin",), " "),
    Installer((), (f"{_DATA}/devbox/global/default/.devbox/nix/profile/default", "~/.guix-profile"), ("bin",)),
)  # fmt: skip
WINDOWS = (
    Installer(("XDG_BIN_HOME",), ()),
    Installer((), ("~/.local/bin",)),
    Installer(("NPM_CONFIG_PREFIX", "npm_config_prefix"), ("$APPDATA/npm",)),
    Installer((), ("$LOCALAPPDATA/Programs",), ("*", "*/bin")),
    Installer((), ("$ProgramFiles/nodejs",)),
    Installer(("SCOOP",), ("~/scoop",), ("shims", "apps/*/current/bin")),
    Installer(("SCOOP_GLOBAL",), ("$ProgramData/scoop",), ("shims", "apps/*/current/bin")),
    Installer(("NVM_SYMLINK",), ()),
    Installer(("NVM_HOME",), ("$APPDATA/nvm", "$LOCALAPPDATA/nvm"), ("v*",)),
    Installer(("FNM_DIR",), ("$APPDATA/fnm",), ("aliases/default", "node-versions/*/installation")),
    Installer(
        ("VOLTA_HOME",), ("$LOCALAPPDATA/Volta",), ("bin", "tools/image/packages/*", "tools/image/packages/@*/*")
    ),
    Installer(
        ("MISE_DATA_DIR",), ("$LOCALAPPDATA/mise",),
        ("shims", "installs/*/*/node_modules/.bin", "installs/*/*/bin", "installs/*/*"),
    ),
    Installer(
        ("PROTO_HOME",), ("~/.proto",), ("shims", "bin", "tools/node/globals/bin", "tools/*/*/bin", "tools/*/*")
    ),
    Installer(("NVS_HOME",), ("$LOCALAPPDATA/nvs",), ("default", "node/*/*")),
    Installer(("VFOX_HOME",), ("~/.vfox", "~/.version-fox"), ("sdks/nodejs", "cache/nodejs/*/*")),
    Installer(("PNPM_HOME",), ("$LOCALAPPDATA/pnpm",), ("", "bin")),
    Installer((), ("$LOCALAPPDATA/Yarn/bin", "$LOCALAPPDATA/Yarn/Data/global/node_modules/.bin")),
    Installer(
        (), ("$LOCALAPPDATA/Microsoft/WinGet", "$ProgramFiles/WinGet"), ("Links", "Packages/*", "Packages/*/bin")
    ),
    Installer((), ("$LOCALAPPDATA/Microsoft/WindowsApps", "$ProgramData/chocolatey/bin")),
    Installer(("BUN_INSTALL_BIN",), ()),
    Installer(("BUN_INSTALL",), ("~/.bun",), ("bin",)),
    Installer(("DENO_INSTALL_ROOT",), (), ("bin",)),
    Installer(("DENO_INSTALL",), ("~/.deno",), ("bin",)),
    Installer(("CARGO_INSTALL_ROOT",), (), ("bin",)),
    Installer(("CARGO_HOME",), ("~/.cargo",), ("bin",)),
    Installer(("GOBIN",), ()),
    Installer(("GOPATH",), ("~/go",), ("bin",), os.pathsep),
    Installer(("UV_TOOL_BIN_DIR",), ()),
    Installer(("UV_TOOL_DIR",), ("$APPDATA/uv/tools", "$APPDATA/uv/data/tools"), ("*/Scripts",)),
    Installer(("PIPX_BIN_DIR",), ()),
    Installer(("PIPX_HOME",), ("~/pipx", "$LOCALAPPDATA/pipx", "$LOCALAPPDATA/pipx/pipx"), ("venvs/*/Scripts",)),
    Installer(("RYE_HOME",), ("~/.rye",), ("shims",)),
    Installer(("PYENV",), ("~/.pyenv/pyenv-win",), ("shims", "versions/*/Scripts")),
    Installer((), ("$APPDATA/Python", "$LOCALAPPDATA/Programs/Python"), ("*/Scripts",)),
    Installer(("PIXI_HOME",), ("~/.pixi",), ("bin", "envs/*", "envs/*/Scripts")),
    Installer(("CONDA_PREFIX",), (), ("", "Scripts")),
    Installer(
        ("MAMBA_ROOT_PREFIX",), ("$APPDATA/mamba", *_CONDA, "$ProgramData/miniforge3", "$ProgramData/miniconda3"),
        ("", "Scripts", "envs/*", "envs/*/Scripts"),
    ),
)  # fmt: skip
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
    Installer(("BUN_INSTALL_GLOBAL_DIR",), (), ("node_modules",)),
    Installer(("BUN_INSTALL",), ("~/.bun",), ("install/global/node_modules",)),
    Installer(
        (), ("$XDG_CONFIG_HOME/yarn", f"{_DATA}/yarn", "$LOCALAPPDATA/Yarn/Data"), ("global/node_modules",)
    ),
    Installer(("NPM_CONFIG_PREFIX", "npm_config_prefix"), ("$APPDATA/npm",), ("node_modules",)),
    Installer((), ("/usr/lib/node_modules",)),
)  # fmt: skip


def installers(platform: str) -> tuple[Installer, ...]:
    """The installers of a system, as ``sys.platform`` names it."""
    return WINDOWS if platform == "win32" else POSIX


def folders(of: Iterable[Installer], variables: Mapping[str, str], home: str) -> Iterator[str]:
    """The folders of those installers that are here. A folder need not exist where its start does."""
    for installer in of:
        chosen = next((variables[name] for name in installer.variables if variables.get(name)), None)
        if chosen is None:
            starts = [_start(start, variables, home) for start in installer.starts]
        else:
            given = chosen.split(installer.separator) if installer.separator else (chosen,)
            # A relative folder would depend on the working folder.
            starts = [start for start in given if os.path.isabs(start)]
        for start in starts:
            # Most installers are not here, and this tells it by one call.
            if start and os.path.isdir(start):
                for tail in installer.tails:
                    yield from expanded(start, tail)


def registry_id(path: str) -> str | None:
    """The registry's id of the agent that Zed has unpacked a file for."""
    _, matched, below = path.replace(os.sep, "/").partition("/external_agents/registry/")
    agent, _, version = below.partition("/")
    return agent if matched and version.startswith("v_") else None


def _start(start: str, variables: Mapping[str, str], home: str) -> str | None:
    """The absolute folder of a start; None where its variable names none."""
    if start.startswith("~/"):
        return f"{home}{os.sep}{start[2:]}"
    before, dollar, after = start.partition("$")
    if not dollar:
        return start
    name, slash, below = after.partition("/")
    value = variables.get(name) or (f"{home}{os.sep}{DEFAULTS[name]}" if name in DEFAULTS else "")
    # Within a path it is the name of one folder, and leads nowhere else.
    fits = (os.sep not in value and value not in ("", ".", "..")) if before else os.path.isabs(value)
    return f"{before}{value}{slash and os.sep}{below}" if fits else None


def expanded(folder: str, tail: str) -> Iterator[str]:
    """A folder with a tail; a ``*`` in a part matches anything, the newest version first."""
    before, star, after = tail.partition("*")
    if not star:
        yield os.path.join(folder, tail) if tail else folder
        return
    parent, _, prefix = before.rpartition("/")
    parent = os.path.join(folder, parent) if parent else folder
    next_tail = after.removeprefix("/")
    for name in newest_first(name for name in listed(parent)[:MAX_NAMES] if name.startswith(prefix)):
        yield from expanded(os.path.join(parent, name), next_tail)


def newest_first(names: Iterable[str]) -> list[str]:
    """Names with ``v22.10.0`` before ``v22.9.0``, and those that are not versions by their letters."""
    return sorted(names, key=_version_key, reverse=True)


def _version_key(name: str) -> tuple[list[int], str]:
    parts = name.lstrip("v").split(".")
    return [int(part) for part in parts if part.isdecimal() and len(part) < 10], name
