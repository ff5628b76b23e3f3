"""Lays out homes as installers leave them."""

import json
from pathlib import Path

VENV_CFG = "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.3\n"


def program(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    """A file that can be started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def npm_package(modules: Path, name: str, version: str = "1.2.3", **bins: str) -> Path:
    """A package in a ``node_modules``, with its programs and the links to them in ``.bin``."""
    root = modules / name
    root.mkdir(parents=True)
    manifest = {"name": name, "version": version, **({"bin": bins} if bins else {})}
    (root / "package.json").write_text(json.dumps(manifest))
    (modules / ".bin").mkdir(exist_ok=True)
    for command, file in bins.items():
        program(root / file, "#!/usr/bin/env node\nconsole.log(1)\n")
        (modules / ".bin" / command).symlink_to(Path("..") / name / file)
    return root


def npm_global(prefix: Path, name: str, version: str = "1.2.3", **bins: str) -> Path:
    """A package as ``npm install -g`` leaves it."""
    root = npm_package(prefix / "lib/node_modules", name, version, **bins)
    (prefix / "bin").mkdir(exist_ok=True)
    for command, file in bins.items():
        (prefix / "bin" / command).symlink_to(Path("../lib/node_modules") / name / file)
    return root


def environment(prefix: Path, python: str = "/bin/sh") -> Path:
    """A virtual environment; gives the folder of its packages."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(VENV_CFG)
    (prefix / "bin/python3").symlink_to(python)
    (prefix / "bin/python").symlink_to("python3")
    site = prefix / "lib/python3.12/site-packages"
    site.mkdir(parents=True)
    return site


def python_prefix(prefix: Path) -> Path:
    """A Python of its own, as Conda, pyenv and asdf install it; gives the folder of its packages."""
    program(prefix / "bin/python3.12", "\x7fELF\0")
    (prefix / "bin/python3").symlink_to("python3.12")
    (prefix / "bin/python").symlink_to("python3.12")
    site = prefix / "lib/python3.12/site-packages"
    site.mkdir(parents=True)
    return site


def project(site: Path, name: str, version: str, *scripts: str) -> Path:
    """What an installer records of a project, and the scripts of its entry points."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nLong words.\n")
    if scripts:
        lines = "".join(f"{script} = some_module.cli:main\n" for script in scripts)
        (info / "entry_points.txt").write_text(f"[console_scripts]\n{lines}\n[gui_scripts]\nother = x:y\n")
    prefix = site.parents[2]
    for script in scripts:
        program(prefix / "bin" / script, f"#!{prefix}/bin/python3\nfrom some_module.cli import main\nmain()\n")
    return info


def tool(home: Path, name: str, version: str, *scripts: str, under: str = ".local/share/uv/tools") -> Path:
    """A tool as ``uv tool install`` and ``pipx install`` leave it: an environment, and links to its scripts."""
    prefix = home / under / name
    project(environment(prefix), name, version, *scripts)
    (home / ".local/bin").mkdir(parents=True, exist_ok=True)
    for script in scripts:
        (home / ".local/bin" / script).symlink_to(prefix / "bin" / script)
    return prefix


def volta_package(root: Path, name: str, version: str = "1.2.3", **bins: str) -> None:
    """A package as ``volta install`` leaves it: an image of its own, a record for each program, and links to Volta."""
    npm_global(root / "tools/image/packages" / name, name, version, **bins)
    program(root / "bin/volta-shim", "\x7fELF\0")
    platform = {"node": "22.1.0", "npm": None, "pnpm": None, "yarn": None}
    for command in bins:
        record = root / f"tools/user/bins/{command}.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        content = {"name": command, "package": name, "version": version, "platform": platform, "manager": "Npm"}
        record.write_text(json.dumps(content))
        (root / "bin" / command).symlink_to("volta-shim")


def volta_node(root: Path, version: str) -> None:
    """A Node as ``volta install node`` leaves it."""
    program(root / f"tools/image/node/{version}/bin/node", "\x7fELF\0")
    program(root / "bin/volta-shim", "\x7fELF\0")
    platform = root / "tools/user/platform.json"
    platform.parent.mkdir(parents=True, exist_ok=True)
    platform.write_text(json.dumps({"node": {"runtime": version, "npm": None}, "pnpm": None, "yarn": None}))
    if not (root / "bin/node").is_symlink():
        (root / "bin/node").symlink_to("volta-shim")


def asdf_shim(root: Path, command: str, *installed: tuple[str, str]) -> Path:
    """A shim as ``asdf reshim`` writes it; ``installed`` are the plugins and versions that have the program."""
    lines = "".join(f"# asdf-plugin: {plugin} {version}\n" for plugin, version in installed)
    return program(root / "shims" / command, f'#!/usr/bin/env bash\n{lines}exec asdf exec "{command}" "$@"')


def mise_shim(root: Path, command: str) -> Path:
    """A shim as ``mise reshim`` makes it."""
    mise = root.parents[1] / "bin/mise"
    if not mise.exists():
        program(mise, "\x7fELF\0")
    (root / "shims").mkdir(parents=True, exist_ok=True)
    (root / "shims" / command).symlink_to(mise)
    return root / "shims" / command


def rbenv_shim(root: Path, command: str, kind: str = "nodenv") -> Path:
    """A shim as ``nodenv rehash`` and ``pyenv rehash`` write it."""
    text = (
        '#!/usr/bin/env bash\nset -e\n[ -n "$' + kind.upper() + '_DEBUG" ] && set -x\n\nprogram="${0##*/}"\n\n'
        f'export {kind.upper()}_ROOT="{root}"\nexec "{root}/libexec/{kind}" exec "$program" "$@"\n'
    )
    return program(root / "shims" / command, text)


def proto_shim(root: Path, command: str, entry: dict[str, object] | None = None) -> Path:
    """A shim as ``proto regen`` makes it: a copy of one binary, and an entry in the registry."""
    registry = root / "shims/registry.json"
    registry.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(registry.read_text()) if registry.exists() else {}
    registry.write_text(json.dumps({**known, command: entry or {}}))
    return program(root / "shims" / command, "\x7fELF\0")


def pixi_trampoline(root: Path, command: str, target: Path) -> Path:
    """A program as ``pixi global install`` exposes it."""
    record = root / f"bin/trampoline_configuration/{command}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(
        json.dumps({"exe": str(target), "path_diff": "", "env": {"CONDA_PREFIX": str(target.parents[1])}})
    )
    return program(root / "bin" / command, "\x7fELF\0")
