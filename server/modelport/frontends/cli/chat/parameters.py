"""The options of ``modelport chat`` for sampling parameters, made from the table of parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from modelport.borders import text_of
from modelport.domain.completions.parameters import ALIASES, CHECKS, FIXED, normalise
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_object
from modelport.protocol.types import ResponseFormat

F = TypeVar("F", bound=Callable[..., Any])
REPEATABLE = "stop"


def parameter_options(function: F) -> F:
    """Adds an option for each parameter, such as ``--top-p``, and ``-o NAME VALUE`` for any by any of its names."""
    named = click.option(
        "-o", "--option", "named", type=(str, str), multiple=True, metavar="NAME VALUE", help="Any parameter, by name."
    )
    function = named(function)
    for name, (_, wanted) in reversed(tuple(CHECKS.items())):
        words = f"{wanted[0].upper()}{wanted[1:]}."
        option = click.option(_flag(name), name, metavar="VALUE", multiple=name == REPEATABLE, help=words)
        function = option(function)
    return function


def read_parameters(given: Mapping[str, Any], named: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of the command line by their canonical names, with checked values.

    Raises:
        click.UsageError: a name is unknown, a value out of range, or one parameter has two values.
    """
    texts = {name: given[name] for name in CHECKS if name != REPEATABLE and given.get(name) is not None}
    values = {name: _value(_flag(name), name, text) for name, text in texts.items()}
    if stops := given.get(REPEATABLE):
        values[REPEATABLE] = list(stops)
    for name, text in named:
        if name in FIXED:
            raise click.UsageError(FIXED[name])
        value = _value(f"-o {name}", name, text)
        if values.setdefault(name, value) != value:
            raise click.UsageError(f"{name} has two values: give one of them.")
    try:
        return normalise(values)
    except InvalidParams as error:
        raise click.UsageError(error.message.replace("parameters.", "")) from error


def read_schema(text: str) -> ResponseFormat:
    """The response format for a JSON Schema, given as JSON or as the path of a file.

    Raises:
        click.BadParameter: the file cannot be read, or it is not a JSON object.
    """
    source = text
    if not text.lstrip().startswith("{"):
        try:
            source = text_of(Path(text).read_bytes())
        except (OSError, ValueError) as error:
            raise click.BadParameter(
                f"{text} cannot be read: give a file with a JSON Schema, or the schema itself.",
                param_hint="--json-schema",
            ) from error
    schema = _json(source)
    if not is_object(schema):
        raise click.BadParameter(
            "The schema is not a JSON object: check it with a JSON validator.", param_hint="--json-schema"
        )
    return ResponseFormat(type="jsonSchema", schema=schema)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _value(flag: str, name: str, text: str) -> Any:
    """The text as the type that the parameter takes: a JSON value, else a text, else a list of one text."""
    canonical = ALIASES.get(name, name)
    if canonical not in CHECKS:
        raise click.UsageError(f'There is no parameter "{name}"; the known ones are {", ".join(CHECKS)}.')
    check, wanted = CHECKS[canonical]
    for value in (_json(text), text, [text]):
        if check(value):
            return value
    raise click.UsageError(f"{flag} must be {wanted}.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
