"""A conversation as the messages of Chat Completions, with the reasoning that a provider wants back.

Some providers refuse the next turn of a tool loop without the reasoning of the last one, or answer worse;
some sign it. The state keeps the names that the reasoning came under, and it goes back under them.
Source: DeepSeek, thinking mode with tool calls; OpenRouter, reasoning tokens; Gemini, thought signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire.content import NO_SIGNATURE, arguments_text, has_images, image_url, plain_text
from modelport.adapters.wire.json_values import is_set
from modelport.adapters.wire.prompt_cache import mark_messages, marks_wanted
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.fitting.rules import history_rules
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import ImagePart, Message, Tool

PLAIN_FIELDS = ("reasoning_content", "reasoning", "reasoning_text")
"""Where servers put reasoning in plain words."""


class State(Struct, frozen=True, omit_defaults=True):
    """What has to come back: reasoning under the name it came with, signed details, an extra per tool call."""

    field: str = ""
    opaque: str = ""
    details: list[dict[str, Any]] = []
    calls: dict[str, dict[str, Any]] = {}


class ChatState:
    """Collects the state of an answer from its chunks."""

    def __init__(self) -> None:
        self.field = ""
        """The name that reasoning came under."""
        self.opaque: list[str] = []
        """The parts of ``reasoning_opaque``."""
        self._details: list[dict[str, Any]] = []
        # The texts of the latest of them, by name, while parts of them come.
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, dict[str, Any]] = {}

    @property
    def has_details(self) -> bool:
        """Whether any of ``reasoning_details`` have come."""
        return bool(self._details)

    def details(self, raw: Raw) -> str:
        """More of ``reasoning_details``: deltas with one index are parts of one entry. Returns their plain words."""
        deltas: Any = msgspec.json.decode(raw) if is_set(raw) else None
        said: list[str] = []
        for delta in deltas if is_list(deltas) else [deltas]:
            if not is_object(delta):
                continue
            said += [words for name in ("text", "summary") if isinstance(words := delta.get(name), str)]
            last = self._details[-1] if self._details else {}
            same = bool(last) and last.get("type") == delta.get("type") and last.get("index") == delta.get("index")
            if not same or "data" in delta:
                self._join_texts()
                self._details.append(last := {})
            for name, value in delta.items():
                if name in ("text", "summary") and isinstance(value, str):
                    self._texts.setdefault(name, []).append(value)
                elif value is not None or name not in last:
                    last[name] = value
        return "".join(said)

    def _join_texts(self) -> None:
        texts, self._texts = self._texts, {}
        for name, parts in texts.items():
            self._details[-1][name] = (self._details[-1].get(name) or "") + "".join(parts)

    def call(self, position: int, raw: Raw) -> None:
        """The extra of a tool call."""
        extra: Any = msgspec.json.decode(raw) if is_set(raw) else None
        if is_object(extra):
            self._calls[position] = extra

    def value(self, answer: Answer, *, plain: bool) -> dict[str, Any]:
        """The state; ``plain`` says whether reasoning in plain words is wanted back too."""
        self._join_texts()
        ids = [call.id for call in answer.tool_calls()] if self._calls else []
        calls = {ids[position]: extra for position, extra in self._calls.items() if position < len(ids)}
        # What came as reasoning_content may be wanted back in any turn; the others only with the calls behind them.
        wanted = self.field == "reasoning_content" or (plain and answer.has_tool_calls())
        field = self.field if wanted else ""
        state: dict[str, Any] = msgspec.to_builtins(
            State(field=field, opaque="".join(self.opaque), details=self._details, calls=calls)
        )
        return state | ({"reasoning": answer.whole_reasoning()} if field else {})


def chat_messages(messages: Iterable[Message], call: ModelCall) -> list[dict[str, Any]]:
    """The messages, each of the assistant's with the reasoning that has to come back."""
    rules = history_rules(call.endpoint.provider, call.endpoint.dialect, call.model)
    found = [_chat_message(message, call) for message in messages]
    if rules.signed_calls:
        for message in found:
            for made in message.get("tool_calls", ())[:1]:
                made.setdefault("extra_content", {"google": {"thought_signature": NO_SIGNATURE}})
    if rules.empty_reasoning and call.tools:
        for message in found:
            if message["role"] == "assistant":
                message.setdefault("reasoning_content", "")
    if marks_wanted(call):
        mark_messages(found)
    return found


def _parts(message: Message) -> list[dict[str, Any]]:
    parts = () if isinstance(message.content, str | None) else message.content
    return [
        {"type": "image_url", "image_url": {"url": image_url(part)}}
        if isinstance(part, ImagePart)
        else {"type": "text", "text": part.text}
        for part in parts
    ]


def _chat_message(message: Message, call: ModelCall) -> dict[str, Any]:
    wire = call.endpoint.provider.wire
    role = wire.system_role if message.role == "system" else message.role
    result: dict[str, Any] = {"role": role, "content": plain_text(message)}
    if has_images(message):
        result["content"] = _parts(message)
    if message.role == "tool":
        result["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        # A text of white space before a call is refused by some, which made it themselves.
        result["content"] = result["content"] if has_images(message) or plain_text(message).strip() else None
        result["tool_calls"] = [
            {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": arguments_text(made)}}
            for made in message.tool_calls
        ]
    kept = call.state_of(message)
    return _with_state(result, kept, with_tools=bool(call.tools)) if kept else result


def chat_tool(tool: Tool) -> dict[str, Any]:
    """One tool."""
    function: dict[str, Any] = {
        "name": tool.name,
        "parameters": tool.parameters or {"type": "object", "properties": {}},
    }
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _with_state(result: dict[str, Any], kept: Mapping[str, Any], *, with_tools: bool) -> dict[str, Any]:
    """The message with its state; what is not ours is left out, since it came through the client."""
    try:
        state = msgspec.convert(dict(kept), State)
    except msgspec.ValidationError:
        return result
    reasoning = kept.get("reasoning")
    # Reasoning of a turn without a call is wanted back only while tools are offered, and else refused by some.
    wanted = "tool_calls" in result or (with_tools and state.field == "reasoning_content")
    if wanted and state.field in PLAIN_FIELDS and isinstance(reasoning, str):
        result[state.field] = reasoning
    if state.details:
        result["reasoning_details"] = state.details
    if state.opaque:
        result["reasoning_opaque"] = state.opaque
    for made in result.get("tool_calls", ()):
        if made["id"] in state.calls:
            made["extra_content"] = state.calls[made["id"]]
    return result
