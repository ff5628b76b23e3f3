"""A completion, independent of any wire format: the call, and the answer as it builds up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from modelport.domain.completions.listener import Listener
from modelport.domain.completions.reported_usage import Measured, ReadCounts, ReportedUsage, TokenCounts
from modelport.domain.completions.turn_state import TurnState
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_object
from modelport.protocol.types import Call, FinishReason, Message, Role, Tool, ToolCall

EMPTY: Mapping[str, Any] = {}


class AnswerFormat(Struct, frozen=True):
    """The form of the answer: any JSON object, or JSON that fits ``schema``."""

    schema: dict[str, Any] | None = None
    name: str = "answer"
    strict: bool = True


class ModelCall(Struct, frozen=True, kw_only=True):
    """One request to one model. ``messages`` begins with the system messages, if there are any."""

    endpoint: Endpoint
    model: str
    messages: tuple[Message, ...]
    last_role: Role | None = None
    """Who spoke last in the conversation as it was given; absent: in ``messages``."""
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    """auto, none, required, or the tool in ``named_tool``."""
    named_tool: str | None = None
    answer_format: AnswerFormat | None = None
    parameters: dict[str, Any] = {}
    cache: bool = False
    """Whether the provider may be told what to keep for the next request."""

    def pack_state(self, state: Mapping[str, Any]) -> dict[str, Any] | None:
        """The ``providerState`` of an answer to this call, for ``state_of`` of a later one; None for no state."""
        endpoint = self.endpoint
        return {"provider": endpoint.provider.id, "dialect": endpoint.dialect, "state": state} if state else None

    def state_of(self, message: Message) -> Mapping[str, Any]:
        """The state that ``pack_state`` packed with a message; empty where another provider or dialect packed it."""
        kept = (message.provider_state if message.role == "assistant" else None) or {}
        state = kept.get("state")
        mine = (kept.get("provider"), kept.get("dialect")) == (self.endpoint.provider.id, self.endpoint.dialect)
        return state if mine and is_object(state) else EMPTY


class CallListener(Listener, Protocol):
    """A listener that also receives recorded calls."""

    def recorded(self, call: Call) -> None:
        """A call was written to the ledger."""
        ...


class _ToolCallParts:
    __slots__ = ("arguments", "id", "id_sent", "name", "name_sent", "own_id")

    def __init__(self, own_id: str) -> None:
        self.id = ""
        self.own_id = own_id
        """For a call that the provider gives no id."""
        self.name = ""
        self.arguments: list[str] = []
        self.id_sent = False
        self.name_sent = False


class Answer:
    """Collects an answer delta by delta and passes each on to the listener.

    A dialect calls ``text``, ``reasoning``, ``tool_call``, ``attach_state``, ``add_usage`` and ``finish`` in the order
    of the wire, or sets ``failure`` where the provider's reason for the end is an error. Attached state comes back
    with the next turn, as an outline for ``turn_state.in_order``; a dialect with a better form sets ``state`` instead.
    """

    def __init__(
        self,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
        new_id: Callable[[int], str] = lambda number: f"call_{time.time_ns():x}_{number}",
    ) -> None:
        self.listener = listener
        self.failure = ""
        """The provider's reason for an answer that ended without being one; empty for none."""
        self.accepted = False
        """Whether the provider answers later, so that an answer without anything in it is whole."""
        self.measure: Callable[[], Measured] = Measured
        """Called when the counts are read."""
        self._usage: ReportedUsage | None = None
        self.state: dict[str, Any] = {}
        self.response_model: str | None = None
        self.first_delta_at: float | None = None
        self._clock = clock
        self._new_id = new_id
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, _ToolCallParts] = {}
        self._turn = TurnState()
        self._finish_reason: FinishReason | None = None

    @property
    def begun(self) -> bool:
        """Whether any delta has gone out."""
        return self.first_delta_at is not None

    @property
    def has_text(self) -> bool:
        """Whether any text has gone out; reasoning and tool calls are none."""
        return bool(self._text)

    @property
    def counts(self) -> TokenCounts | None:
        """The token counts so far; None where the provider has given none."""
        return self.measure().counts

    @property
    def reported_costs(self) -> dict[str, str]:
        """What the provider says it charges, as text by path; empty where it says nothing."""
        return self.measure().costs

    def text(self, text: str) -> None:
        """More of the answer's text; the empty string is nothing."""
        if text:
            if self.first_delta_at is None:
                self.first_delta_at = self._clock()
            self._text.append(text)
            self.listener.text(text)

    def reasoning(self, text: str) -> None:
        """More of the reasoning; the empty string is nothing."""
        if text:
            if self.first_delta_at is None:
                self.first_delta_at = self._clock()
            self._reasoning.append(text)
            self.listener.reasoning(text)

    def tool_call(
        self, index: int, *, call_id: str = "", name: str = "", arguments: str = "", partial: bool = False
    ) -> None:
        """A delta of the tool call with this index: its id and name come once, its arguments in several deltas.

        ``partial``: a later ``name`` may replace this one, so the listener receives neither of them yet. The first
        arguments, or the end of the answer, settle it.
        """
        call = self._calls.get(index)
        if call is None:
            call = self._calls[index] = _ToolCallParts(self._new_id(len(self._calls)))
            self._turn.call(index, self._text_length())
            if self.first_delta_at is None:
                self.first_delta_at = self._clock()
        if call_id and not call.id:
            call.id = self._unique(call_id)
        if name and not call.name_sent:
            call.name = name
        if arguments:
            call.arguments.append(arguments)
        if not partial:
            self._send(index, call, arguments)

    def _unique(self, call_id: str) -> str:
        """The id, or another one where a call of this answer has it already: a result names one call."""
        taken = {call.id for call in self._calls.values()}
        return next(name for n in range(len(taken) + 1) if (name := f"{call_id}_{n}" if n else call_id) not in taken)

    def _send(self, index: int, call: _ToolCallParts, arguments: str = "") -> None:
        new_id = call.id if call.id and not call.id_sent else None
        new_name = call.name if call.name and not call.name_sent else None
        if arguments or new_id or new_name:
            call.id_sent, call.name_sent = bool(call.id), bool(call.name)
            self.listener.tool_call(index, new_id, new_name, arguments)

    def add_usage(self, usage: bytes, read: ReadCounts) -> None:
        """One more usage object of the provider, as JSON; all of them are merged before ``read`` takes the counts."""
        if self._usage is None:
            self._usage = ReportedUsage(read)
            self.measure = self._usage.measured
        self._usage.add(usage)

    def attach_state(self, value: dict[str, Any]) -> None:
        """Attaches a value that the provider needs back unchanged, at this place in the answer."""
        self._turn.append(value, self._text_length())

    def whole_state(self) -> dict[str, Any]:
        """The state that the provider needs back with the next turn; empty for none."""
        ids = dict(zip(sorted(self._calls), (call.id for call in self.tool_calls()), strict=True))
        return self.state or self._turn.value(ids, self._text_length())

    def finish(self, reason: FinishReason) -> None:
        """Sets the reason why the model stopped."""
        self._finish_reason = reason
        for index, call in self._calls.items():
            self._send(index, call)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the model stopped, None before it has: ``toolCalls`` if it calls tools, and only then.

        A limit or a filter that cut an answer with calls is the reason all the same, since the calls may not be whole.
        """
        reason = self._finish_reason
        if self._calls and reason in ("stop", "other"):
            return "toolCalls"
        return "other" if reason == "toolCalls" and not self._calls else reason

    def whole_text(self) -> str:
        """The text so far."""
        return "".join(self._text)

    def whole_reasoning(self) -> str:
        """The reasoning so far."""
        return "".join(self._reasoning)

    def has_tool_calls(self) -> bool:
        """Whether the model has begun a tool call."""
        return bool(self._calls)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls so far, by index; a call without an id gets one that no other conversation has."""
        return tuple(_tool_call(parts) for _, parts in sorted(self._calls.items()))

    def arguments_of(self, index: int) -> str:
        """The arguments so far of the call with this index; empty where there is none."""
        return "".join(self._calls[index].arguments) if index in self._calls else ""

    def output_characters(self) -> int:
        """The length of text, reasoning and arguments so far, for an estimate."""
        arguments = sum(len(delta) for call in self._calls.values() for delta in call.arguments)
        return self._text_length() + sum(map(len, self._reasoning)) + arguments

    def _text_length(self) -> int:
        return sum(map(len, self._text))


def _tool_call(parts: _ToolCallParts) -> ToolCall:
    text = "".join(parts.arguments)
    call_id = parts.id or parts.own_id
    arguments = parse_arguments(text)
    if arguments is None:
        return ToolCall(id=call_id, name=parts.name, arguments_text=text)
    return ToolCall(id=call_id, name=parts.name, arguments=arguments)


def parse_arguments(text: str) -> dict[str, Any] | None:
    """A model's argument text as a JSON object; a blank text counts as no arguments.

    Returns None where it is not a JSON object.
    """
    if not text.strip():
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value if is_object(value) else None


def input_characters(messages: Sequence[Message], tools: Sequence[Tool]) -> int:
    """The length of a call's input, for an estimate; an image counts as 3,000 characters."""
    total = sum(len(tool.name) + len(tool.description or "") + len(str(tool.parameters)) for tool in tools)
    for message in messages:
        content = message.content
        if isinstance(content, str):
            total += len(content)
        elif content is not None:
            total += sum(len(getattr(part, "text", "")) or 3000 for part in content)
        total += sum(len(str(call.arguments)) for call in message.tool_calls or ())
    return total
