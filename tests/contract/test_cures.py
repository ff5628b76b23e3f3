"""A refusal that names its cure: applied once, sent again, remembered for the row and the model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.http_completer import MAX_CURES, HttpCompleter
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from support.builders import StubPool, answer, call, reply, row, user
from support.sse import delta, end

MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) is supported."
)


class Vendor:
    """Refuses bodies with fields that it does not know, in its own words."""

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.bodies: list[dict[str, Any]] = []
        self.completer = HttpCompleter(OpenAIChat(), ProviderClient(StubPool(self._reply)))  # type: ignore[arg-type]

    def _reply(self, request: Any) -> Any:
        body = json.loads(request.content)
        self.bodies.append(body)
        for field, words in self.refusals.items():
            if field in body:
                return reply(
                    json.dumps({"error": {"message": words, "type": "invalid_request_error"}}).encode(), status=400
                )
        return reply(delta("Hello"), end(), headers={"content-type": "text/event-stream"})

    async def ask(self, model: str = "m", **parameters: Any) -> Answer:
        built = answer()
        await self.completer.complete(call(user(), provider=row(), model=model, parameters=parameters), built)
        return built


async def test_the_request_is_sent_again_with_the_cure_and_the_next_one_at_once() -> None:
    vendor = Vendor(max_tokens=MAX_TOKENS)
    assert (await vendor.ask(max_tokens=5)).whole_text() == "Hello"
    assert [body.get("max_completion_tokens") for body in vendor.bodies] == [None, 5]
    await vendor.ask(max_tokens=7)
    assert len(vendor.bodies) == 3
    assert vendor.bodies[-1]["max_completion_tokens"] == 7
    # Another model is asked as usual.
    await vendor.ask("other", max_tokens=7)
    assert len(vendor.bodies) == 5


async def test_several_cures_of_one_call_are_all_remembered() -> None:
    vendor = Vendor(max_tokens=MAX_TOKENS, temperature=TEMPERATURE)
    await vendor.ask(max_tokens=5, temperature=0.2)
    await vendor.ask(max_tokens=5, temperature=0.2)
    assert len(vendor.bodies) == 4
    assert "temperature" not in vendor.bodies[-1]


async def test_a_refusal_without_a_cure_is_told_as_it_is() -> None:
    vendor = Vendor(messages="messages is not supported")
    with pytest.raises(RequestFailed, match="messages is not supported"):
        await vendor.ask(max_tokens=5)
    assert len(vendor.bodies) == 1


async def test_a_cure_that_helps_nothing_is_not_remembered() -> None:
    vendor = Vendor(messages=TEMPERATURE)
    with pytest.raises(RequestFailed):
        await vendor.ask(temperature=0.2)
    assert [("temperature" in body) for body in vendor.bodies] == [True, False]
    vendor.refusals = {}
    await vendor.ask(temperature=0.2)
    assert "temperature" in vendor.bodies[-1]


async def test_there_is_an_end_to_cures() -> None:
    fields = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")
    vendor = Vendor(**{field: f"{field} is not supported" for field in fields})
    with pytest.raises(RequestFailed):
        await vendor.ask(temperature=0.2, top_p=0.5, seed=1, presence_penalty=1, frequency_penalty=1)
    assert len(vendor.bodies) == MAX_CURES + 1


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_other_failures_are_not_cured(status: int) -> None:
    seen: list[Any] = []

    def refuse(request: Any) -> Any:
        seen.append(request)
        return reply(json.dumps({"error": {"message": TEMPERATURE}}).encode(), status=status)

    completer = HttpCompleter(OpenAIChat(), ProviderClient(StubPool(refuse)))  # type: ignore[arg-type]
    with pytest.raises(RequestFailed):
        await completer.complete(call(user(), provider=row(), parameters={"temperature": 0.2}), answer())
    assert len(seen) == 1
