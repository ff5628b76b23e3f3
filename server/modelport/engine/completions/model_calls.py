"""The call of one model for a request, and what it has used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.known_tools import KnownTools
from modelport.domain.completions.request import CompletionRequest
from modelport.domain.providers.connection import Endpoint
from modelport.domain.spending import usage as spending
from modelport.domain.spending.usage import Billing, Expected, Operation
from modelport.engine.calls.meter import Hold
from modelport.protocol import types


class AnswerMeter:
    """What a completion has used: the provider's counts, or an estimate by what has arrived."""

    def __init__(self, call: ModelCall, answer: Answer) -> None:
        self._call = call
        self._answer = answer
        self._hold: Hold | None = None

    def hold(self, hold: Hold) -> None:
        """Budgets count the call."""
        self._hold = hold

    async def within_budget(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work that fills the answer, no longer than the budgets have money for it."""
        if self._hold is None:
            await work()
        else:
            await self._hold.complete(self._answer, work)

    @property
    def finish_reason(self) -> types.FinishReason | None:
        """Why the answer ended."""
        return self._answer.finish_reason

    @property
    def operation(self) -> Operation:
        """What the call is for, for telemetry."""
        return "chat"

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The sampling parameters of the call, by our names."""
        return self._call.parameters

    def expected(self) -> Expected:
        """What it is expected to use, before it is sent."""
        return spending.expected(self._call)

    def measured(self, started_s: float, ended_s: float) -> tuple[Billing, types.Usage]:
        """What is paid for, and the usage of the call between two readings of the monotonic clock without its price."""
        billing = spending.billing(self._call, self._answer)
        return billing, spending.usage_of(billing, self._answer, started_s=started_s, ended_s=ended_s)


def model_call(request: CompletionRequest, model: str, endpoint: Endpoint, known: KnownTools) -> ModelCall:
    """The call of a model, its conversation fitted to what the endpoint takes.

    Raises:
        InvalidParams: the wire format cannot carry the request.
    """
    call = ModelCall(
        endpoint=endpoint,
        model=model,
        messages=request.messages,
        tools=request.tools,
        tool_choice=request.tool_choice,
        named_tool=request.named_tool,
        answer_format=request.answer_format,
        parameters=request.parameters,
        cache=request.cache,
    )
    return fit(call, known.fit)
