"""Converts arguments of Python programs, such as texts and plain dicts, to the types of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.protocol.secret import Secret
from modelport.protocol.types import Message, ResponseFormat, Tool

Prompt = str | Sequence[Message | Mapping[str, Any]]
"""One user message as a text, or a conversation: messages, or dicts with the fields of one."""

Tools = Iterable[Tool | Mapping[str, Any]]
"""Tools, or dicts with the fields of one."""

Format = ResponseFormat | Mapping[str, Any]
"""The form of an answer, or a dict with its fields."""

StructT = TypeVar("StructT", bound=Struct)


def messages_of(prompt: Prompt) -> tuple[Message, ...]:
    """A prompt as the messages of a conversation.

    Raises:
        InvalidParams: a dict does not have the fields of a message.
    """
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
    return _all(prompt, Message, "messages")


def tools_of(tools: Tools | None) -> tuple[Tool, ...] | None:
    """The tools as a tuple.

    Raises:
        InvalidParams: a dict does not have the fields of a tool.
    """
    return None if tools is None else _all(tools, Tool, "tools")


def format_of(form: Format | None) -> ResponseFormat | None:
    """The form of an answer.

    Raises:
        InvalidParams: a dict does not have its fields.
    """
    return None if form is None else _one(form, ResponseFormat, "response_format")


def secret_of(text: str | Secret) -> Secret:
    """A key as a ``Secret``, which is never printed."""
    return text if isinstance(text, Secret) else Secret(text)


def moment_of(moment: str | datetime | None) -> str | None:
    """A time as the contract writes it; one without an offset is taken as UTC."""
    return moment.isoformat() if isinstance(moment, datetime) else moment


def texts_of(texts: str | Iterable[str]) -> str | tuple[str, ...]:
    """The texts as the contract has them: one, or a tuple."""
    return texts if isinstance(texts, str) else tuple(texts)


def _all(items: Iterable[StructT | Mapping[str, Any]], kind: type[StructT], field: str) -> tuple[StructT, ...]:
    return tuple(_one(item, kind, f"{field}[{index}]") for index, item in enumerate(items))


def _one(item: StructT | Mapping[str, Any], kind: type[StructT], path: str) -> StructT:
    if isinstance(item, kind):
        return item
    if not isinstance(item, Mapping):
        raise InvalidParams(f"{path} must be a {kind.__name__} or a dict of its fields.", field=path)
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    fields = {names.get(name, name): value for name, value in item.items()}
    if unknown := sorted(fields.keys() - names.values()):
        # A misspelt field that is ignored would be a part of the conversation that the model never sees.
        raise InvalidParams(f"{path} has no field {unknown[0]}: it takes {', '.join(names)}.", field=path)
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise InvalidParams(f"{path} is not a {kind.__name__}: {error}.", field=path) from error
