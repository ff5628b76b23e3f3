"""Schemas of strict answers: closed where that loses nothing."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.call import AnswerFormat
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Dialect
from support.builders import call, fitted, json_form

TEXT = {"type": "string"}


def fit_answer(schema: Any, dialect: Dialect, **changes: Any) -> AnswerFormat | None:
    return fitted(call(answer_format=json_form(schema=schema, **changes)), dialect).answer_format


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
         {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False}),
        ({"type": "object", "properties": {"a": TEXT}}, None),
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": True}, None),
        ({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object", "properties": {}}}}, "required": ["l"]},
         {"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object", "properties": {}, "additionalProperties": False}}}, "required": ["l"], "additionalProperties": False}),
        ({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object", "properties": {"x": TEXT}}}}, "required": ["l"]}, None),
        ({"$defs": {"A": {"type": "object", "properties": {"x": TEXT}}}, "type": "object", "properties": {}}, None),
    ],
)  # fmt: skip
def test_strict_output_wants_closed_objects_with_all_properties(schema: Any, strict: Any) -> None:
    form = fit_answer(schema, "openai_chat")
    expected = json_form(strict=False, schema=schema) if strict is None else json_form(schema=strict)
    assert form == expected


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse"])
@pytest.mark.parametrize("strict", [True, False])
def test_optional_properties_stay_where_only_closed_objects_are_wanted(dialect: Dialect, strict: bool) -> None:
    inner = {"type": "object", "properties": {"b": TEXT}}
    schema = {
        "type": "object",
        "properties": {"a": inner, "l": {"anyOf": [inner, {"type": "null"}]}},
        "required": ["a"],
    }
    closed = inner | {"additionalProperties": False}
    properties = {"a": closed, "l": {"anyOf": [closed, {"type": "null"}]}}
    expected = schema | {"properties": properties, "additionalProperties": False}
    form = fit_answer(schema, dialect, strict=strict)
    assert form is not None
    assert form.schema == expected


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse"])
@pytest.mark.parametrize("free", [True, TEXT])
def test_free_properties_are_refused_where_only_closed_objects_are_taken(dialect: Dialect, free: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": free}}}
    with pytest.raises(InvalidParams, match="free properties") as refused:
        fit_answer(schema, dialect)
    assert (refused.value.field, refused.value.kind) == ("responseFormat.schema", "unsupported")


def test_any_json_has_no_schema_to_close() -> None:
    assert fit_answer(None, "anthropic_messages") == json_form(schema=None)
