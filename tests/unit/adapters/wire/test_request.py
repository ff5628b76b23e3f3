"""Tool choice and response format in the shape of Chat Completions."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.wire.request import answer_format, tool_choice
from modelport.domain.errors import InvalidParams
from support.builders import SCHEMA, call, json_form, row, tool


def schema_form(strict: bool, schema: Any = SCHEMA, name: str = "place") -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


@pytest.mark.parametrize(
    ("modes", "choice", "sent_as"),
    [
        (None, None, None),
        (None, "auto", "auto"),
        (None, "none", "none"),
        (None, "required", "required"),
        (None, "named", {"type": "function", "function": {"name": "get_weather"}}),
        # What a model does anyway is left out where it must not be sent.
        ((), "auto", None),
        ((), "none", "none"),
        ((), None, None),
        (("auto",), "auto", "auto"),
    ],
)
def test_tool_choice(modes: tuple[str, ...] | None, choice: str | None, sent_as: Any) -> None:
    wire = {} if modes is None else {"tool_choice": modes}
    named = "get_weather" if choice == "named" else None
    asked = call(provider=row(wire=wire), tools=(tool(),), tool_choice=choice, named_tool=named)
    assert tool_choice(asked) == sent_as


@pytest.mark.parametrize(
    ("modes", "choice"), [((), "required"), ((), "named"), (("auto", "required"), "named"), (("auto",), "required")]
)
def test_a_choice_the_row_does_not_take_is_refused(modes: tuple[str, ...], choice: str) -> None:
    asked = call(provider=row(wire={"tool_choice": modes}), tools=(tool(),), tool_choice=choice, named_tool="get_weather")  # fmt: skip
    with pytest.raises(InvalidParams) as refused:
        tool_choice(asked)
    assert (refused.value.field, refused.value.kind) == ("toolChoice", "unsupported")


@pytest.mark.parametrize(
    ("formats", "form", "sent_as"),
    [
        (("json_object", "json_schema"), None, None),
        (("json_object", "json_schema"), json_form(schema=None), {"type": "json_object"}),
        (("json_object", "json_schema"), json_form(), schema_form(True)),
        (("json_object", "json_schema"), json_form(strict=False), schema_form(False)),
        (("json_object",), json_form(schema=None), {"type": "json_object"}),
        # A server that takes only schemas gets one that any object fits.
        (("json_schema",), json_form(schema=None), schema_form(False, {"type": "object"})),
    ],
)
def test_response_formats(formats: tuple[str, ...], form: Any, sent_as: Any) -> None:
    asked = call(provider=row(wire={"response_formats": formats}), answer_format=form)
    assert answer_format(asked) == sent_as


@pytest.mark.parametrize(("formats", "form"), [(("json_object",), json_form()), ((), json_form(schema=None)), ((), json_form())])  # fmt: skip
def test_a_form_the_row_does_not_take_is_refused(formats: tuple[str, ...], form: Any) -> None:
    with pytest.raises(InvalidParams) as refused:
        answer_format(call(provider=row(wire={"response_formats": formats}), answer_format=form))
    assert (refused.value.field, refused.value.kind) == ("responseFormat", "unsupported")
