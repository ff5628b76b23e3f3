"""A completion, independent of any wire format: the call, and the answer as it builds up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from modelport.domain.completions.listener import Listener
from modelport.domain.completions.reported_usage import Measured, ReadCounts, ReportedUsage, TokenCounts
from modelport.domain.completions.tool_arguments import ToolCallParts
from modelport.domain.completions.turn_state import TurnState
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_object
from modelport.protocol.types import BudgetStatus, Call, FinishReason, Message, Role, Tool, ToolCall

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
    given_names: Mapping[str, str] = {}
    """The names that the client gave tools, by those that the provider knows them under where these are others."""
    notes: tuple[str, ...] = ()
    """What was left out of the request since it has no effect, in sentences for people."""
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

    def recorded(self, call: Call, budgets: Sequence[BudgetStatus]) -> None:
        """A call was written to the ledger; ``budgets`` are those that came to a further state with it."""
        ...

    def warning(self, message: str) -> None:
        """Something that the user should mend, though there is an answer, as a sentence."""
        ...


class Answer:
    """Collects an answer delta by delta and passes each on to the listener.

    A dialect calls ``text``, ``reasoning``, ``tool_call``, ``attach_state``, ``add_usage`` and ``finish`` in the order
    of the wire, or sets ``failure`` where the provider's reason for the end is an error. Attached state comes back
    with the next turn, as an outline for ``turn_state.in_order``; a dialect with a better form sets ``make_state``.
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
        self.given_names: Mapping[str, str] = EMPTY
        """The client's names of tools, by those that the provider calls."""
        self.accepted = False
        """Whether the provider answers later, so that an answer without anything in it is whole."""
        self.measure: Callable[[], Measured] = Measured
        """Called when the counts are read."""
        self._usage: ReportedUsage | None = None
        self.make_state: Callable[[], dict[str, Any]] = dict
        """Called when the state is read; empty where the outline counts."""
        self.response_model: str | None = None
        """The model that the provider says has answered; None where it does not say."""
        self.service_tier = ""
        """In which of its service tiers the provider says it has answered; empty where it does not say."""
        self.first_delta_at: float | None = None
        self.on_begin: Callable[[], object] = dict
        """Called at the first delta."""
        self._clock = clock
        self._new_id = new_id
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self.text_length = 0
        """The characters of text so far."""
        self._reasoning_length = 0
        self._calls: dict[int, ToolCallParts] = {}
        # Those whose id or name the listener has not received yet.
        self._unsent: dict[int, ToolCallParts] = {}
        self._ids: dict[str, int] = {}
        """The ids of the calls, each with the last number that was added to make another id of it."""
        self._turn = TurnState()
        self._finish_reason: FinishReason | None = None

    @property
    def begun(self) -> bool:
        """Whether any delta has gone out."""
        return self.first_delta_at is not None

    @property
    def committed(self) -> bool:
        """Whether the listener has received any delta; a tool call whose name may still change is none."""
        return self.text_length > 0 or self._reasoning_length > 0 or any(call.sent for call in self._calls.values())

    @property
    def has_finished_call(self) -> bool:
        """Whether a tool call has all of its arguments, so that a client may make it."""
        return any(call.arguments.length > 0 and call.arguments.whole for call in self._calls.values())

    @property
    def has_text(self) -> bool:
        """Whether any text has gone out; reasoning and tool calls are none."""
        return bool(self._text)

    @property
    def has_reasoning(self) -> bool:
        """Whether any reasoning has gone out."""
        return bool(self._reasoning)

    @property
    def counts(self) -> TokenCounts | None:
        """The token counts so far; None where the provider has given none."""
        return self.measure().counts

    @property
    def reported_costs(self) -> dict[str, str]:
        """What the provider says it charges, as text by path; empty where it says nothing."""
        return self.measure().costs

    def _begin(self) -> None:
        self.first_delta_at = self._clock()
        self.on_begin()

    def text(self, text: str) -> None:
        """More of the answer's text; the empty string is nothing."""
        if text:
            if self.first_delta_at is None:
                self._begin()
            self._text.append(text)
            self.text_length += len(text)
            self.listener.text(text)

    def reasoning(self, text: str) -> None:
        """More of the reasoning; the empty string is nothing."""
        if text:
            if self.first_delta_at is None:
                self._begin()
            self._reasoning.append(text)
            self._reasoning_length += len(text)
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
            call = self._calls[index] = ToolCallParts(self._new_id(len(self._calls)))
            self._turn.call(index, self.text_length)
            if self.first_delta_at is None:
                self._begin()
        if call_id and not call.id:
            call.id = self._unique(call_id)
        if name and not call.name_sent:
            call.name = self.given_names.get(name, name)
        if arguments:
            call.arguments.append(arguments)
        if partial:
            self._unsent[index] = call
        else:
            self._unsent.pop(index, None)
            self._send(index, call, arguments)

    def _unique(self, call_id: str) -> str:
        """The id, or another one where a call of this answer has it already: a result names one call."""
        unique = call_id
        while unique in self._ids:
            self._ids[call_id] += 1
            unique = f"{call_id}_{self._ids[call_id]}"
        self._ids[unique] = 0
        return unique

    def _send(self, index: int, call: ToolCallParts, arguments: str = "") -> None:
        new_id = call.id if call.id and not call.id_sent else None
        new_name = call.name if call.name and not call.name_sent else None
        if arguments or new_id or new_name:
            call.sent = True
            call.id_sent, call.name_sent = bool(call.id), bool(call.name)
            self.listener.tool_call(index, new_id, new_name, arguments)

    def add_usage(self, usage: bytes, read: ReadCounts) -> None:
        """One more usage object of the provider, as JSON; all of them are merged before ``read`` takes the counts."""
        if self._usage is None:
            self._usage = ReportedUsage(read)
            self.measure = self._usage.measured
        self._usage.add(usage)

    def served_as(self, model: str | None, service_tier: str | None = None) -> None:
        """The model and the service tier that the provider says have answered; empty for what it does not say."""
        self.response_model = model or self.response_model
        self.service_tier = service_tier or self.service_tier

    def sent_with(self, endpoint: Endpoint) -> None:
        """The request went out with this endpoint, which a log-in or the start of a server may have given a secret."""

    def attach_state(self, value: dict[str, Any]) -> None:
        """Attaches a value that the provider needs back unchanged, at this place in the answer."""
        self._turn.append(value, self.text_length)

    def whole_state(self) -> dict[str, Any]:
        """The state that the provider needs back with the next turn; empty for none."""
        ids = dict(zip(sorted(self._calls), (call.id for call in self.tool_calls()), strict=True))
        return self.make_state() or self._turn.value(ids, self.text_length)

    def finish(self, reason: FinishReason) -> None:
        """Sets the reason why the model stopped."""
        self._finish_reason = reason
        unsent, self._unsent = self._unsent, {}
        for index, call in unsent.items():
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
        return tuple(parts.tool_call() for _, parts in sorted(self._calls.items()))

    def arguments_text(self, index: int) -> str:
        """The arguments so far of the call with this index."""
        return self._calls[index].arguments.text() if index in self._calls else ""

    def arguments_equal(self, index: int, text: str) -> bool:
        """Whether the arguments so far of the call with this index are this text."""
        return self._calls[index].arguments.equal(text) if index in self._calls else not text

    def has_whole_arguments(self, index: int) -> bool:
        """Whether the arguments so far of the call with this index are a JSON object; blank ones count as one."""
        return index not in self._calls or self._calls[index].arguments.whole

    def output_characters(self) -> int:
        """The length of text, reasoning and arguments so far, for an estimate."""
        arguments = sum(call.arguments.length for call in self._calls.values())
        return self.text_length + self._reasoning_length + arguments
