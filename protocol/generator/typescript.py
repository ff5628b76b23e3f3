"""Writes the TypeScript side: interfaces, literal unions and the method tables."""

from __future__ import annotations

from generator.model import Field, Model, TypeRef

BASE = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "secret": "string",
    "object": "Record<string, unknown>",
}


def _reference(ref: TypeRef) -> str:
    text = BASE.get(ref.name, ref.name)
    if ref.is_map:
        return f"Record<string, {text}>"
    return f"readonly {text}" + "[]" if ref.lists == 1 else text + "[]" * ref.lists


def _field(field: Field) -> list[str]:
    if field.literal is not None:
        return [f'  readonly {field.name}: "{field.literal}";']
    text = " | ".join(_reference(ref) for ref in field.alternatives)
    if field.nullable:
        text += " | null"
    mark = "" if field.required or field.has_default else "?"
    return [f"  /** {field.documentation} */", f"  readonly {field.name}{mark}: {text};"]


def _table(name: str, documentation: str, rows: list[str]) -> list[str]:
    return ["", f"/** {documentation} */", f"export interface {name} {{", *rows, "}"]


def module(model: Model) -> str:
    """The module ``client-vscode/src/protocol.ts``."""
    lines = [
        "// Modelport's protocol. Generated from protocol/model.json by protocol/generate.py; do not edit.",
        "",
        f'export const PROTOCOL_VERSION = "{model.version}";',
    ]
    for enum in (e for e in model.enumerations if not e.get("lsp")):
        values = " | ".join(f'"{v["value"]}"' for v in enum["values"])
        lines += ["", f"/** {enum['documentation']} */", f"export type {enum['name']} = {values};"]
    for s in model.own_structures:
        rows = [line for field in s.fields for line in _field(field)]
        if rows:
            lines += _table(s.name, s.documentation, rows)
        else:
            lines += ["", f"/** {s.documentation} */", f"export type {s.name} = Record<string, never>;"]
    for union in (u for u in model.unions if not u.get("lsp")):
        members = " | ".join(union["members"].values())
        lines += ["", f"/** {union['documentation']} */", f"export type {union['name']} = {members};"]
    for name, direction, doc in (
        ("ServerRequests", "clientToServer", "Requests the server answers: method to [params, result]."),
        ("ClientRequests", "serverToClient", "Requests the client answers: method to [params, result]."),
    ):
        rows = [
            f'  "{m["method"]}": [{m["params"]}, {m["result"]}];' for m in model.methods if m["direction"] == direction
        ]
        lines += _table(name, doc, rows)
    rows = [f'  "{n["method"]}": {n["params"]};' for n in model.notifications]
    lines += _table("ServerNotifications", "Notifications from the server: method to params.", rows)
    codes = [f"  {e['name']} = {e['code']}," for e in model.errors]
    lines += ["", "/** The codes of error replies. */", "export enum ErrorCode {", *codes, "}"]
    return "\n".join(lines) + "\n"
