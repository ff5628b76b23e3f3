"""Writes the pages under ``protocol/methods/``: one per noun, one of types, one of errors."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from generator.model import Field, Model, Structure, read_json

NOTE = "<!-- Generated from model.json by generate.py; do not edit. -->\n"


def _presence(field: Field) -> str:
    if field.nullable:
        return "always, may be null"
    return "always" if field.required or field.has_default else "optional"


def _fields(structure: Structure) -> list[str]:
    if not structure.fields:
        return [structure.documentation, ""]
    rows = [f'| `{structure.tag[0]}` | `"{structure.tag[1]}"` | always | The kind. |'] if structure.tag else []
    rows += [
        f"| `{f.name}` | `{f.spelling.replace(' | ', ' or ')}` | {_presence(f)} | {f.documentation} |"
        for f in structure.fields
    ]
    return [structure.documentation, "", "| field | type | present | meaning |", "|---|---|---|---|", *rows, ""]


def _example(folder: Path, method: str) -> list[str]:
    path = folder / f"{method.replace('/', '.')}.json"
    if not path.is_file():
        raise ValueError(f"{method} has no example: write examples/{path.name}")
    example: dict[str, Any] = read_json(path)
    lines = ["#### Example", ""]
    for name, value in example.items():
        text = json.dumps(value, indent=2, ensure_ascii=False)
        lines += [f"{name}:", "", "```json", text, "```", ""]
    return lines


def _message(model: Model, entry: dict[str, str], folder: Path) -> list[str]:
    structures = {s.name: s for s in model.structures}
    arrow = "client → server" if entry["direction"] == "clientToServer" else "server → client"
    kind = "request" if "result" in entry else "notification"
    lines = [f"## `{entry['method']}`", "", f"{kind.capitalize()}, {arrow}.", "", entry["documentation"], ""]
    if entry["status"] == "planned":
        lines += ["**Not built yet:** answers -32601 and is not in the advertised list.", ""]
    lines += [f"### Params: {entry['params']}", "", *_fields(structures[entry["params"]])]
    if "result" in entry:
        lines += [f"### Result: {entry['result']}", ""]
        lines += (
            _fields(structures[entry["result"]])
            if entry["result"].endswith("Result")
            else [
                f"See [{entry['result']}](types.md#{entry['result'].lower()}).",
                "",
            ]
        )
    return lines + _example(folder, entry["method"])


def noun_pages(model: Model, examples: Path) -> dict[str, str]:
    """File name to text, a page for each noun.

    Raises:
        ValueError: a message has no example, or one that is not JSON.
    """
    entries = sorted((*model.methods, *model.notifications), key=lambda e: e["method"].split("/")[0])
    pages: dict[str, str] = {}
    for noun, group in groupby(entries, key=lambda e: e["method"].split("/")[0]):
        lines = [NOTE, f"# {noun}", ""]
        for entry in group:
            lines += _message(model, entry, examples)
        pages[f"{noun}.md"] = "\n".join(lines).rstrip() + "\n"
    return pages


def types_page(model: Model) -> str:
    """The page of the types that are not the params or result of one method."""
    own = {m["params"] for m in (*model.methods, *model.notifications)}
    own |= {m["result"] for m in model.methods if m["result"].endswith("Result")}
    lines = [NOTE, "# Types", "", "An optional field that is absent is unknown, never a guess; null means absent.", ""]
    for s in model.structures:
        if s.name not in own:
            lines += [f"## {s.name}", "", *_fields(s)]
    for union in model.unions:
        members = ", ".join(f"[{m}](#{m.lower()})" for m in union["members"].values())
        lines += [
            f"## {union['name']}",
            "",
            union["documentation"],
            "",
            f"One of {members}, distinguished by `{union['tag']}`.",
            "",
        ]
    for enum in model.enumerations:
        rows = [f"| `{v['value']}` | {v['documentation']} |" for v in enum["values"]]
        lines += [f"## {enum['name']}", "", enum["documentation"], "", "| value | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def errors_page(model: Model) -> str:
    """The page of error codes and kinds."""
    lines = [NOTE, "# Errors", "", "| code | name | when |", "|---|---|---|"]
    lines += [f"| {e['code']} | {e['name']} | {e['documentation']} |" for e in model.errors]
    kinds = next(e for e in model.enumerations if e["name"] == "ErrorKind")
    lines += ["", "## `data.kind`", "", "| kind | when |", "|---|---|"]
    lines += [f"| `{v['value']}` | {v['documentation']} |" for v in kinds["values"]]
    data = next(s for s in model.structures if s.name == "ErrorData")
    lines += ["", "## `data`", "", *_fields(data)]
    return "\n".join(lines).rstrip() + "\n"


def index_page(model: Model) -> str:
    """The table of all messages."""
    lines = [NOTE, "# Messages", "", "| message | kind | direction | built |", "|---|---|---|---|"]
    for entry in (*model.methods, *model.notifications):
        kind = "request" if "result" in entry else "notification"
        arrow = "client → server" if entry["direction"] == "clientToServer" else "server → client"
        noun = entry["method"].split("/")[0]
        built = "yes" if entry["status"] == "stable" else "not yet"
        lines.append(f"| [`{entry['method']}`]({noun}.md) | {kind} | {arrow} | {built} |")
    return "\n".join(lines) + "\n"
