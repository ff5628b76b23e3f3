"""Functions of the user's Python files as tools, called after a confirmation."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import click
import msgspec
from msgspec import Struct

from modelport.adapters.system.user_path import user_path
from modelport.borders import json_text
from modelport.protocol.types import Tool, ToolCall

Confirm = Callable[[str], bool]
REFUSED = "The user did not allow this call."


class ToolFunction(Struct, frozen=True, kw_only=True):
    """A function, the tool as which the model sees it, and the type that its arguments are converted to."""

    function: Callable[..., Any]
    tool: Tool
    arguments: type[Struct]


class Toolbox:
    """Calls the functions that a model asks for; ``confirm`` is shown each call first, and may refuse it."""

    def __init__(self, functions: Mapping[str, ToolFunction], confirm: Confirm) -> None:
        self._functions = functions
        self._confirm = confirm

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The functions as the model sees them."""
        return tuple(function.tool for function in self._functions.values())

    def run(self, call: ToolCall) -> str:
        """The result of a call for the model: a text as it is, else JSON; what went wrong is a sentence."""
        known = self._functions.get(call.name)
        if known is None:
            return f"There is no tool {call.name}: use {', '.join(self._functions)}."
        if call.arguments is None:
            return "The arguments are not a JSON object: send one."
        try:
            arguments = msgspec.convert(call.arguments, known.arguments)
        except msgspec.ValidationError as error:
            return f"The arguments do not fit: {error}."
        if not self._confirm(f"{call.name}({json_text(call.arguments)})"):
            return REFUSED
        return _result(known.function, msgspec.structs.asdict(arguments))


def load_tools(given: Iterable[str]) -> dict[str, ToolFunction]:
    """The public functions of ``FILE.py``, or the one that ``FILE.py:NAME`` names, by their names.

    Raises:
        click.UsageError: a file or a function cannot be used.
    """
    loaded: dict[str, ToolFunction] = {}
    for source in given:
        file, _, name = source.rpartition(":") if not source.endswith(".py") else (source, "", "")
        module = _module(user_path(file))
        functions = {key: value for key, value in _public(module) if not name or key == name}
        if not functions:
            wanted = f"no function {name}" if name else "no public function"
            raise click.UsageError(f"{file} has {wanted}: define one with annotations.")
        for key, function in functions.items():
            if key in loaded:
                raise click.UsageError(f"There are two tools {key}: name one of them with FILE.py:NAME.")
            loaded[key] = _tool(key, function)
    return loaded


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"modelport_tools_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise click.UsageError(f"{path} is no Python file: give one as FILE.py, or as FILE.py:NAME.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses of the file look their module up there.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise click.UsageError(f"{path} cannot be loaded, correct it: {type(error).__name__}: {error}") from error
    return module


def _public(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            yield name, value


def _tool(name: str, function: Callable[..., Any]) -> ToolFunction:
    try:
        arguments = msgspec.defstruct(name, _fields(function), kw_only=True, forbid_unknown_fields=True)
        (_,), components = msgspec.json.schema_components((arguments,), ref_template="#/$defs/{name}")
    except (TypeError, NameError) as error:
        raise click.UsageError(f"The function {name} cannot be a tool, change its parameters: {error}") from error
    schema = {key: value for key, value in components.pop(name).items() if key != "title"}
    if components:
        schema["$defs"] = components
    tool = Tool(name=name, description=inspect.getdoc(function), parameters=schema)
    return ToolFunction(function=function, tool=tool, arguments=arguments)


def _fields(function: Callable[..., Any]) -> list[tuple[str, Any] | tuple[str, Any, Any]]:
    """The parameters with their types and defaults.

    Raises:
        TypeError: one has no annotation, or is not passed by its name.
    """
    hints = get_type_hints(function, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{name} cannot be passed by its name")
        if name not in hints:
            raise TypeError(f"{name} has no annotation")
        fields.append(
            (name, hints[name]) if parameter.default is parameter.empty else (name, hints[name], parameter.default)
        )
    return fields


def _result(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    try:
        # Standard output is for the answer.
        with contextlib.redirect_stdout(sys.stderr):
            value = function(**arguments)
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
        return value if isinstance(value, str) else json_text(msgspec.to_builtins(value, enc_hook=str))
    except Exception as error:  # noqa: BLE001  the model is told, and the user's code may raise anything
        return f"The call failed: {type(error).__name__}: {error}"
