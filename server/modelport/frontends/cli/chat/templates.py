"""Templates of prompts: TOML files in the folder ``templates`` beside the configuration file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template as Text
from typing import Any

import click
import msgspec
from msgspec import Struct

from modelport.borders import text_of
from modelport.domain.completions.parameters import normalise
from modelport.domain.errors import InvalidParams

INPUT = "input"
NAME = re.compile(r"\w[\w.-]*")


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template: what a request has where the options say nothing.

    ``$input`` in the prompt is the user's text, and any other ``$name`` in the prompt or the system text is a variable.
    """

    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    parameters: dict[str, Any] = {}
    defaults: dict[str, str | int | float] = {}
    """Values of variables, which options replace."""

    @property
    def takes_input(self) -> bool:
        """Whether the user's text is part of the prompt."""
        return self.prompt is None or INPUT in Text(self.prompt).get_identifiers()

    @property
    def variables(self) -> list[str]:
        """The names of the variables, in the order in which they first stand in it."""
        names = Text(self.prompt or "").get_identifiers() + Text(self.system or "").get_identifiers()
        return [name for name in dict.fromkeys(names) if name != INPUT]

    @property
    def system_text(self) -> str | None:
        """The system text with its variables filled in."""
        return None if self.system is None else Text(self.system).safe_substitute(self.defaults)

    def with_values(self, values: Mapping[str, str]) -> Template:
        """The template with values for its variables over the defaults.

        Raises:
            click.UsageError: a variable is unknown, or one has no value.
        """
        if unknown := [name for name in values if name not in self.variables]:
            known = f"its variables are {', '.join(self.variables)}" if self.variables else "it has none"
            raise click.UsageError(f'The template has no variable "{unknown[0]}": {known}.')
        filled = {**self.defaults, **values}
        if missing := [name for name in self.variables if name not in filled]:
            raise click.UsageError(
                f"The template needs {_and(missing)}: give {' '.join(f'-p {name} VALUE' for name in missing)}."
            )
        return msgspec.structs.replace(self, defaults=filled)

    def fill(self, text: str) -> str:
        """The prompt with the user's text in the place of ``$input``, or behind the prompt where that has none."""
        if self.prompt is None:
            return text
        if self.takes_input:
            return Text(self.prompt).safe_substitute({**self.defaults, INPUT: text})
        prompt = Text(self.prompt).safe_substitute(self.defaults)
        return f"{prompt}\n\n{text}" if text.strip() else prompt


def read_template(folder: Path, name: str) -> Template:
    """The template of this name in a folder.

    Raises:
        click.UsageError: it is missing, or wrong.
    """
    path = folder / f"{name}.toml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise click.UsageError(f'There is no template "{name}": {_present(folder)}.')
    try:
        template = msgspec.convert(tomllib.loads(text_of(path.read_bytes()).replace("\r\n", "\n")), Template)
        if INPUT in (*template.defaults, *Text(template.system or "").get_identifiers()):
            raise click.UsageError(f'Correct the template "{name}": $input is the prompt\'s, and has no default.')
        return msgspec.structs.replace(template, parameters=normalise(template.parameters))
    except InvalidParams as error:
        reason = error.message
    except (OSError, ValueError, RecursionError) as error:
        reason = f"{error}."
    raise click.UsageError(f'Correct the template "{name}": {reason}')


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _present(folder: Path) -> str:
    names = sorted(path.stem for path in folder.glob("*.toml"))
    if names:
        return f"use {', '.join(names)}"
    return "write it as templates/NAME.toml beside config.toml, where modelport config path prints"
