"""Checks a parsed file against its types: every mistake at once, by key, and without repeating a value."""

from __future__ import annotations

import re
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from modelport.domain.providers.configuration import Document, Finding, KeyPath, ProviderEntry, did_you_mean
from modelport.protocol.shapes import is_list, is_object

_SECRET = re.compile(r"(api[-_]?key|key|token|secret|password)", re.IGNORECASE)
_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def check(raw: Any) -> list[Finding]:
    """Everything in a parsed file that does not fit ``Document``."""
    return _check(raw, Document, ())


def _check(value: Any, kind: Any, place: KeyPath) -> list[Finding]:
    if is_object(value):
        for choice in _choices(kind):
            if isinstance(choice, type) and issubclass(choice, Struct):
                return _fields(value, choice, place)
            if get_origin(choice) is dict:
                of = get_args(choice)[1]
                return [found for name, part in value.items() for found in _check(part, of, (*place, name))]
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return [Finding(place, _sentence(str(error), kind))]
    return []


def _fields(value: dict[str, Any], kind: type[Struct], place: KeyPath) -> list[Finding]:
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    needed = (field.encode_name for field in msgspec.structs.fields(kind) if field.required)
    found = [Finding(place, f"The setting {name} is missing.") for name in needed if name not in value]
    for name, part in value.items():
        if name in fields:
            found += _check(part, fields[name], (*place, name))
        elif kind is ProviderEntry and _SECRET.fullmatch(name) and not is_object(part):
            found.append(Finding((*place, name), no_keys_here(place[-1])))
        else:
            found.append(Finding((*place, name), f"There is no such setting{did_you_mean(name, tuple(fields))}."))
    return found


def no_keys_here(provider: str) -> str:
    """The sentence for a key that stands in the file."""
    return (
        f"Keys do not belong into this file: keep it with modelport keys set {provider}, or name a variable with "
        "api_key_env or a program with api_key_command."
    )


def _choices(kind: Any) -> tuple[Any, ...]:
    """The alternatives of a type, without its limits."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    plain = isinstance(kind, type) or get_origin(kind) in (dict, tuple)
    return (kind,) if plain else tuple(choice for part in get_args(kind) for choice in _choices(part))


def _sentence(complaint: str, kind: Any) -> str:
    what, _, place = complaint.partition(" - at ")
    item = " in the list" if "[" in place else ""
    if what.startswith("Invalid enum value"):
        allowed = [str(value) for choice in _literals(kind) for value in get_args(choice)]
        return f"The value{item} must be one of {', '.join(allowed)}."
    if "length" in what:
        return f"The value{item} must not be empty."
    if " >" in what or " <" in what:
        limits = re.sub(r".*?(>=?|<=?) ([\d.]+)", _limit, what.removeprefix("Expected "))
        return f"The value{item} must be a number {limits}."
    types = what.removeprefix("Expected ").split(", got")[0].replace("`", "").split(" | ")
    wanted = " or ".join(_WORDS.get(name, name) for name in types if name != "null")
    return f"The value{item} must be {wanted}."


def _limit(match: re.Match[str]) -> str:
    number = match[2].removesuffix(".0")
    return f"{'more than' if match[1] == '>' else 'at most' if match[1] == '<=' else match[1]} {number}"


def _literals(kind: Any) -> list[Any]:
    if is_list(kind) or not get_args(kind):
        return []
    inner = [found for part in get_args(kind) if not isinstance(part, str) for found in _literals(part)]
    return inner or ([kind] if all(isinstance(part, str) for part in get_args(kind)) else [])
