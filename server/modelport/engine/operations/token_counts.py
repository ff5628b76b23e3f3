"""Counts the tokens of an input: by the provider where it counts, else by the length of the input."""

from __future__ import annotations

from modelport.domain.completions.request import read_request
from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import CountCall, TokenCount, TokenCounter
from modelport.domain.providers.connection import Endpoint
from modelport.domain.spending.usage import tokens_of_input
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.attempts import KeyAttempts
from modelport.engine.providers.connections import Connections
from modelport.protocol import types


class TokenCounts:
    """The use case of ``token/count``."""

    def __init__(self, connections: Connections, operations: TokenCounter, attempts: KeyAttempts) -> None:
        self._connections = connections
        self._operations = operations
        self._attempts = attempts

    async def count(self, params: types.CountTokenParams, caller: Caller) -> types.CountTokenResult:
        """The tokens that the input has as the input of a completion.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider counts, and failed.
        """
        if params.messages is not None and params.text is not None:
            raise InvalidParams("Give messages or text, not both.", field="text")
        if params.text == "":
            return types.CountTokenResult(input_tokens=0, estimated=False)
        if not params.messages and params.text is None:
            raise InvalidParams("Give messages or a text.", field="messages")
        checked = types.CreateCompletionParams(
            messages=params.messages, prompt=params.text, system=params.system, tools=params.tools
        )
        request = read_request(checked)
        counted = await self._counted(params, request.messages, request.tools, caller)
        if counted is None:
            counted = TokenCount(tokens_of_input(request.messages, request.tools), estimated=True)
        return types.CountTokenResult(input_tokens=counted.input, estimated=counted.estimated)

    async def _counted(
        self,
        params: types.CountTokenParams,
        messages: tuple[types.Message, ...],
        tools: tuple[types.Tool, ...],
        caller: Caller,
    ) -> TokenCount | None:
        """The provider's count; None where no provider is the target, or it does not count."""
        try:
            target = await self._connections.target(params.provider, params.model, params.resolution)
        except InvalidParams:
            if params.provider is None and params.model is None:
                return None
            raise
        row = target.provider
        model = target.model or row.default_model
        if row.dialect != "mock" and row.wire.token_count is None:
            return None
        if not model:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )

        async def call(endpoint: Endpoint) -> TokenCount | None:
            wanted = CountCall(endpoint=endpoint, model=model, messages=messages, tools=tools)
            return await self._operations.count(wanted)

        return await self._attempts.run_free(target, model, caller.origin.client, caller.warn, call)
