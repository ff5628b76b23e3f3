"""Builds the message that a session of OpenCode gets: the conversation in its parts, and no tools.

A session holds only what its own model has answered, so a completion has a session of its own, and the turns before the
last one are written down in the message under their speakers' names.

Source: OpenCode server, ``POST /session/{id}/message`` in its OpenAPI document (``/doc``), 1.18.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from modelport.adapters.wire.content import arguments_text, image_url, plain_text
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.images import image_data
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message

PARAMETERS = frozenset({"reasoning_effort"})
OWN_SERVICE = "opencode"
"""OpenCode's name for its own service, which a model's name without a service means."""
BEFORE = "This is a conversation so far:"
NEXT = "Write the next turn of the assistant, and nothing else."
GO_ON = "Go on with the last turn of the assistant where it ends, without repeating any of it."
SPEAKERS = {"user": "User:", "assistant": "Assistant:"}


def prompt(call: ModelCall) -> dict[str, Any]:
    """The body of the message.

    Raises:
        InvalidParams: OpenCode cannot carry something in the call.
    """
    row = call.endpoint.provider
    if call.tools and call.tool_choice != "none":
        _refuse(call, "no tools of the client, since it has its own", "tools", "leave tools out")
    if call.answer_format is not None:
        _refuse(call, "no response format", "responseFormat", "ask for JSON in the prompt")
    refuse_others(call.parameters, PARAMETERS, provider=row.id, model=call.model)
    service, slash, name = call.model.partition("/")
    body: dict[str, Any] = {
        "model": {"providerID": service, "modelID": name} if slash else {"providerID": OWN_SERVICE, "modelID": service},
        # Without this it would run its own tools on this machine.
        "tools": {"*": False},
        "parts": list(_parts(call.messages)),
    }
    if system := "\n\n".join(plain_text(message) for message in call.messages if message.role == "system"):
        body["system"] = system
    if effort := call.parameters.get("reasoning_effort"):
        body["variant"] = effort
    # The agent that these fields name is made by the start of the program.
    started_here = row.program is not None and not call.endpoint.address_given
    return body | (row.wire.extra_body if started_here or row.program is None else {})


def _parts(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    turns = [message for message in messages if message.role != "system"]
    if len(turns) == 1 and turns[0].role == "user":
        yield from _content(turns[0], "")
        return
    yield _text(BEFORE)
    tools = {call.id: call.name for turn in turns for call in turn.tool_calls or ()}
    for turn in turns:
        if turn.role == "tool":
            yield from _content(turn, f"Result of the tool {tools.get(turn.tool_call_id or '', 'that was called')}:\n")
        else:
            yield from _content(turn, f"{SPEAKERS[turn.role]}\n")
        for call in turn.tool_calls or ():
            yield _text(f"The assistant called the tool {call.name} with {arguments_text(call)}.")
    yield _text(GO_ON if turns[-1].role == "assistant" and not turns[-1].tool_calls else NEXT)


def _content(message: Message, heading: str) -> Iterator[dict[str, Any]]:
    if text := plain_text(message):
        yield _text(heading + text)
    for part in message.content if isinstance(message.content, tuple) else ():
        if isinstance(part, ImagePart):
            found = image_data(part)
            yield {"type": "file", "mime": found[0] if found else "image/*", "url": image_url(part)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _refuse(call: ModelCall, what: str, field: str, action: str) -> NoReturn:
    row = call.endpoint.provider
    raise InvalidParams(
        f"{row.display_name} takes {what}: {action}, or use another provider.",
        kind="unsupported",
        field=field,
        provider=row.id,
        model=call.model,
        action=action,
    )
