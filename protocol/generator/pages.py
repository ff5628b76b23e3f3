"""Writes the pages under ``protocol/methods/``: one per noun, those of the LSP, of types and of errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from generator.model import RESULTS, Field, Model, Structure, read_json

ARROWS = {"clientToServer": "client → server", "serverToClient": "server → client", "both": "client ↔ server"}
NOTE = "<!-- Generated from model.json by generate.py; do not edit. -->\n"


LSP_NOTE = (
    "These are LSP 3.18's own. Here is the part that the server reads or sends; everything else in them is ignored. "
    "Their order, versions and the end of a session: [Lifecycle](../README.md#lifecycle)."
)
COLUMNS_NOTE = (
    "*Retryable* is the usual value of `data.retryable`, which decides. *Data* are the fields that may come besides "
    "`kind`, `retryable` and `action`. Every request that is in flight when the server is stopped may end with "
    "`stream_interrupted`."
)
Sections = Mapping[str, str]
"""Name of a type to the text that follows the table of its fields."""
GROWTH = {
    True: "Open: a later minor version may add to it, and a reader MUST accept what it does not know.",
    False: "Closed: nothing is added within a major version.",
}


def _presence(field: Field) -> str:
    if field.nullable:
        return "always, may be null"
    default = field.default if field.has_default else field.absent_means
    presence = "always" if field.required or field.has_default else "optional"
    if default is None:
        return presence
    value = default if isinstance(default, str) else json.dumps(default)
    return f"{presence}; absent means `{value}`"


def _limits(field: Field) -> str:
    low, high = field.limits
    if low is not None and high is not None:
        return f" From {low} to {high}."
    return "" if low is None else f" At least {low}."


def _type(field: Field) -> str:
    return f'"{field.literal}"' if field.literal is not None else field.spelling.replace(" | ", " or ")


def _fields(structure: Structure) -> list[str]:
    if not structure.fields:
        return [structure.documentation, ""]
    rows = [f"| `{f.name}` | `{_type(f)}` | {_presence(f)} | {f.documentation}{_limits(f)} |" for f in structure.fields]
    return [structure.documentation, "", "| field | type | present | meaning |", "|---|---|---|---|", *rows, ""]


def example_path(folder: Path, method: str) -> Path:
    """The file with the example of a message; the ``$`` of the LSP's names is left out."""
    return folder / f"{method.removeprefix('$/').replace('/', '.')}.json"


def _example(folder: Path, method: str) -> list[str]:
    path = example_path(folder, method)
    if not path.is_file():
        raise ValueError(f"{method} has no example: write examples/{path.name}")
    example: dict[str, Any] = read_json(path)
    lines = ["#### Example", ""]
    for name, value in example.items():
        text = json.dumps(value, indent=2, ensure_ascii=False)
        lines += [f"{name}:", "", "```json", text, "```", ""]
    return lines


def _message(model: Model, entry: dict[str, Any], folder: Path, sections: Sections) -> list[str]:
    structures = {s.name: s for s in model.structures}
    arrow = ARROWS[entry["direction"]]
    kind = "request" if "result" in entry else "notification"
    lines = [f"## `{entry['method']}`", "", f"{kind.capitalize()}, {arrow}.", "", entry["documentation"], ""]
    if entry["status"] == "planned":
        lines += ["**Not built yet:** answers -32601 and is not in the advertised list.", ""]
    lines += [f"### Params: {entry['params']}", "", *_fields(structures[entry["params"]])]
    if entry["params"] in sections:
        lines += [sections[entry["params"]], ""]
    if "result" in entry:
        lines += _result(entry["result"], structures)
    if entry.get("errors"):
        kinds = ", ".join(f"`{kind}`" for kind in entry["errors"])
        lines += ["### Errors", "", f"By [`data.kind`](errors.md#datakind): {kinds}.", ""]
    return lines + _example(folder, entry["method"])


def _result(name: str, structures: Mapping[str, Structure]) -> list[str]:
    if name in RESULTS:
        return ["### Result", "", "Always null." if name == "null" else "As the message says.", ""]
    whole = structures[name].lsp or name.endswith("Result")
    text = _fields(structures[name]) if whole else [f"See [{name}](types.md#{name.lower()}).", ""]
    return [f"### Result: {name}", "", *text]


def noun_pages(model: Model, examples: Path, sections: Sections) -> dict[str, str]:
    """File name to text, a page for each noun.

    Raises:
        ValueError: a message has no example, or one that is not JSON.
    """
    entries = sorted((*model.methods, *model.notifications), key=lambda e: e["method"].split("/")[0])
    pages: dict[str, str] = {}
    for noun, group in groupby(entries, key=lambda e: e["method"].split("/")[0]):
        lines = [NOTE, f"# {noun}", ""]
        for entry in group:
            lines += _message(model, entry, examples, sections)
        pages[f"{noun}.md"] = "\n".join(lines).rstrip() + "\n"
    return pages


def lifecycle_page(model: Model, examples: Path) -> str:
    """The page of the messages that the Language Server Protocol specifies, with the types that only they need.

    Raises:
        ValueError: a message has no example, or one that is not JSON.
    """
    lines = [
        NOTE,
        "# Messages of the Language Server Protocol",
        "",
        LSP_NOTE,
        "",
    ]
    for entry in model.lsp_messages:
        lines += _message(model, entry, examples, {})
    own = {name for m in model.lsp_messages for name in (m["params"], m.get("result"))}
    lines += ["# Types", ""]
    for structure in model.structures:
        if structure.lsp and structure.name not in own:
            lines += [f"## {structure.name}", "", *_fields(structure)]
    for union in model.unions:
        if union.get("lsp"):
            lines += _union(union)
    for enum in model.enumerations:
        if enum.get("lsp"):
            lines += _enumeration(enum)
    return "\n".join(lines).rstrip() + "\n"


def types_page(model: Model) -> str:
    """The page of the types that are not the params or result of one method."""
    own = {m["params"] for m in model.messages}
    own |= {m["result"] for m in model.methods if m["result"].endswith("Result")}
    lines = [NOTE, "# Types", "", "An optional field that is absent is unknown, never a guess; null means absent.", ""]
    for s in model.own_structures:
        if s.name not in own:
            lines += [f"## {s.name}", "", *_fields(s)]
    for union in model.unions:
        if not union.get("lsp"):
            lines += _union(union)
    for enum in model.enumerations:
        if not enum.get("lsp"):
            lines += _enumeration(enum)
    return "\n".join(lines).rstrip() + "\n"


def _union(union: dict[str, Any]) -> list[str]:
    members = ", ".join(f"[{m}](#{m.lower()})" for m in union["members"].values())
    told = f"One of {members}, distinguished by `{union['tag']}`."
    return [f"## {union['name']}", "", union["documentation"], "", told, "", GROWTH[union["open"]], ""]


def _enumeration(enum: dict[str, Any]) -> list[str]:
    rows = [f"| `{v['value']}` | {v['documentation']} |" for v in enum["values"]]
    head = [f"## {enum['name']}", "", enum["documentation"], "", GROWTH[enum["open"]], ""]
    return [*head, "| value | meaning |", "|---|---|", *rows, ""]


def errors_page(model: Model) -> str:
    """The page of error codes and kinds."""
    lines = [NOTE, "# Errors", "", "| code | name | when |", "|---|---|---|"]
    lines += [f"| {e['code']} | {e['name']} | {e['documentation']} |" for e in model.errors]
    kinds = next(e for e in model.enumerations if e["name"] == "ErrorKind")
    head = [
        "## `data.kind`",
        "",
        kinds["documentation"],
        "",
        GROWTH[kinds["open"]],
        "",
        COLUMNS_NOTE,
        "",
    ]
    lines += ["", *head, "| kind | when | code | retryable | data |", "|---|---|---|---|---|"]
    for value in kinds["values"]:
        codes = ", ".join(map(str, value.get("codes", ())))
        retryable = "yes" if value.get("retryable") else "no"
        data = ", ".join(f"`{name}`" for name in value.get("data", ()))
        lines.append(f"| `{value['value']}` | {value['documentation']} | {codes} | {retryable} | {data} |")
    data = next(s for s in model.structures if s.name == "ErrorData")
    lines += ["", "## `data`", "", *_fields(data)]
    return "\n".join(lines).rstrip() + "\n"


def index_page(model: Model) -> str:
    """The table of all messages."""
    lines = [NOTE, "# Messages", "", "| message | kind | direction | built |", "|---|---|---|---|"]
    for entry in model.messages:
        kind = "request" if "result" in entry else "notification"
        arrow = ARROWS[entry["direction"]]
        page = "lifecycle" if entry.get("lsp") else entry["method"].split("/")[0]
        built = "yes" if entry["status"] == "stable" else "not yet"
        lines.append(f"| [`{entry['method']}`]({page}.md) | {kind} | {arrow} | {built} |")
    return "\n".join(lines) + "\n"
