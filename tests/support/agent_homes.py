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
