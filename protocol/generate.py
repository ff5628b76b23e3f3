"""Writes every file generated from ``model.json``; with ``--check`` only lists the stale ones.

Usage: python protocol/generate.py [--check]
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from generator import json_schema, pages, python, typescript
from generator import model as source

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def outputs(sections: Mapping[str, str] | None = None) -> dict[Path, str]:
    """Every file generated from ``model.json`` and the text it should have; ``sections`` follow the tables of types.

    Raises:
        ValueError: ``model.json`` contradicts itself, or a message has no example.
    """
    model = source.load(HERE / "model.json")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    package = ROOT / "server" / "modelport" / "protocol"
    files = {
        package / "types.py": python.types(model),
        package / "methods.py": python.methods(model),
        package / "initialize.py": python.initialize(model, project["project"]["version"]),
        ROOT / "client-vscode" / "src" / "protocol.ts": typescript.module(model),
        HERE / "agent.schema.json": json_schema.schema(model, "Agent"),
        HERE / "methods" / "README.md": pages.index_page(model),
        HERE / "methods" / "types.md": pages.types_page(model),
        HERE / "methods" / "errors.md": pages.errors_page(model),
        HERE / "methods" / "lifecycle.md": pages.lifecycle_page(model, HERE / "examples"),
    }
    for name, text in pages.noun_pages(model, HERE / "examples", sections or {}).items():
        files[HERE / "methods" / name] = text
    return files


def configuration_schema() -> dict[Path, str]:
    """The schema of the configuration file, generated from types of the server."""
    # Those are built on the generated types, so they are loaded once these are written.
    from modelport.adapters.configuration.schema import schema  # noqa: PLC0415

    return {HERE / "config.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"}


def sections() -> dict[str, str]:
    """The parts of the pages that are generated from tables of the server, by the type they belong to."""
    from modelport.domain.completions.parameters import ALIASES, CHECKS  # noqa: PLC0415

    lines = ["#### Sampling parameters", "", "| name | other names | value |", "|---|---|---|"]
    for name, (_, wanted) in CHECKS.items():
        others = ", ".join(f"`{alias}`" for alias, meant in ALIASES.items() if meant == name)
        lines.append(f"| `{name}` | {others} | {wanted} |")
    return {"CreateCompletionParams": "\n".join(lines)}


def main(arguments: list[str]) -> int:
    """Returns the exit code: 1 when the source is not sound, or ``--check`` finds a stale or left-over file."""
    try:
        wanted = outputs()
    except ValueError as error:
        print(error)
        return 1
    checking = "--check" in arguments
    if not checking:
        _write({path: text for path, text in wanted.items() if path.suffix == ".py"})
    wanted = outputs(sections()) | configuration_schema()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    stale += [p for p in (HERE / "methods").glob("*.md") if p not in wanted]
    if checking:
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)} (run: make generate)")
        return 1 if stale else 0
    for path in stale:
        if path not in wanted:
            path.unlink()
    _write(wanted)
    return 0


def _write(wanted: dict[Path, str]) -> None:
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
