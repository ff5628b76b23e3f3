"""Images where the reader takes them: where only the user may show one, in a message of the user's."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.protocol.types import ImagePart, Message, Part, TextPart

FOLLOWS = "(The image follows.)"
"""Stands for the content of a message that held nothing but an image."""


def parts_of(message: Message) -> tuple[Part, ...]:
    """The content of a message as parts; none where it has no content."""
    content = message.content or ()
    return (TextPart(text=content),) if isinstance(content, str) else content


def shown_by_user(messages: Sequence[Message], rules: HistoryRules) -> list[Message]:
    """Images of other messages in a user message behind them, once all results of the turn have been given."""
    found: list[Message] = []
    shown: list[Part] = []
    for message in messages:
        if shown and message.role != "tool":
            found.append(Message(role="user", content=tuple(shown)))
            shown = []
        parts = parts_of(message)
        images = [part for part in parts if isinstance(part, ImagePart)]
        if not images or _may_show(message, rules):
            found.append(message)
            continue
        texts = tuple(part for part in parts if isinstance(part, TextPart))
        shown += [TextPart(text=_caption(message)), *images]
        found.append(structs.replace(message, content=texts or (None if message.tool_calls else FOLLOWS)))
    return [*found, Message(role="user", content=tuple(shown))] if shown else found


def _may_show(message: Message, rules: HistoryRules) -> bool:
    """Whether the reader takes images in this message, or in none."""
    if rules.tool_images == "refused":
        return True
    match message.role:
        case "user":
            return True
        case "tool":
            return rules.tool_images != "after_results"
        case "system":
            return rules.spoken_images == "by_anyone" and rules.system != "apart"
        case "assistant":
            return rules.spoken_images == "by_anyone"


def _caption(message: Message) -> str:
    match message.role:
        case "tool":
            return f"The image of the result of {message.tool_call_id}:"
        case "system":
            return "The image of the instructions:"
        case _:
            return "The image of your answer:"
