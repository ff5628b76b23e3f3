"""Refusals that name a cure for the messages of a request: what another turn has to carry, or may not.

The fitting keeps the rules that are known by a model's name; behind a name of the user's own only the refusal tells.
Source: error messages of DeepSeek, Moonshot, Anthropic, Amazon Bedrock, Mistral and OpenAI.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from modelport.domain.completions.fitting.turns import GO_ON
from modelport.protocol.shapes import is_list, is_object

Body = Mapping[str, Any]
Kind = Literal["empty_reasoning", "user_last", "no_encrypted_items", "no_thinking", "no_marks"]


class HistoryCure(Struct, frozen=True):
    """A change of the messages. ``lasting``: the model's other conversations need it too."""

    kind: Kind
    lasting: bool = True


CURES: tuple[tuple[re.Pattern[str], HistoryCure], ...] = (
    (
        re.compile(r"reasoning_content\W.*(?:missing|must be passed back)|missing .{0,3}reasoning_content", re.I),
        HistoryCure("empty_reasoning"),
    ),
    (
        re.compile(r"must end with a user message|expected last role user|last message .*must be a user message", re.I),
        HistoryCure("user_last"),
    ),
    (
        re.compile(
            r"invalid_encrypted_content|encrypted content .*could not be (?:verified|decrypted)"
            r"|items are not persisted",
            re.I,
        ),
        HistoryCure("no_encrypted_items", lasting=False),
    ),
    (
        re.compile(r"cache_?control|cache_?point|did not allow prompt caching", re.I),
        HistoryCure("no_marks"),
    ),
    (
        re.compile(r"expected .?thinking.?.* but found", re.I),
        HistoryCure("no_thinking", lasting=False),
    ),
)
"""By the words of a refusal."""
THINKING = ("thinking", "output_config", "reasoning", "reasoning_effort")
"""The fields that ask for thinking; ``output_config`` also has the form of the answer, which stays."""


def find_history_cure(refusal: str, body: Body) -> HistoryCure | None:
    """The cure that a refusal names for the messages of the body; None where it names none or nothing would change."""
    found = next((cure for words, cure in CURES if words.search(refusal)), None)
    return found if found is not None and with_history_cured(body, found) != body else None


def with_history_cured(body: Body, cure: HistoryCure) -> dict[str, Any]:
    """A copy of the body with a cure applied."""
    return _CHANGES[cure.kind](dict(body))


def _empty_reasoning(body: dict[str, Any]) -> dict[str, Any]:
    """Each message of the assistant with a ``reasoning_content``, an empty one where there was none."""
    messages: Any = body.get("messages")
    if is_list(messages):
        body["messages"] = [
            {"reasoning_content": ""} | one if is_object(one) and one.get("role") == "assistant" else one
            for one in messages
        ]
    return body


def _user_last(body: dict[str, Any]) -> dict[str, Any]:
    """The messages with a turn of the user at the end, in the form of the others."""
    messages: Any = body.get("messages")
    last: Any = messages[-1] if is_list(messages) and messages else None
    if not is_object(last) or last.get("role") != "assistant":
        return body
    content = last.get("content")
    part = content[-1] if is_list(content) and content else None
    said: Any = GO_ON
    if is_object(part):
        said = [{"type": "text", "text": GO_ON} if "type" in part else {"text": GO_ON}]
    body["messages"] = [*messages, {"role": "user", "content": said}]
    return body


def _no_encrypted_items(body: dict[str, Any]) -> dict[str, Any]:
    """The input without the reasoning of earlier turns, which this account cannot read."""
    items: Any = body.get("input")
    if is_list(items):
        body["input"] = [one for one in items if not (is_object(one) and one.get("type") == "reasoning")]
    return body


def _no_thinking(body: dict[str, Any]) -> dict[str, Any]:
    """The request without what asks for thinking."""
    for name in THINKING:
        value = body.get(name)
        if name == "output_config" and is_object(value) and "format" in value:
            body[name] = {"format": value["format"]}
        else:
            body.pop(name, None)
    more: Any = body.get("additionalModelRequestFields")
    if is_object(more):
        body["additionalModelRequestFields"] = _no_thinking(dict(more))
    return body


def _no_marks(body: dict[str, Any]) -> dict[str, Any]:
    """The request without marks for the cache of prompts."""
    return {name: _unmarked(value) for name, value in body.items()}


def _unmarked(value: Any) -> Any:
    if is_object(value):
        return {name: _unmarked(inner) for name, inner in value.items() if name != "cache_control"}
    if is_list(value):
        return [_unmarked(inner) for inner in value if not (is_object(inner) and inner.keys() == {"cachePoint"})]
    return value


_CHANGES: Mapping[Kind, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "empty_reasoning": _empty_reasoning,
    "user_last": _user_last,
    "no_encrypted_items": _no_encrypted_items,
    "no_thinking": _no_thinking,
    "no_marks": _no_marks,
}
