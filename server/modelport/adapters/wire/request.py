"""A request as a wire format writes it: path, body and the headers of this turn."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from modelport.adapters.wire.content import has_images
from modelport.domain.completions.call import ModelCall


class WireRequest(Struct, frozen=True):
    """A request as the format wants it: the path behind the base URL and the JSON body."""

    path: str
    body: dict[str, Any]


def request_at(path: str, model: str, body: dict[str, Any]) -> WireRequest:
    """The request, with the model in the path, and then not in the body, where the path has a place for it.

    A path such as Bedrock's ``invoke-with-response-stream`` asks for the stream too, and the body must not.
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
    fits = {"user" if call.messages[-1].role == "user" else "agent"}
    fits |= {"images"} if any(has_images(message) for message in call.messages) else set()
    return {header.name: header.value for header in wanted if header.when in fits}
