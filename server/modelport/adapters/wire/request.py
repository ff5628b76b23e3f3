"""A request as a wire format writes it: path, body, headers of this turn, and the fields that several formats share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from modelport.adapters.wire.content import has_images
from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams


class WireRequest(Struct, frozen=True):
    """A request as the format wants it: the path behind the base URL and the JSON body."""

    path: str
    body: dict[str, Any]


class HttpRequest(Struct, frozen=True):
    """A request behind the base URL. ``key_header`` is where the wire format itself puts a key."""

    path: str
    headers: Mapping[str, str]
    key_header: str
    body: dict[str, Any] = {}


def request_at(path: str, model: str, body: dict[str, Any]) -> WireRequest:
    """The request, with the model in the path, and then not in the body, where the path has a place for it.

    A path such as Bedrock's ``invoke-with-response-stream`` requests the stream too, and the body must not.
    """
    if "{model}" not in path:
        return WireRequest(path, body)
    body.pop("model", None)
    if path.endswith("-stream"):
        body.pop("stream", None)
    return WireRequest(path.replace("{model}", quote(model, safe="@")), body)


def turn_headers(call: ModelCall) -> dict[str, str]:
    """The headers of the row that fit this conversation."""
    wanted = call.endpoint.provider.wire.turn_headers
    if not wanted:
        return {}
    fits = {"user" if (call.last_role or call.messages[-1].role) == "user" else "agent"}
    fits |= {"images"} if any(has_images(message) for message in call.messages) else set()
    return {header.name: header.value for header in wanted if header.when in fits}


def tool_choice(call: ModelCall, takes: Collection[str] | None = None) -> Any:
    """The ``tool_choice`` of Chat Completions, or None to leave it out; ``none`` means: send no tools.

    ``takes`` names the choices the format has a place for; absent: those of the row.

    Raises:
        InvalidParams: the provider does not take this choice.
    """
    choice = call.tool_choice
    row = call.endpoint.provider
    takes = row.wire.tool_choice if takes is None else takes
    if choice in (None, "none"):
        return choice
    if choice == "auto":
        return "auto" if "auto" in takes else None
    if choice not in takes:
        raise InvalidParams(
            f"{row.display_name} cannot be made to call a tool: leave toolChoice out or set it to auto.",
            kind="unsupported",
            field="toolChoice",
            provider=row.id,
            model=call.model,
            action="set toolChoice to auto",
        )
    if choice == "named":
        return {"type": "function", "function": {"name": call.named_tool}}
    return choice


def answer_format(call: ModelCall) -> dict[str, Any] | None:
    """The ``response_format`` of Chat Completions, or None for free text.

    Raises:
        InvalidParams: the provider does not take this form.
    """
    form = call.answer_format
    if form is None:
        return None
    row = call.endpoint.provider
    takes = row.wire.response_formats
    if form.schema is None and "json_object" in takes:
        return {"type": "json_object"}
    if "json_schema" in takes:
        inner: dict[str, Any] = {"name": form.name, "schema": form.schema or {"type": "object"}}
        return {"type": "json_schema", "json_schema": inner | {"strict": form.strict and form.schema is not None}}
    what = "a JSON schema: use type json" if takes else "a response format: ask for JSON in the prompt"
    raise InvalidParams(
        f"{row.display_name} does not take {what}.",
        kind="unsupported",
        field="responseFormat",
        provider=row.id,
        model=call.model,
        action="change responseFormat",
    )
