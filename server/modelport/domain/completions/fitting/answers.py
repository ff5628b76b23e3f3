"""Schemas of answers as strict output takes them: every object closed, and, with OpenAI, every property required.

Source: OpenAI, "Structured outputs" (supported schemas); Anthropic, "Structured outputs" (JSON schema limitations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from modelport.domain.completions.call import AnswerFormat, ModelCall
from modelport.domain.completions.fitting.drafts import as_2020_12
from modelport.domain.completions.fitting.references import CannotWriteOut, self_contained
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.completions.fitting.subsets import CannotSay, in_subset
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_list, is_object

Schema = dict[str, Any]


def fitted_answer(call: ModelCall, rules: HistoryRules) -> AnswerFormat | None:
    """The form of the answer in the words that the reader takes, with every object of its schema closed.

    Where that would lose something the answer is not strict; a provider that knows no other gets no such schema.

    Raises:
        InvalidParams: the provider takes only closed objects, and the schema has one with free properties.
    """
    form, closed = call.answer_format, rules.closed_answers
    if form is not None and form.schema is not None:
        form = structs.replace(form, schema=_in_words(as_2020_12(form.schema), rules))
    if closed == "no" or form is None or form.schema is None or not (form.strict or closed == "closed"):
        return form
    schema = closed_schema(form.schema, required=closed == "required")
    if schema is not None:
        return structs.replace(form, schema=schema)
    if closed == "required":
        return structs.replace(form, strict=False)
    raise InvalidParams(
        "The schema of the answer has an object with free properties, which this model refuses: name its properties, "
        'or use responseFormat {"type": "json"}.',
        kind="unsupported",
        field="responseFormat.schema",
        provider=call.endpoint.provider.id,
        model=call.model,
        action="change the schema of the answer",
    )


def _in_words(schema: Schema, rules: HistoryRules) -> Schema:
    """The schema in the words that the reader takes; as it is where those do not suffice, for the vendor to decide."""
    try:
        return in_subset(self_contained(schema, rules.references), rules.schema_subset)
    except (CannotWriteOut, CannotSay):
        return schema


def closed_schema(schema: Schema, *, required: bool) -> Schema | None:
    """The schema with every object closed, or None where it allows other properties than those it names.

    ``required``: None also where a property is optional.
    """
    result = dict(schema)
    for name, value in schema.items():
        inner = _inside(name, value, required=required)
        if inner is None and value is not None:
            return None
        result[name] = inner
    if schema.get("type") == "object" or "properties" in schema:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        named: Sequence[Any] = schema.get("required") or ()
        optional = set(properties) - set(named)
        if schema.get("additionalProperties", False) is not False or (required and optional):
            return None
        result["additionalProperties"] = False
    return result


def _inside(name: str, value: Any, *, required: bool) -> Any:
    if name in ("properties", "$defs", "definitions") and is_object(value):
        closed = {key: closed_schema(one, required=required) if is_object(one) else one for key, one in value.items()}
        return None if any(one is None for one in closed.values()) else closed
    if name in ("items", "anyOf", "oneOf", "allOf", "prefixItems"):
        if is_object(value):
            return closed_schema(value, required=required)
        if is_list(value):
            members = [closed_schema(one, required=required) if is_object(one) else one for one in value]
            return None if any(one is None for one in members) else members
    return value
