"""Every recorded answer as a turn of a conversation that any other model goes on with.

Each answer of each provider is written for each reader, once with the results of its calls and a question behind them
and once without; the types of the reader's own SDK accept it, and so do the rules that no type holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.listener import NullListener
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.types import ImagePart, Message, TextPart, Tool
from support.builders import StubPool, endpoint, reply
from support.recordings import Recording, find
from support.shipped import shipped_registry
from support.vendor_readers import rules
from support.vendor_readers.types import READERS, Refused

PNG = "iVBORw0KGgo="
TOOL = Tool(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
TOOLS = (TOOL, msgspec.structs.replace(TOOL, name="mcp/fs.read"))
REGISTRY = shipped_registry()
RECORDINGS = find()


@dataclass(frozen=True)
class Reader:
    """Who goes on with a conversation: a row, its dialect and a model, and what reads the request as its vendor does."""

    row: str
    dialect: str
    model: str
    types: str
    rules: Callable[[Any], None]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return f"{self.row} {self.dialect} {self.model}"

    @property
    def endpoint(self) -> Endpoint:
        return msgspec.structs.replace(endpoint(REGISTRY.get(self.row)), dialect=self.dialect)


READERS_OF_HISTORIES = (
    Reader("openai", "openai_chat", "gpt-4.1", "openai_chat", rules.chat),
    Reader("vllm", "openai_chat", "qwen/qwen3.5-9b", "openai_chat", rules.template),
    Reader("llama-cpp", "openai_chat", "gemma-4", "openai_chat", rules.template),
    Reader("openrouter", "openai_chat", "anthropic/claude-opus-5", "openai_chat", rules.claude_chat),
    Reader("openrouter", "openai_chat", "google/gemini-3-pro", "openai_chat", rules.gemini_chat),
    Reader("mistral", "openai_chat", "mistral-large-latest", "mistral", rules.mistral),
    Reader("vllm", "openai_chat", "mistralai/devstral-2", "openai_chat", rules.mistral),
    Reader("deepseek", "openai_chat", "deepseek-v4", "openai_chat", rules.deepseek),
    Reader("moonshot", "openai_chat", "kimi-k3", "openai_chat", rules.reasoning_content),
    Reader("openai", "openai_responses", "gpt-5.2", "openai_responses", rules.responses),
    Reader("anthropic", "anthropic_messages", "claude-sonnet-4-5", "anthropic", rules.anthropic),
    Reader("anthropic", "anthropic_messages", "claude-opus-5", "anthropic", rules.new_claude),
    Reader("gemini", "gemini", "gemini-3-pro-preview", "gemini", rules.gemini),
    Reader("ollama", "ollama", "qwen3:8b", "ollama", rules.ollama),
    Reader("bedrock", "bedrock_converse", "anthropic.claude-sonnet-4-5", "bedrock", rules.bedrock),
    Reader("bedrock", "bedrock_converse", "amazon.nova-pro-v1:0", "bedrock", rules.bedrock),
    Reader("cohere", "cohere_chat", "command-a-03-2026", "cohere", rules.cohere),
)


@dataclass(frozen=True)
class Turn:
    """A recorded answer as the client keeps it."""

    recording: Recording
    message: Message

    @property
    def results(self) -> tuple[Message, ...]:
        """A result for each call, the first with an image."""
        image = (TextPart(text="Seen."), ImagePart(data=PNG, mime_type="image/jpg"))
        return tuple(
            Message(role="tool", tool_call_id=call.id, content=image if number == 0 else "18 degrees")
            for number, call in enumerate(self.message.tool_calls or ())
        )


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    """What the recordings answered; none of those that failed before they said anything."""
    return anyio.run(all_turns)


async def all_turns() -> list[Turn]:
    return [turn for recording in RECORDINGS if (turn := await played(recording)) is not None]


async def played(recording: Recording) -> Turn | None:
    row = REGISTRY.get(recording.provider)
    asked = ModelCall(
        endpoint=msgspec.structs.replace(endpoint(row), dialect=recording.dialect),
        model="some-model",
        messages=(Message(role="user", content="Go on."),),
    )
    pool = StubPool(lambda _: reply(recording.body, status=recording.status, headers=recording.headers))
    answer = Answer(NullListener())
    completer = HttpCompleter(load_wire_format(asked.endpoint.dialect), ProviderClient(pool))  # type: ignore[arg-type]
    try:
        await completer.complete(asked, answer)
    except RequestFailed:
        # One that broke off is kept by the client as far as it had come.
        if not answer.begun:
            return None
    message = Message(
        role="assistant",
        content=answer.whole_text(),
        tool_calls=answer.tool_calls() or None,
        provider_state=asked.pack_state(answer.whole_state()),
    )
    return Turn(recording, msgspec.json.decode(msgspec.json.encode(message), type=Message))


def histories(turn: Turn) -> Iterator[tuple[tuple[Message, ...], tuple[Tool, ...]]]:
    """Conversations with this turn in them, with and without tools in the next request."""
    system = Message(role="system", content="Be brief.")
    hello, more = Message(role="user", content="Hello"), Message(role="user", content="Go on.")
    late = Message(role="system", content="Mind the time.")
    for tools in ((), TOOLS):
        yield (system, hello, turn.message, *turn.results, more), tools
        yield (hello, turn.message, more), tools
        # The turn comes twice, so that every id does; a system message stands further back, and nothing follows.
        again = (turn.message, *turn.results)
        yield (system, hello, *again, late, *again), tools
        # The answer shows an image, which few readers take from it.
        shown = msgspec.structs.replace(turn.message, content=(TextPart(text="See."), ImagePart(data=PNG)))
        yield (hello, shown, *turn.results, more), tools


def test_there_are_thousands_of_pairs(turns: list[Turn]) -> None:
    if not RECORDINGS:
        pytest.skip("no recordings: test_recordings_are_there_in_ci shows the folder")
    assert len(turns) * len(READERS_OF_HISTORIES) > 8000


@pytest.mark.timeout(120)
@pytest.mark.parametrize("reader", READERS_OF_HISTORIES, ids=str)
def test_every_answer_is_read_by(reader: Reader, turns: list[Turn]) -> None:
    refused: dict[str, list[str]] = {}
    wire = load_wire_format(reader.dialect)  # type: ignore[arg-type]
    for turn in turns:
        for messages, tools in histories(turn):
            call = ModelCall(endpoint=reader.endpoint, model=reader.model, messages=messages, tools=tools)
            body = json.loads(msgspec.json.encode(wire.request(fit(call)).body))
            try:
                reader.rules(body)
                READERS[reader.types](body)
                check_foreign_state(reader, turn, body)
            except Refused as why:
                refused.setdefault(str(why)[:300], []).append(turn.recording.name)
    assert not refused, "\n".join(f"{len(names)} x {why}: {names[:3]}" for why, names in refused.items())


def check_foreign_state(reader: Reader, turn: Turn, body: Any) -> None:
    """State of one provider never travels to another."""
    packed = turn.message.provider_state
    if packed is None or (packed["provider"], packed["dialect"]) == (reader.row, reader.dialect):
        return
    said = json.dumps([turn.message.content, msgspec.to_builtins(turn.message.tool_calls)])
    text = json.dumps(body)
    for secret in leaves(packed["state"]):
        if len(secret) > 20 and json.dumps(secret)[1:-1] not in said and json.dumps(secret)[1:-1] in text:
            raise Refused(f"the state {secret[:40]!r} travels")


def leaves(value: Any) -> Iterator[str]:
    """All texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
