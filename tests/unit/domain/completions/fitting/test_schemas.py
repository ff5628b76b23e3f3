"""Schemas of tools: rewritten where that loses nothing, else refused by the tool's name."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Tool
from support.builders import call, fitted

TEXT = {"type": "string"}


def fit_tool(schema: Any, model: str = "gpt-5.2", description: str | None = None) -> Tool:
    asked = call(model=model, tools=(Tool(name="pick", parameters=schema, description=description),))
    return fitted(asked, "openai_chat").tools[0]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"type": "object", "properties": None}, {"type": "object", "properties": {}}),
        ({"properties": {"a": TEXT}}, {"type": "object", "properties": {"a": TEXT}}),
        ({"type": ["object", "null"], "properties": {}}, {"type": "object", "properties": {}}),
        (
            {"$ref": "#/$defs/In", "$defs": {"In": {"type": "object", "properties": {"a": TEXT}}}},
            {"$defs": {"In": {"type": "object", "properties": {"a": TEXT}}}, "type": "object", "properties": {"a": TEXT}},
        ),
        ({"anyOf": [{"type": "object", "properties": {"a": TEXT}}]}, {"type": "object", "properties": {"a": TEXT}}),
        (
            {"allOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"type": "object", "properties": {"b": TEXT}, "required": ["b"]}]},
            {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a", "b"]},
        ),
        (
            {"$defs": {"A": {"properties": {"a": TEXT}}}, "allOf": [{"$ref": "#/$defs/A"}]},
            {"$defs": {"A": {"properties": {"a": TEXT}}}, "type": "object", "properties": {"a": TEXT}},
        ),
    ],
)  # fmt: skip
def test_what_is_sent(given: Any, sent: Any) -> None:
    assert fit_tool(given).parameters == sent


def test_what_is_accepted_is_not_touched() -> None:
    tool = Tool(name="f", parameters={"type": "object", "properties": {"a": {"anyOf": [TEXT, {"type": "null"}]}}})
    assert fitted(call(model="gpt-5.2", tools=(tool,)), "openai_chat").tools[0] is tool


@pytest.mark.parametrize(("union", "how"), [("anyOf", "at least one"), ("oneOf", "exactly one")])
def test_alternatives_of_what_is_required_are_told_in_words(union: str, how: str) -> None:
    schema = {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        union: [{"required": ["a"]}, {"required": ["b", "c"]}],
    }
    fitted_one = fit_tool(schema, description="Picks.")
    assert fitted_one.parameters == {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
    assert fitted_one.description == f"Picks.\n\nGive {how} of: a; b and c."


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "object", "properties": {"a": TEXT}}, {"type": "object", "properties": {"b": TEXT}}]},
        {"allOf": [{"properties": {"a": TEXT}}, {"properties": {"a": {"type": "integer"}}}]},
        {"allOf": [{"properties": {"a": TEXT}, "additionalProperties": False}, {"properties": {"b": TEXT}}]},
        {"oneOf": [{}, {"type": "object"}]},
    ],
)
def test_a_union_that_cannot_be_rewritten_refuses_the_tool_by_name(schema: Any) -> None:
    for model in ("gpt-5.2", "anthropic/claude-opus-5"):
        with pytest.raises(InvalidParams, match='"pick" is a union') as refused:
            fit_tool(schema, model)
        assert (refused.value.field, refused.value.kind) == ("tools[0].parameters", "unsupported")
    assert fit_tool(schema, "qwen3").parameters == {"type": "object", "properties": {}} | schema


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": ["string", "null"]}, {"$ref": "#/$defs/T", "$defs": {"T": TEXT}}]
)
def test_arguments_that_are_no_object_are_refused_for_every_reader(schema: Any) -> None:
    with pytest.raises(InvalidParams, match="has to describe an object"):
        fit_tool(schema, "qwen3")


def test_references_in_a_circle_end() -> None:
    circle = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert fit_tool(circle, "qwen3").parameters is not None


@pytest.mark.parametrize("model", ["gpt-5.2", "openai/gpt-4.1", "openai/o4-mini", "azure/gpt-5", "o3", "openrouter/openai/gpt-5", "chatgpt-4o-latest"])  # fmt: skip
def test_openais_models_take_no_union_behind_any_gateway(model: str) -> None:
    with pytest.raises(InvalidParams, match="is a union"):
        fit_tool({"oneOf": [{"type": "object"}, {}]}, model)


@pytest.mark.parametrize("name", ["filter[id]", "Account Number", "x" * 65, "ä"])
@pytest.mark.parametrize(("dialect", "model"), [("anthropic_messages", "claude-opus-5"), ("bedrock_converse", "anthropic.claude-opus-5"), ("openai_chat", "anthropic/claude-opus-5")])  # fmt: skip
def test_a_parameter_that_claude_cannot_be_told_of_refuses_the_tool_by_name(
    dialect: Any, model: str, name: str
) -> None:
    tool = Tool(name="pick", parameters={"type": "object", "properties": {"a.b-c": TEXT, name: TEXT}})
    with pytest.raises(InvalidParams, match="pick") as refused:
        fitted(call(model=model, tools=(tool,)), dialect)
    assert name in refused.value.message
    nested = Tool(name="pick", parameters={"type": "object", "properties": {"a": {"properties": {name: TEXT}}}})
    assert fitted(call(model=model, tools=(nested,)), dialect).tools == (nested,)
    assert fitted(call(tools=(tool,)), "openai_chat").tools == (tool,)
