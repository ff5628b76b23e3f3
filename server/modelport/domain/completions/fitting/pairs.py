"""Pairs of tool calls and their results: each call with one result right behind it, under an id of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from msgspec import structs

from modelport.domain.completions.turn_state import renamed
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.wire.history import CallIds
from modelport.protocol.types import Message

NO_RESULT = "(There is no result: the call was not carried out.)"
"""Stands for the result of a call that was never answered."""
FORMS: Mapping[CallIds, re.Pattern[str]] = {
    "any": re.compile(r".+", re.DOTALL),
    "forty": re.compile(r".{1,40}", re.DOTALL),
    "word": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    "short_word": re.compile(r"[a-zA-Z0-9_-]{1,40}"),
    "nine": re.compile(r"[a-zA-Z0-9]{9}"),
    "absent": re.compile(r".+", re.DOTALL),
}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Slot = tuple[int, int]
"""A call, by the position of its message and its own position in that."""


def answered_calls(messages: Sequence[Message]) -> dict[int, Slot]:
    """The call that each tool message answers, by the position of the message.

    An id means the call of the last turn before that has it and is not answered yet; two calls of one turn under one
    id are answered in their order.

    Raises:
        InvalidParams: a tool message answers no call before it, or one that has its result.
    """
    waiting: list[dict[str, list[Slot]]] = []
    found: dict[int, Slot] = {}
    for position, message in enumerate(messages):
        if message.tool_calls:
            turn: dict[str, list[Slot]] = {}
            for index, call in enumerate(message.tool_calls):
                turn.setdefault(call.id, []).append((position, index))
            waiting.append(turn)
        elif message.role == "tool":
            call_id = message.tool_call_id or ""
            slots = next((turn[call_id] for turn in reversed(waiting) if turn.get(call_id)), None)
            if slots is None:
                known = any(call_id in turn for turn in waiting)
                raise _unpaired(position, call_id, known=known)
            found[position] = slots.pop(0)
    return found


def paired(messages: Sequence[Message], form: CallIds) -> list[Message]:
    """The messages with every result right behind its call, in the order of the calls, and ids in this form.

    A call without a result gets one that says so. Ids are unique in the conversation; one that does not fit is
    replaced by one that follows from it and from the messages before, so that later turns do not change it.

    Raises:
        InvalidParams: a tool message answers no call before it.
    """
    results = {slot: messages[position] for position, slot in answered_calls(messages).items()}
    used: set[str] = set()
    found: list[Message] = []
    for position, message in enumerate(messages):
        if message.role == "tool":
            continue
        if not message.tool_calls:
            found.append(message)
            continue
        names = [(call.id, _unique(call.id, used, form)) for call in message.tool_calls]
        found.append(_renamed(message, names))
        for index, (_, name) in enumerate(names):
            result = results.get((position, index), Message(role="tool", tool_call_id=name, content=NO_RESULT))
            found.append(result if result.tool_call_id == name else structs.replace(result, tool_call_id=name))
    return found


def _renamed(message: Message, names: Sequence[tuple[str, str]]) -> Message:
    if all(old == new for old, new in names):
        return message
    calls = message.tool_calls or ()
    return structs.replace(
        message,
        tool_calls=tuple(structs.replace(call, id=new) for call, (_, new) in zip(calls, names, strict=True)),
        provider_state=renamed(message.provider_state, names),
    )


def _unique(given: str, used: set[str], form: CallIds) -> str:
    name, again = given, 0
    while name in used or not FORMS[form].fullmatch(name):
        name, again = _derived(f"{again}:{given}", form), again + 1
    used.add(name)
    return name


def _derived(text: str, form: CallIds) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    if form != "nine":
        return f"call_{digest.hexdigest()[:24]}"
    number = int.from_bytes(digest.digest()[:8], "big")
    return "".join(_DIGITS[number // 62**place % 62] for place in range(9))


def _unpaired(position: int, call_id: str, *, known: bool) -> InvalidParams:
    place = f"messages[{position}]"
    if known:
        text = f'{place} is a second result of the call "{call_id}": send one tool message for each call.'
    else:
        text = (
            f'{place} answers the call "{call_id}", which no message before it makes: send the assistant message with '
            "its toolCalls first."
        )
    return InvalidParams(text, field=f"{place}.toolCallId")
