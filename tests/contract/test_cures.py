"""A refusal that names its cure: applied once, sent again, remembered for the row and the model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.http_completer import MAX_CURES, HttpCompleter
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from modelport.protocol.types import Message
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


MISSING = (
    "User: arn:aws:sts::1:assumed-role/r is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: "
    "arn:aws:bedrock:us-east-1::foundation-model/m because no identity-based policy allows the "
    "bedrock:InvokeModelWithResponseStream action"
)


class Bedrock:
    """A service whose policy allows some of the paths."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed
        self.paths: list[str] = []
        self.completer = HttpCompleter(BedrockConverse(), ProviderClient(StubPool(self._reply)))  # type: ignore[arg-type]

    def _reply(self, request: Any) -> Any:
        self.paths.append(request.url.path.rpartition("/")[2])
        if self.paths[-1] not in self.allowed:
            return reply(json.dumps({"message": MISSING}).encode(), status=403)
        message = {"role": "assistant", "content": [{"text": "Hello"}]}
        usage = {"inputTokens": 3, "outputTokens": 2}
        whole = {"output": {"message": message}, "stopReason": "end_turn", "usage": usage}
        return reply(json.dumps(whole).encode(), headers={"content-type": "application/json"})

    async def ask(self) -> Answer:
        built = answer()
        provider = row("bedrock", dialect="bedrock_converse")
        await self.completer.complete(call(user(), provider=provider, model="m"), built)
        return built


async def test_a_policy_without_streams_is_answered_as_a_whole() -> None:
    bedrock = Bedrock("converse")
    for _ in range(2):
        built = await bedrock.ask()
        assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")
        assert built.counts is not None
    assert bedrock.paths == ["converse-stream", "converse", "converse"]


async def test_a_policy_without_either_is_forbidden() -> None:
    bedrock = Bedrock()
    with pytest.raises(RequestFailed) as failed:
        await bedrock.ask()
    assert failed.value.kind == "forbidden"
    assert bedrock.paths == ["converse-stream", "converse"]


class Reader:
    """Refuses conversations in which some turn lacks what it wants, or has what it does not."""

    def __init__(self, words: str, refuses: Any, *, status: int = 400) -> None:
        self.bodies: list[dict[str, Any]] = []

        def answered(request: Any) -> Any:
            body = json.loads(request.content)
            self.bodies.append(body)
            if refuses(body):
                return reply(json.dumps({"error": {"message": words}}).encode(), status=status)
            return reply(delta("Hello"), end(), headers={"content-type": "text/event-stream"})

        self.completer = HttpCompleter(OpenAIChat(), ProviderClient(StubPool(answered)))  # type: ignore[arg-type]

    async def ask(self, *messages: Message, **changes: Any) -> Answer:
        built = answer()
        await self.completer.complete(call(*messages, provider=row(), model="my-alias", **changes), built)
        return built


SAID = Message(role="assistant", content="Yes.")


async def test_reasoning_that_was_never_there_is_sent_empty_behind_any_name_from_then_on() -> None:
    reader = Reader(
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1",
        lambda body: any("reasoning_content" not in one for one in body["messages"] if one["role"] == "assistant"),
    )
    for _ in range(2):
        assert (await reader.ask(user(), SAID, user("And?"))).whole_text() == "Hello"
    assert [[one.get("reasoning_content") for one in body["messages"]] for body in reader.bodies] == [
        [None, None, None], [None, "", None], [None, "", None]
    ]  # fmt: skip


async def test_an_answer_that_a_model_does_not_go_on_with_gets_a_turn_of_the_user() -> None:
    reader = Reader(
        "The conversation must end with a user message.", lambda body: body["messages"][-1]["role"] != "user"
    )
    for _ in range(2):
        assert (await reader.ask(user(), SAID)).whole_text() == "Hello"
    assert len(reader.bodies) == 3


@pytest.mark.parametrize("status", [400, 404])
async def test_a_cure_of_one_conversation_is_not_remembered(status: int) -> None:
    items = [{"type": "reasoning", "id": "rs_1"}, {"role": "user", "content": "Hi"}]
    reader = Reader("Items are not persisted when `store` is set to false.", lambda body: "reasoning" in str(body.get("input")), status=status)  # fmt: skip
    provider = row(wire={"extra_body": {"input": items}})
    for _ in range(2):
        built = answer()
        await reader.completer.complete(call(user(), provider=provider), built)
        assert built.whole_text() == "Hello"
    assert [len(body["input"]) for body in reader.bodies] == [2, 1, 2, 1]
