"""Caches of prompts: what is marked, and that ten turns of a conversation begin with the same bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, load_wire_format
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.request import read_request
from modelport.protocol.types import CreateCompletionParams, Dialect, ImagePart, Message, TextPart, ToolCall
from support.builders import endpoint, tool, user
from support.shipped import shipped_registry

REGISTRY = shipped_registry()
WHO = (
    ("anthropic", "anthropic_messages", "claude-opus-5"),
    ("bedrock", "bedrock_converse", "anthropic.claude-opus-5"),
    ("openrouter", "openai_chat", "anthropic/claude-opus-5"),
    ("openai", "openai_chat", "gpt-5.2"),
    ("openai", "openai_responses", "gpt-5.2"),
    ("mistral", "openai_chat", "mistral-large-latest"),
    ("deepseek", "openai_chat", "deepseek-v4"),
    ("gemini", "gemini", "gemini-3-pro-preview"),
    ("ollama", "ollama", "qwen3:8b"),
    ("cohere", "cohere_chat", "command-a-03-2026"),
    ("openai-compatible", "openai_completions", "base"),
    ("anthropic", "anthropic_messages", "claude-sonnet-4-5"),
    ("openai-compatible", "openai_chat", "vertex_ai/claude-haiku-4-5"),
    ("openrouter", "openai_chat", "google/gemini-3-pro"),
    ("vllm", "openai_chat", "qwen/qwen3.5-9b"),
)
MARKED = tuple(one for one in WHO if "claude" in one[2])
PNG = "iVBORw0KGgo="


def body(who: tuple[str, str, str], messages: list[Message], *, cache: bool = True, tools: bool = True) -> Any:
    row, dialect, model = who
    chats = dialect != "openai_completions"
    call = ModelCall(
        endpoint=msgspec.structs.replace(endpoint(REGISTRY.get(row)), dialect=dialect),
        model=model,
        messages=tuple(messages),
        tools=(tool(), tool("now")) if tools and chats else (),
        cache=cache,
    )
    return json.loads(msgspec.json.encode(load_wire_format(dialect).request(fit(call)).body))  # type: ignore[arg-type]


def conversation(turns: int, *, calls: bool = True) -> list[Message]:
    """A loop of calls under ids that repeat, with images, reasoning alone and a call that was never answered."""
    messages = [Message(role="system", content="Be brief."), user("Where is it warm?")]
    for turn in range(turns if calls else 0):
        made = tuple(
            ToolCall(id=f"call_{number}", name="get_weather", arguments={"city": str(turn)}) for number in range(2)
        )
        seen = (TextPart(text="Seen."), ImagePart(data=PNG)) if turn % 3 == 0 else "18"
        messages += [
            Message(role="assistant", content="" if turn % 2 else "I look.", tool_calls=made),
            Message(role="tool", tool_call_id="call_0", content=seen),
            *([] if turn == 4 else [Message(role="tool", tool_call_id="call_1", content="")]),
        ]
    if not calls:
        for turn in range(turns):
            messages += [Message(role="assistant", content=f"Answer {turn}"), user(f"And {turn}?")]
    return messages


def without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_marks(inner) for name, inner in value.items() if name != "cache_control"}
    if isinstance(value, list):
        return [without_marks(inner) for inner in value if not (isinstance(inner, dict) and "cachePoint" in inner)]
    return value


def pieces(sent: Any) -> list[str]:
    """What a provider compares, in its order: tools, system text, then the blocks of the messages."""
    head = [
        json.dumps(sent.get(name)) for name in ("tools", "toolConfig", "system", "systemInstruction", "instructions")
    ]
    turns = sent.get("messages") or sent.get("contents") or sent.get("input") or []
    found: list[str] = []
    for turn in turns:
        content = turn.get("content") or turn.get("parts") or ""
        # Text in one part is what it is as a plain text: a mark needs the part.
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        other = {name: value for name, value in turn.items() if name not in ("content", "parts")}
        found += [json.dumps(other), *map(json.dumps, blocks)]
    return head + found


@pytest.mark.parametrize("calls", [True, False], ids=["calls", "talk"])
@pytest.mark.parametrize("who", [one for one in WHO if one[1] != "openai_completions"], ids=str)
def test_ten_turns_begin_alike(who: Any, calls: bool) -> None:
    earlier: list[str] = []
    for turns in range(1, 11):
        sent = pieces(without_marks(body(who, conversation(turns, calls=calls))))
        # A turn that ends with a call without a result, as the fifth does, is the same once the next has come.
        assert sent[: len(earlier)] == earlier
        earlier = sent


def test_every_dialect_is_tried() -> None:
    assert {dialect for _, dialect, _ in WHO} == MODULES.keys() - OWN_COMPLETERS


def marked(sent: Any) -> list[str]:
    """The places of the marks."""
    found: list[str] = []

    def look(value: Any, place: str) -> None:
        if isinstance(value, dict):
            if "cache_control" in value or "cachePoint" in value:
                found.append(place)
            for name, inner in value.items():
                look(inner, f"{place}.{name}" if place else name)
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                look(inner, f"{place}[{number}]")

    look(sent, "")
    return found


PLACES = {
    "anthropic_messages": ["messages[2].content[1]", "messages[4].content[1]", "system[0]", "tools[1]"],
    "bedrock_converse": ["messages[2].content[2]", "messages[4].content[2]", "system[1]", "toolConfig.tools[2]"],
    "openai_chat": ["messages[0].content[0]", "messages[7].content[0]", "messages[8].content[0]"],
}


@pytest.mark.parametrize("row", ["openai-compatible", "databricks", "snowflake-cortex", "litellm", "gmi"])
def test_claude_is_marked_behind_any_gateway(row: str) -> None:
    assert len(marked(body((row, "openai_chat", "anthropic/claude-opus-5"), conversation(2)))) == 3


@pytest.mark.parametrize("row", ["copilot", "cloudflare-ai-gateway"])
def test_a_gateway_that_passes_no_marks_on_gets_none(row: str) -> None:
    assert marked(body((row, "openai_chat", "claude-opus-5"), conversation(2))) == []


@pytest.mark.parametrize("who", MARKED, ids=str)
def test_marks_stand_behind_tools_system_text_and_the_last_turns(who: Any) -> None:
    sent = body(who, conversation(2))
    assert sorted(marked(sent)) == PLACES[who[1]]
    assert len(marked(body(who, conversation(10)))) <= 4
    assert len(marked(body(who, [user("Hi")], tools=False))) == 1


@pytest.mark.parametrize("who", MARKED, ids=str)
def test_the_next_request_marks_the_last_turn_of_this_one_again(who: Any) -> None:
    this, following = (body(who, conversation(turns, calls=False)) for turns in (2, 3))
    name = "messages"
    last = next(n for n in range(len(this[name]) - 1, -1, -1) if this[name][n]["role"] == "user")
    assert any(place.startswith(f"messages[{last}]") for place in marked(following))


@pytest.mark.parametrize("who", WHO, ids=str)
def test_nothing_is_marked_where_the_caller_turns_it_off_or_the_provider_keeps_by_itself(who: Any) -> None:
    talk = conversation(2, calls=False)
    assert marked(body(who, talk, cache=False)) == []
    assert "prompt_cache_key" not in body(who, talk, cache=False)
    if who not in MARKED:
        assert marked(body(who, talk)) == []


@pytest.mark.parametrize(
    "who",
    [
        ("openrouter", "openai_chat", "openai/gpt-5.2"),
        ("bedrock", "bedrock_converse", "amazon.nova-pro-v1:0"),
        ("bedrock", "bedrock_converse", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("bedrock", "bedrock_converse", "anthropic.claude-v2"),
    ],
)
def test_models_that_take_no_marks_get_none(who: Any) -> None:
    assert marked(body(who, conversation(2))) == []


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
def test_openais_cache_is_named_by_how_the_conversation_begins(dialect: Dialect) -> None:
    who = ("openai", dialect, "gpt-5.2")
    keys = {body(who, conversation(turns))["prompt_cache_key"] for turns in range(10)}
    assert len(keys) == 1
    (key,) = keys
    assert len(key) <= 64
    assert body(who, [user("Something else")])["prompt_cache_key"] != key


@pytest.mark.parametrize(("given", "kept"), [(None, True), (True, True), (False, False)])
def test_a_request_is_kept_unless_it_says_otherwise(given: bool | None, kept: bool) -> None:
    assert read_request(CreateCompletionParams(prompt="Hi", cache=given)).cache is kept
