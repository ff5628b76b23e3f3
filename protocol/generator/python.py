"""Writes the Python side: frozen msgspec types, the method table, the ``initialize`` reply."""

from __future__ import annotations

import json

from generator.model import Field, Model, Structure, TypeRef

HEADER = '"""{0}\n\nGenerated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.\n"""\n'
MAX_WHOLE = 2**53 - 1
BASE = {
    "string": "str",
    "integer": "Whole",
    "number": "float",
    "boolean": "bool",
    "secret": "Secret",
    "object": "dict[str, Any]",
}


def _reference(ref: TypeRef) -> str:
    text = BASE.get(ref.name, ref.name)
    if ref.is_map:
        return f"dict[str, {text}]"
    for _ in range(ref.lists):
        text = f"tuple[{text}, ...]"
    return text


def _annotation(field: Field) -> str:
    # An object holds whatever its other alternatives describe.
    loose = [ref for ref in field.alternatives if ref.name == "object" and not ref.lists]
    text = " | ".join(_reference(ref) for ref in loose or field.alternatives)
    return text if field.required and not field.nullable else f"{text} | None"


def _field(field: Field) -> list[str]:
    line = f"    {field.python_name}: {_annotation(field)}"
    if field.has_default:
        line = f"    {field.python_name}: {_annotation(field)} = {field.default!r}"
    elif not field.required:
        line += " = None"
    return [line, f'    """{field.documentation}"""']


def _structure(structure: Structure) -> list[str]:
    options = ["frozen=True", "kw_only=True", 'rename="camel"']
    if not any(field.has_default for field in structure.fields):
        options.append("omit_defaults=True")
    if structure.tag:
        options += [f'tag_field="{structure.tag[0]}"', f'tag="{structure.tag[1]}"']
    lines = [
        "",
        "",
        f"class {structure.name}(Struct, {', '.join(options)}):",
        f'    """{structure.documentation}"""',
    ]
    for field in structure.fields:
        if field.literal is None:
            lines += ["", *_field(field)]
    return lines


def types(model: Model) -> str:
    """The module ``modelport/protocol/types.py``."""
    lines = [
        HEADER.format("The values that cross the wire: frozen structs, camelCase outside, snake_case here."),
        "from __future__ import annotations",
        "",
        "from typing import Annotated, Any, Literal",
        "",
        "from msgspec import Meta, Struct",
        "",
        "from modelport.protocol.secret import Secret",
        "",
        f"Whole = Annotated[int, Meta(ge=-{MAX_WHOLE}, le={MAX_WHOLE})]",
        '"""A whole number that every language holds exactly. Source: RFC 8259, 6."""',
        "",
    ]
    for enum in (e for e in model.enumerations if not e.get("lsp")):
        values = "".join(f'\n    "{v["value"]}",' for v in enum["values"])
        lines += [f"{enum['name']} = Literal[{values}\n]", f'"""{enum["documentation"]}"""', ""]
    body = [line for s in model.own_structures for line in _structure(s)]
    for union in (u for u in model.unions if not u.get("lsp")):
        members = " | ".join(union["members"].values())
        body += ["", "", f"{union['name']} = {members}", f'"""{union["documentation"]}"""']
    return "\n".join([*lines[:-1], *body]).replace("\n\n\n\n", "\n\n\n") + "\n"


def methods(model: Model) -> str:
    """The module ``modelport/protocol/methods.py``."""
    served = [m for m in model.methods if m["direction"] == "clientToServer" and m["status"] == "stable"]
    names = sorted({m["params"] for m in served})
    lines = [
        HEADER.format("The methods this build serves, with the type of their params, and the error codes."),
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "from msgspec import Struct",
        "",
        "from modelport.protocol.types import (",
        *[f"    {name}," for name in names],
        ")",
        "",
        "METHODS: Final[dict[str, type[Struct]]] = {",
        *[f'    "{m["method"]}": {m["params"]},' for m in served],
        "}",
        '"""Method name to params type; the handler of ``noun/verb`` is called ``verb_noun``."""',
        "",
    ]
    for error in model.errors:
        constant = "".join(f"_{c}" if c.isupper() else c.upper() for c in error["name"]).lstrip("_")
        lines += [f"{constant}: Final = {error['code']}", f'"""{error["documentation"]}"""']
    return "\n".join(lines) + "\n"


def initialize(model: Model, version: str) -> str:
    """The module ``modelport/protocol/initialize.py``: the reply, ready to send."""
    served = [m["method"] for m in model.methods if m["direction"] == "clientToServer" and m["status"] == "stable"]
    commands = [command_name(method) for method in served]
    result = {
        "capabilities": {
            "executeCommandProvider": {"commands": commands},
            "experimental": {"modelport": {"protocolVersion": model.version, "methods": served}},
        },
        "serverInfo": {"name": "modelport", "version": version},
    }
    text = json.dumps(result, separators=(",", ":"))
    chunks = [text[i : i + 84] for i in range(0, len(text), 84)]
    lines = [
        HEADER.format("The result of ``initialize``. Imports nothing, so that the first reply waits for nothing."),
        f'VERSION = "{version}"',
        "",
        "INITIALIZE_RESULT = (",
        *[f"    b{chunk!r}" for chunk in chunks],
        ")",
    ]
    return "\n".join(lines) + "\n"


def command_name(method: str) -> str:
    """The ``workspace/executeCommand`` name of a method: ``usage/summary`` is ``modelport.usage.summary``."""
    return "modelport." + method.replace("/", ".")
