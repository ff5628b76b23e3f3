"""The order of a conversation: nothing empty, system text and images where the reader takes them, roles in turn."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from modelport.domain.completions.fitting.images import parts_of, shown_by_user
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, Part, TextPart

NO_OUTPUT = "(no output)"
"""Stands for the empty result of a tool, which some refuse."""
BEGIN = "Begin."
"""Stands for the user's turn before a conversation that the assistant begins."""
GO_ON = "Go on."
"""Stands for the user's turn behind an answer, for a reader that goes on with no answer."""
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
    found = shown_by_user(messages, rules)
    if rules.system == "first":
        found = _system_first(found)
    if rules.begins_with_user:
        found = _user_first(found)
    if rules.neighbours == "joined":
        found = _joined(found)
    if not rules.user_after_tool:
        found = _acknowledged(found)
    if rules.ends_with_user:
        found = _user_last(found)
    if not rules.trailing_space:
        found = _as_prefill(found)
    return found


def _content(message: Message) -> str | tuple[Part, ...] | None:
    content = message.content
    if isinstance(content, str | None):
        return content if (content or "").strip() else None
    return tuple(part for part in content if isinstance(part, ImagePart) or part.text.strip()) or None


def _system_first(messages: Sequence[Message]) -> list[Message]:
    system = [message for message in messages if message.role == "system"]
    if len(system) > 1:
        text = "\n\n".join(part.text for one in system for part in parts_of(one) if isinstance(part, TextPart))
        system = [Message(role="system", content=text)]
    return [*system, *(message for message in messages if message.role != "system")]


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
        content = (*parts_of(before), *parts_of(message))
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


def _last_spoken(messages: Sequence[Message]) -> int:
    """The position of the last message that is no system message."""
    return max(position for position, message in enumerate(messages) if message.role != "system")


def _user_last(messages: Sequence[Message]) -> list[Message]:
    goes_on = messages[_last_spoken(messages)].role == "assistant"
    return [*messages, Message(role="user", content=GO_ON)] if goes_on else list(messages)


def _as_prefill(messages: list[Message]) -> list[Message]:
    """The messages with an answer to go on with as text without white space at its end, and without its reasoning."""
    position = _last_spoken(messages)
    last = messages[position]
    if last.role != "assistant" or last.tool_calls or last.content is None:
        return messages
    if isinstance(last.content, str):
        content: str | tuple[Part, ...] = last.content.rstrip()
    else:
        end = last.content[-1]
        content = (*last.content[:-1], TextPart(text=end.text.rstrip()) if isinstance(end, TextPart) else end)
    prefill = structs.replace(last, content=content, provider_state=None)
    return [*messages[:position], prefill, *messages[position + 1 :]]
