"""Every cell of docs/conversations.md: what becomes of a conversation that the rule is about, in each wire format."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.families import FAMILIES
from modelport.domain.completions.fitting.matrix import MATRIX
from modelport.domain.completions.fitting.rules import RULES, HistoryRules, history_rules
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.wire.history import HistoryWire
from modelport.protocol.types import Dialect, ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import call, endpoint, fitted, json_form, row, tool, user
from support.checks import together

PNG = "iVBORw0KGgo="
HELLO = user("Hello")


def assistant(content: str | None = None, *ids: str, state: dict[str, Any] | None = None) -> Message:
    calls = tuple(ToolCall(id=one, name="get_weather", arguments={}) for one in ids) or None
    return Message(role="assistant", content=content, tool_calls=calls, provider_state=state)


def system(text: str) -> Message:
    return Message(role="system", content=text)


def result(call_id: str, content: Any = "18") -> Message:
    return Message(role="tool", tool_call_id=call_id, content=content)


UNION = Tool(
    name="f", parameters={"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
)
CONSTANT = {"type": "object", "properties": {"a": {"const": "x"}}}
CONVERSATIONS: dict[str, ModelCall] = {
    "ids": call(HELLO, assistant(None, "functions.get_weather:0|fc_" + "x" * 60), result("functions.get_weather:0|fc_" + "x" * 60)),
    "unique": call(HELLO, assistant(None, "c1"), result("c1"), HELLO, assistant(None, "c1"), result("c1")),
    "results": call(HELLO, assistant(None, "c1", "c2"), result("c2"), HELLO),
    "blank": call(HELLO, assistant(" \n"), user([TextPart(text=""), TextPart(text="More")])),
    "output": call(HELLO, assistant(None, "c1"), result("c1", "")),
    "system": call(system("A"), HELLO, assistant("Yes?"), system("B"), user("Go on")),
    "neighbours": call(HELLO, user("And?")),
    "begin": call(assistant("Welcome."), HELLO),
    "after_tool": call(HELLO, assistant(None, "c1"), result("c1"), user("And?")),
    "images": call(HELLO, assistant(None, "c1"), result("c1", (ImagePart(data=PNG),))),
    "spoken_images": call(HELLO, Message(role="assistant", content=(TextPart(text="See."), ImagePart(data=PNG))), user("And?")),
    "definitions": call(HELLO, assistant(None, "c1"), result("c1")),
    "end": call(HELLO, assistant("It is")),
    "prefill": call(HELLO, assistant("It is \n")),
    "names": call(HELLO, tools=(tool(name="fs/read"),)),
    "schemas": call(HELLO, tools=(Tool(name="f"), Tool(name="g", parameters={"type": "object"}))),
    "unions": call(HELLO, tools=(UNION,)),
    "property_names": call(HELLO, tools=(tool(**{"filter[id]": {"type": "string"}}),)),
    "signed_loops": call(HELLO, assistant(None, "c1"), result("c1"), parameters={"reasoning_effort": "high"}),
    "exclusive_reasoning": call(HELLO, tools=(tool(),), tool_choice="required", parameters={"reasoning_effort": "high"}),
    "references": call(HELLO, tools=(Tool(name="f", parameters=CONSTANT),)),
    "schema_words": call(HELLO, tools=(tool(size={"type": "number", "exclusiveMinimum": 0}),)),
    "context": call(HELLO, parameters={"context_length": 4096}),
    "closed_answers": call(HELLO, answer_format=json_form()),
    "state": call(HELLO, assistant("Hi", state={"provider": "other", "dialect": "gemini", "state": {"x": 1}}), HELLO, assistant("A"), HELLO),
}  # fmt: skip
"""A conversation that breaks each rule, and no other that its readers differ in."""
WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def ids(messages: tuple[Message, ...]) -> list[str]:
    return [made.id for message in messages for made in message.tool_calls or ()]


def text(message: Message) -> str:
    content = message.content or ""
    return (
        content if isinstance(content, str) else "|".join(part.text for part in content if isinstance(part, TextPart))
    )


def roles(messages: tuple[Message, ...]) -> list[str]:
    return [message.role for message in messages]


BY_DIALECT = {"empty_reasoning", "signed_calls", "encrypted_reasoning", "prompt_cache", "continued"}
"""What a dialect writes, and what failover asks for: tests/unit/adapters/dialects, tests/contract/test_prompt_cache.py,
tests/unit/engine/completions/test_failover.py."""
KEPT: dict[str, Callable[[ModelCall, ModelCall], bool]] = {
    "ids": lambda given, got: ids(got.messages) == ids(given.messages),
    "unique": lambda _, got: len(set(ids(got.messages))) == 1,
    "results": lambda given, got: roles(got.messages) == roles(given.messages),
    "blank": lambda given, got: len(got.messages) == len(given.messages),
    "output": lambda _, got: got.messages[-1].content == "",
    "system": lambda given, got: roles(got.messages) == roles(given.messages),
    "neighbours": lambda given, got: len(got.messages) == len(given.messages),
    "begin": lambda _, got: got.messages[0].role == "assistant",
    "after_tool": lambda given, got: roles(got.messages) == roles(given.messages),
    "images": lambda given, got: got.messages == given.messages,
    "spoken_images": lambda given, got: got.messages == given.messages,
    "definitions": lambda _, got: not got.tools,
    "end": lambda _, got: got.messages[-1].role == "assistant",
    "prefill": lambda _, got: text(got.messages[-1]).endswith("\n"),
    "names": lambda given, got: got.tools == given.tools,
    "schemas": lambda given, got: got.tools == given.tools,
    "property_names": lambda given, got: got.tools == given.tools,
    "signed_loops": lambda given, got: got.parameters == given.parameters and not got.notes,
    "exclusive_reasoning": lambda given, got: got.parameters == given.parameters and not got.notes,
    "references": lambda given, got: got.tools == given.tools,
    "schema_words": lambda given, got: got.tools == given.tools,
    "unions": lambda given, got: got.tools == given.tools,
    "context": lambda given, got: got.parameters == given.parameters and not got.notes,
    "closed_answers": lambda given, got: got.answer_format == given.answer_format,
    "state": lambda _, got: any(message.provider_state for message in got.messages),
}
"""Whether a conversation is still as it was given, as far as the rule goes."""


def test_every_rule_has_a_conversation() -> None:
    assert {rule.name for rule in MATRIX} - BY_DIALECT == CONVERSATIONS.keys() == KEPT.keys()


@pytest.mark.parametrize("rule", [rule for rule in MATRIX if rule.name in KEPT], ids=lambda rule: rule.name)
def test_cells(rule: Any) -> None:
    given = CONVERSATIONS[rule.name]
    with together() as failures:
        for dialect, rules in RULES.items():
            with failures.of(dialect):
                check_cell(rule, rule.cell(rules), given, dialect)


def check_cell(rule: Any, cell: str, given: ModelCall, dialect: Dialect) -> None:
    if rule.name == "property_names" and cell == "fitted":
        with pytest.raises(InvalidParams, match=r'the tool "get_weather" has the parameter "filter\[id\]"'):
            fitted(given, dialect)
    elif rule.name == "prefill" and RULES[dialect].ends_with_user:
        assert not text(fitted(given, dialect).messages[-1]).endswith("\n")
    else:
        assert KEPT[rule.name](given, fitted(given, dialect)) is (cell != "fitted"), cell


@pytest.mark.parametrize(("dialect", "pattern", "changes"), FAMILIES)
def test_a_family_changes_its_rules_behind_any_row(dialect: Dialect, pattern: str, changes: dict[str, Any]) -> None:
    model = re.sub(r"\[(.).*?\]", r"\1", pattern).replace("*", "-x-")
    rules = history_rules(row(dialect=dialect), dialect, model.upper())
    assert {name: getattr(rules, name) for name in changes} == changes


def test_a_row_changes_single_rules() -> None:
    changed = row(wire={"history": HistoryWire(system="anywhere", call_ids="nine")})
    expected = msgspec.structs.replace(RULES["openai_chat"], system="anywhere", call_ids="nine")
    assert history_rules(changed, "openai_chat", "some-model") == expected
    assert history_rules(row(), "openai_chat", "some-model") is RULES["openai_chat"]


def test_fields_of_a_row_are_the_rules() -> None:
    """So that every rule can be changed by a row."""
    fields = set(HistoryRules.__struct_fields__) - {"forbids_calls"}
    assert set(HistoryWire.__struct_fields__) == fields


def test_a_history_with_calls_forbids_new_ones_only_where_that_can_be_said() -> None:
    given = CONVERSATIONS["definitions"]
    assert fitted(given, "bedrock_converse").tool_choice == "none"
    takes = row(dialect="anthropic_messages", wire={"tool_choice": ("auto", "none")})
    for provider, choice in ((takes, "none"), (row(wire={"tool_choice": ("auto",)}), None)):
        asked = fitted(msgspec.structs.replace(given, endpoint=endpoint(provider)), "anthropic_messages")
        assert (asked.tool_choice, [one.name for one in asked.tools]) == (choice, ["get_weather"])
    offered = msgspec.structs.replace(given, tools=(tool(),), tool_choice="none")
    assert fitted(offered, "anthropic_messages").tools == (tool(),)
    claude = msgspec.structs.replace(offered, model="anthropic/claude-opus-5")
    assert (fitted(claude, "openai_chat").tool_choice, fitted(claude, "openai_chat").tools) == (None, (tool(),))
