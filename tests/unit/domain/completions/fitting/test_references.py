"""Schemas written out for readers that know no references, constants or lists of types."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Tool
from support.builders import call, fitted

TEXT = {"type": "string"}
CITY = {"type": "object", "properties": {"name": TEXT}}


def written(properties: Any, **more: Any) -> Any:
    schema = {"type": "object", "properties": properties} | more
    asked = call(model="google/gemini-3-pro", tools=(Tool(name="pick", parameters=schema),))
    return fitted(asked, "openai_chat").tools[0].parameters


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"$ref": "#/$defs/City"}, CITY),
        ({"$ref": "#/$defs/City", "description": "Where"}, CITY | {"description": "Where"}),
        ({"type": "array", "items": {"$ref": "#/$defs/City"}}, {"type": "array", "items": CITY}),
        ({"anyOf": [{"$ref": "#/$defs/City"}, {"type": "null"}]}, {"anyOf": [CITY, {"type": "null"}]}),
        ({"$ref": "#/$defs/Again"}, {"type": "array", "items": CITY}),
        ({"$ref": "#/$defs/a~1b"}, TEXT),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"type": "integer", "const": 3}, {"type": "integer", "minimum": 3, "maximum": 3}),
        ({"const": True}, {"type": "boolean", "description": "Always true."}),
        ({"type": ["string"]}, TEXT),
        (
            {"type": ["string", "null"], "enum": ["a", None], "description": "d"},
            {"description": "d", "anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
        ),
        ({"$schema": "s", "$comment": "c", "type": "string"}, TEXT),
        (True, {}),
    ],
)
def test_what_is_sent(given: Any, sent: Any) -> None:
    defs = {"City": CITY, "Again": {"type": "array", "items": {"$ref": "#/$defs/City"}}, "a/b": TEXT}
    assert written({"p": given}, **{"$defs": defs}) == {"type": "object", "properties": {"p": sent}}


def test_names_of_properties_are_no_words_of_a_schema() -> None:
    properties = {"$ref": TEXT, "const": TEXT, "definitions": TEXT, "type": TEXT}
    assert written(properties) == {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("property_", "defs"),
    [
        ({"$ref": "#/$defs/Tree"}, {"Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}}),
        ({"$ref": "#"}, {}),
        ({"$ref": "#/$defs/Missing"}, {}),
        ({"$ref": "https://example.org/schema"}, {}),
        ({"$ref": "#/$defs/A0"}, {f"A{n}": {"allOf": [{"$ref": f"#/$defs/A{n + 1}"}] * 9} for n in range(30)} | {"A30": TEXT}),
    ],
)  # fmt: skip
def test_what_cannot_be_written_out_refuses_the_tool_by_name(property_: Any, defs: Any) -> None:
    with pytest.raises(InvalidParams, match='"pick" refers to itself or to nothing'):
        written({"p": property_}, **{"$defs": defs})


def test_other_readers_get_references_as_they_are() -> None:
    schema = {"type": "object", "properties": {"p": {"$ref": "#/$defs/City"}}, "$defs": {"City": CITY}}
    tool = Tool(name="pick", parameters=schema)
    assert fitted(call(model="gpt-5.2", tools=(tool,)), "openai_chat").tools == (tool,)
