"""The order of a conversation: nothing empty, system text and images where the reader takes them, roles in turn."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, Part, TextPart

NO_OUTPUT = "(no output)"
"""Stands for the empty result of a tool, which some refuse."""
BEGIN = "Begin."
"""Stands for the user's turn before a conversation that the assistant begins."""
ACKNOWLEDGED = "OK."
"""Stands for the assistant's turn between a tool's result and the user, where one is needed."""


def without_blanks(messages: Sequence[Message]) -> list[Message]:
    """The messages without blank text; those that hold nothing else are left out, a tool's result gets a stand-in.

    A turn of reasoning alone is left out too, with its state: nobody takes it back without what followed.

    Raises:
        InvalidParams: nothing but system messages is left.
    """
    found: list[Message] = []
    for message in messages:
        if message.role == "tool":
            found.append(structs.replace(message, content=_content(message) or NO_OUTPUT))
        elif message.tool_calls:
            # The order of a turn with state counts its characters: its blank text is left out where it is written.
            found.append(message if message.provider_state else structs.replace(message, content=_content(message)))
        elif content := _content(message):
            found.append(structs.replace(message, content=content))
    if all(message.role == "system" for message in found):
        raise InvalidParams("messages holds nothing but blank text: write something.", field="messages")
    return found


def placed(messages: Sequence[Message], rules: HistoryRules) -> list[Message]:
    """The messages in an order that the reader takes."""
    found = _system_first(messages) if rules.system == "first" else list(messages)
    if rules.tool_images == "after_results":
        found = _images_after_results(found)
    if rules.begins_with_user:
        found = _user_first(found)
    if rules.neighbours == "joined":
        found = _joined(found)
    if not rules.user_after_tool:
        found = _acknowledged(found)
    if not rules.trailing_space:
        found = _without_trailing_space(found)
    return found


def _content(message: Message) -> str | tuple[Part, ...] | None:
    content = message.content
    if isinstance(content, str | None):
        return content if (content or "").strip() else None
    return tuple(part for part in content if isinstance(part, ImagePart) or part.text.strip()) or None


def _parts(message: Message) -> tuple[Part, ...]:
    content = message.content or ()
    return (TextPart(text=content),) if isinstance(content, str) else content


def _system_first(messages: Sequence[Message]) -> list[Message]:
    system = [message for message in messages if message.role == "system"]
    if len(system) > 1:
        text = "\n\n".join(part.text for one in system for part in _parts(one) if isinstance(part, TextPart))
        system = [Message(role="system", content=text)]
    return [*system, *(message for message in messages if message.role != "system")]


def _images_after_results(messages: Sequence[Message]) -> list[Message]:
    """Images of results in a user message, once all results of the turn have been given."""
    found: list[Message] = []
    shown: list[Part] = []
    for message in messages:
        if shown and message.role != "tool":
            found.append(Message(role="user", content=tuple(shown)))
            shown = []
        images = [part for part in _parts(message) if isinstance(part, ImagePart)] if message.role == "tool" else []
        if images:
            texts = tuple(part for part in _parts(message) if isinstance(part, TextPart))
            shown += [TextPart(text=f"The image of the result of {message.tool_call_id}:"), *images]
            found.append(structs.replace(message, content=texts or "(The image follows.)"))
        else:
            found.append(message)
    return [*found, Message(role="user", content=tuple(shown))] if shown else found


def _user_first(messages: Sequence[Message]) -> list[Message]:
    first = next(position for position, message in enumerate(messages) if message.role != "system")
    if messages[first].role == "user":
        return list(messages)
    return [*messages[:first], Message(role="user", content=BEGIN), *messages[first:]]


def _joined(messages: Sequence[Message]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        before = found[-1] if found else None
        if before is None or before.role != message.role or not _may_join(before, message):
            found.append(message)
            continue
        content = (*_parts(before), *_parts(message))
        calls = (*(before.tool_calls or ()), *(message.tool_calls or ()))
        found[-1] = structs.replace(
            before,
            content=content or None,
            tool_calls=calls or None,
            provider_state=message.provider_state or before.provider_state,
        )
    return found


def _may_join(before: Message, message: Message) -> bool:
    """The user's turns, and the assistant's where no call of the first one is answered between them."""
    if message.role == "user":
        return True
    return message.role == "assistant" and not before.tool_calls


def _acknowledged(messages: Sequence[Message]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        if message.role == "user" and found and found[-1].role == "tool":
            found.append(Message(role="assistant", content=ACKNOWLEDGED))
        found.append(message)
    return found


def _without_trailing_space(messages: list[Message]) -> list[Message]:
    last = messages[-1]
    if last.role != "assistant" or last.tool_calls or last.content is None:
        return messages
    if isinstance(last.content, str):
        content: str | tuple[Part, ...] = last.content.rstrip()
    else:
        end = last.content[-1]
        content = (*last.content[:-1], TextPart(text=end.text.rstrip()) if isinstance(end, TextPart) else end)
    return [*messages[:-1], structs.replace(last, content=content)]
