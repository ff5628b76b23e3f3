"""Names of tools in the form that a provider takes; what it calls them by is turned back in its answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from modelport.domain.providers.wire.history import ToolNames
from modelport.protocol.types import Message, Tool

MAX_LENGTH = 64
FORMS: Mapping[ToolNames, re.Pattern[str]] = {
    "any": re.compile(r".+", re.DOTALL),
    "word": re.compile(rf"[a-zA-Z0-9_-]{{1,{MAX_LENGTH}}}"),
    "identifier": re.compile(rf"[a-zA-Z_][a-zA-Z0-9_.:-]{{0,{MAX_LENGTH - 1}}}"),
}
_OTHERS: Mapping[ToolNames, str] = {"word": r"[^a-zA-Z0-9_-]", "identifier": r"[^a-zA-Z0-9_.:-]"}


def fitted_names(names: Iterable[str], form: ToolNames) -> dict[str, str]:
    """A name in this form for each name that is not in it: ``fs.read`` becomes ``fs_read``.

    Two names stay two: one that is too long, or would be another's, ends with a digest of what was given.
    """
    given = dict.fromkeys(names)
    taken = {name for name in given if FORMS[form].fullmatch(name)}
    found: dict[str, str] = {}
    for name in given:
        if name not in taken:
            found[name] = _fitted(name, form, taken)
            taken.add(found[name])
    return found


def _fitted(name: str, form: ToolNames, taken: set[str]) -> str:
    plain = re.sub(_OTHERS.get(form, r"(?!)"), "_", name) or "tool"
    if not FORMS[form].fullmatch(plain[:1]):
        plain = f"_{plain}"
    if len(plain) <= MAX_LENGTH and plain not in taken:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: MAX_LENGTH - 9]}_{digest}"


def called_names(messages: Sequence[Message]) -> list[str]:
    """The names of the tools that were called, as often as they were."""
    return [call.name for message in messages for call in message.tool_calls or ()]


def with_names(
    messages: Sequence[Message], tools: Sequence[Tool], fitted: Mapping[str, str]
) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
    """The messages and tools with the fitted names in place of those that were given."""
    if not fitted:
        return tuple(messages), tuple(tools)
    return (
        tuple(_renamed_calls(message, fitted) for message in messages),
        tuple(structs.replace(tool, name=fitted.get(tool.name, tool.name)) for tool in tools),
    )


def _renamed_calls(message: Message, fitted: Mapping[str, str]) -> Message:
    calls = message.tool_calls
    if not calls or not any(call.name in fitted for call in calls):
        return message
    new = tuple(structs.replace(call, name=fitted.get(call.name, call.name)) for call in calls)
    return structs.replace(message, tool_calls=new)
