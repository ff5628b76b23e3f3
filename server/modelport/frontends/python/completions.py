"""Completions, whole and streamed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, cast

from typing_extensions import override

from modelport.domain.completions.listener import NullListener
from modelport.frontends.python.inputs import Format, Prompt, Tools, format_of, messages_of, tools_of
from modelport.frontends.python.session import Calls
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol import types

log = logging.getLogger("modelport.completions")

Update = types.TextUpdate | types.ReasoningUpdate | types.ToolCallUpdate | types.AttemptUpdate | types.ResetUpdate
"""A delta of a streamed answer, a failed attempt, or a new beginning."""


class Stream(ResultStream[Update, types.Completion]):
    """The updates of an answer as they arrive.

    The text of ``result()`` is that of all text updates together, from the last reset on.
    """

    async def texts(self) -> AsyncIterator[str]:
        """The text deltas of the answer alone.

        Where the configuration lets an answer begin again, so do they: follow the updates to see where.

        Raises:
            RequestFailed: the provider failed; raised after the deltas that had arrived.
        """
        async for update in self:
            if isinstance(update, types.TextUpdate):
                yield update.text


class CompletionCalls(Calls):
    """The calls for completions."""

    async def complete(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        provider: str | None = None,
        resolution: types.Resolution | None = None,
        system: str | None = None,
        tools: Tools | None = None,
        tool_choice: types.ToolChoiceMode | types.NamedToolChoice | None = None,
        response_format: Format | None = None,
        fallbacks: Iterable[str] | None = None,
        timeout_ms: int | None = None,
        cache: bool = True,
        role: types.CompletionRole | None = None,
        **parameters: Any,
    ) -> types.Completion:
        """The whole answer to a prompt or a conversation.

        ``model`` is written ``provider/model``, with an alias in front, or alone where one provider serves it; without
        it the connection is used, else the default of the configuration, then a provider with a key, then a local
        server. ``resolution="explicit"`` refuses a call that does not name its provider. ``fallbacks`` are tried in
        turn when a model fails before its first delta, then the chain of ``role`` in the configuration; an empty list
        tries no others. ``timeout_ms`` limits the whole call. ``cache=False`` marks nothing for the provider's cache of
        prompts. All other arguments are sampling parameters, such as
        ``temperature`` and ``max_tokens``.

        Raises:
            InvalidParams: a parameter is wrong, or not one that the provider takes.
            RequestFailed: every model failed; its ``text`` is the part of the answer that had arrived.
        """
        return await self.stream(
            prompt,
            model=model,
            provider=provider,
            resolution=resolution,
            system=system,
            tools=tools,
            tool_choice=tool_choice,
            response_format=response_format,
            fallbacks=fallbacks,
            timeout_ms=timeout_ms,
            cache=cache,
            role=role,
            **parameters,
        )

    def stream(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        provider: str | None = None,
        resolution: types.Resolution | None = None,
        system: str | None = None,
        tools: Tools | None = None,
        tool_choice: types.ToolChoiceMode | types.NamedToolChoice | None = None,
        response_format: Format | None = None,
        fallbacks: Iterable[str] | None = None,
        timeout_ms: int | None = None,
        cache: bool = True,
        role: types.CompletionRole | None = None,
        **parameters: Any,
    ) -> Operation[Stream, types.Completion]:
        """The answer while it arrives: ``async with client.stream(…) as stream``, which gives updates.

        Takes the parameters of ``complete``. Leaving the block early closes the connection to the provider.

        Raises:
            InvalidParams: a message, a tool or the form of the answer is malformed.
        """
        params = types.CreateCompletionParams(
            messages=messages_of(prompt),
            model=model,
            provider=provider,
            resolution=resolution,
            system=system,
            tools=tools_of(tools),
            tool_choice=tool_choice,
            response_format=format_of(response_format),
            fallbacks=None if fallbacks is None else tuple(fallbacks),
            timeout_ms=timeout_ms,
            cache=cache,
            role=role,
            parameters=parameters or None,
        )

        async def answer(stream: Stream) -> types.Completion:
            from modelport.engine.time_limit import TimeLimit

            limit = TimeLimit(timeout_ms)
            app = await limit.within(self._session.app)
            return await (await app.completions.get()).create(params, _Listener(stream), self._session.origin(), limit)

        return Operation(Stream(), answer)


class _Listener(NullListener):
    """Adds each delta to a stream as an update."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    @override
    def congested(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]  never assigned
        """Whether the stream's reader has fallen behind."""
        return self._stream.congested

    @override
    async def drained(self) -> None:
        """Returns when the reader has caught up."""
        await self._stream.drained()

    @override
    def text(self, text: str) -> None:
        """Adds a delta of the answer."""
        self._stream.add(types.TextUpdate(text=text))

    @override
    def reasoning(self, text: str) -> None:
        """Adds a delta of the reasoning."""
        self._stream.add(types.ReasoningUpdate(text=text))

    @override
    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """Adds a delta of a tool call."""
        self._stream.add(types.ToolCallUpdate(index=index, id=call_id, name=name, arguments_delta=arguments))

    @override
    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Adds a failed attempt, after which another provider is tried."""
        kind = cast("types.ErrorKind", reason)
        self._stream.add(types.AttemptUpdate(provider=provider, model=model, reason=kind))

    @override
    def reset(self) -> None:
        """Adds the notice that the answer begins again."""
        self._stream.add(types.ResetUpdate())

    def recorded(self, call: types.Call, budgets: Sequence[types.BudgetStatus]) -> None:
        """Ignored: the completion holds the usage."""

    @override
    def warning(self, message: str) -> None:
        """Logs what the user should mend."""
        log.warning("%s", message)
