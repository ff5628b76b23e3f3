"""Checks that the specification, its examples and the server agree.

Usage: python protocol/check.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema
import msgspec

from generator.model import Model, load, read_json
from generator.pages import example_path
from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.protocol import types
from modelport.protocol.secret import Secret

HERE = Path(__file__).resolve().parent


def problems() -> list[str]:
    """Every contradiction, a sentence each."""
    try:
        raw = read_json(HERE / "model.json")
    except ValueError as error:
        return [str(error)]
    schema = json.loads((HERE / "model.schema.json").read_text(encoding="utf-8"))
    validator: Any = jsonschema.Draft202012Validator(schema)
    errors: list[jsonschema.ValidationError] = list(validator.iter_errors(raw))
    found = [f"model.json: {error.json_path}: {error.message}" for error in errors]
    if found:
        return found
    try:
        model = load(HERE / "model.json")
        new = [structure.name for structure in model.own_structures if not hasattr(types, structure.name)]
        if new:
            return [f"the server has no {', '.join(new)} yet: run make generate"]
        return [*_handlers(model), *_examples(model)]
    except ValueError as error:
        return [str(error)]


def _handlers(model: Model) -> list[str]:
    served = {m["method"]: m for m in model.methods if m["direction"] == "clientToServer" and m["status"] == "stable"}
    found = [f"{method} has no handler" for method in sorted(served.keys() - HANDLERS.keys())]
    found += [
        f"the handler of {method} has no method in model.json" for method in sorted(HANDLERS.keys() - served.keys())
    ]
    for method, handler in HANDLERS.items():
        noun, verb = method.split("/")
        if handler.__name__ != f"{verb}_{noun}" or not handler.__module__.endswith(f".handlers.{noun}"):
            found.append(f"the handler of {method} must be {verb}_{noun} in handlers/{noun}.py")
        elif method in served:
            found += _types(served[method], handler)
    return found


def _types(entry: dict[str, str], handler: Any) -> list[str]:
    """The contradictions between the types of a handler and those of its method; a reply may be encoded already."""
    hints = get_type_hints(handler)
    wanted = {"params": entry["params"], "return": entry["result"]}
    return [
        f"the handler of {entry['method']} must have {kind} as the type of its {part}"
        for part, kind in wanted.items()
        if getattr(types, kind) not in (hints.get(part), *get_args(hints.get(part)))
    ]


def _examples(model: Model) -> list[str]:
    found: list[str] = []
    entries = {entry["method"]: entry for entry in (*model.methods, *model.notifications)}
    files = {message["method"]: example_path(HERE / "examples", message["method"]) for message in model.messages}
    found += [f"{method} has no example" for method in sorted(files) if not files[method].is_file()]
    others = sorted(path.name for path in set((HERE / "examples").glob("*.json")) - set(files.values()))
    found += [f"examples/{name} belongs to no message" for name in others]
    for method in sorted(method for method in entries if files[method].is_file()):
        example = read_json(files[method])
        wanted = {"params", "result"} if "result" in entries[method] else {"params"}
        if not wanted <= example.keys():
            found.append(f"examples/{files[method].name} lacks {sorted(wanted - example.keys())}")
        for part in wanted & example.keys():
            found += _fits(files[method].name, part, example[part], entries[method][part])
    return found


def _fits(name: str, part: str, value: Any, kind: str) -> list[str]:
    """The problems of a value that does not survive decoding into its type and encoding, such as a misspelt field."""
    try:
        typed = msgspec.convert(value, getattr(types, kind), dec_hook=lambda _, text: Secret(text))
    except msgspec.ValidationError as error:
        return [f"examples/{name}: {part}: {error}"]
    back = json.loads(msgspec.json.encode(typed, enc_hook=lambda secret: secret.reveal()))
    return [] if back == value else [f"examples/{name}: {part} has fields that {kind} does not have"]


def main() -> int:
    """Prints the problems; returns 1 when there are any."""
    found = problems()
    print("\n".join(found) if found else "the specification, its examples and the server agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
