"""Builds requests for text completions: a conversation as one prompt, and the body around it.

A single text of the user goes as it is. A dialogue is written down line by line under its speakers' names.
Source: OpenAI API reference, Completions (legacy).
"""

from __future__ import annotations

from typing import Any, NoReturn

from modelport.adapters.wire.content import has_images, plain_text
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Message

PARAMETERS = frozenset(
    {"temperature", "top_p", "max_tokens", "stop", "seed", "presence_penalty", "frequency_penalty", "user"}
)
DEFAULT_MAX_TOKENS = 1024
"""The format's own default is 16. Together with the prompt it has to fit small context windows, or it is refused."""
SPEAKERS = {"user": "User:", "assistant": "Assistant:"}
NEXT_TURNS = ("\n\nUser:", "\nUser:")
"""Where the model would go on with the user's turn; the longer first, so that no line break is left over."""
MAX_STOPS = 4
"""Source: OpenAI API reference, Completions, ``stop``."""


def body(call: ModelCall) -> dict[str, Any]:
    """The body of a request.

    Raises:
        InvalidParams: the format cannot carry something in the call.
    """
    _check(call)
    row = call.endpoint.provider
    wire = row.wire
    accepted = (PARAMETERS | set(wire.extra_parameters)) - set(wire.refused_parameters)
    refuse_others(call.parameters, accepted, provider=row.id, model=call.model)
    body: dict[str, Any] = {
        "model": call.model,
        "prompt": _prompt(call),
        "max_tokens": wire.default_max_tokens or DEFAULT_MAX_TOKENS,
        "stream": True,
    }
    if wire.stream_usage == "ask":
        body["stream_options"] = {"include_usage": True}
    body |= call.parameters
    if _is_dialogue(call) and "stop" in accepted:
        stops: list[str] = call.parameters.get("stop", [])
        body["stop"] = [*stops, *NEXT_TURNS][: max(MAX_STOPS, len(stops))]
    return body | wire.extra_body


def _spoken(call: ModelCall) -> list[Message]:
    return [message for message in call.messages if message.role != "system"]


def _is_dialogue(call: ModelCall) -> bool:
    """Whether there is more to write down than one text of the user."""
    spoken = _spoken(call)
    return len(spoken) > 1 or spoken[0].role == "assistant"


def _prompt(call: ModelCall) -> str:
    """The text to go on with: the user's as it is, or the conversation with the assistant's turn left open."""
    parts = [plain_text(message) for message in call.messages if message.role == "system"]
    spoken, dialogue = _spoken(call), _is_dialogue(call)
    parts += [f"{SPEAKERS[m.role]}\n{plain_text(m)}" if dialogue else plain_text(m) for m in spoken]
    if dialogue and spoken[-1].role != "assistant":
        parts.append(f"{SPEAKERS['assistant']}\n")
    return "\n\n".join(parts)


def _check(call: ModelCall) -> None:
    if call.tools and call.tool_choice != "none":
        _refuse(call, "tools", "tools", "leave tools out")
    if call.answer_format is not None:
        _refuse(call, "response format", "responseFormat", "ask for JSON in the prompt")
    for message in call.messages:
        if message.role == "tool" or message.tool_calls:
            _refuse(call, "tool calls", "messages", "leave such messages out")
        if has_images(message):
            _refuse(call, "images", "messages", "describe the image in words")


def _refuse(call: ModelCall, what: str, field: str, action: str) -> NoReturn:
    row = call.endpoint.provider
    raise InvalidParams(
        f"{row.display_name} takes no {what} in text completions: {action}, or use a model that chats.",
        kind="unsupported",
        field=field,
        provider=row.id,
        model=call.model,
        action=action,
    )
