"""What a wire format over HTTP has to say of itself; everything else is shared."""

from __future__ import annotations

from typing import Any, Literal, Protocol
from urllib.parse import quote

from msgspec import Struct

from modelport.adapters.dialects.content import has_images
from modelport.domain.completion import Answer, ModelCall
from modelport.domain.provider import Provider

LONGEST_EVENT = 16 * 1024 * 1024
"""Bytes one event may have: an image or a long tool call fits, an endless line does not."""


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


class ProviderRefused(Exception):
    """The provider sent an error inside an answer; ``error`` is its JSON text or its parsed value."""

    def __init__(self, error: bytes | dict[str, Any] | list[Any] | str) -> None:
        super().__init__("the provider sent an error")
        self.error = error


class NotUnderstood(Exception):
    """An event is not what the format promises; ``data`` is what came."""

    def __init__(self, data: bytes, why: str) -> None:
        super().__init__(why)
        self.data = data


class EventTooLong(Exception):
    """An event exceeded ``LONGEST_EVENT``."""


class Decoder(Protocol):
    """Feeds an answer from the events of one reply.

    Raises:
        ProviderRefused: an event is an error.
        NotUnderstood: an event is not what the format promises.
    """

    complete: bool
    """Whether the answer has come to its end, so that the end of the stream is not a cut."""
    over: bool
    """Whether nothing more will come."""

    def event(self, name: bytes, data: bytes) -> None:
        """One event of a streamed reply."""
        ...

    def whole(self, body: bytes) -> None:
        """A reply that came in one piece."""
        ...


class WireFormat(Protocol):
    """One dialect: pure translation, no input or output."""

    key_header: str
    """Where the format puts a key: ``Authorization`` as a bearer token, any other as it is."""
    headers: dict[str, str]
    """Headers every request of the format carries."""

    @property
    def framing(self) -> Literal["sse", "json_lines", "event_stream"]:
        """How a streamed reply is cut into events."""
        ...

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call.

        Raises:
            InvalidParams: the format cannot carry something the call asks for.
        """
        ...

    def decoder(self, call: ModelCall, answer: Answer) -> Decoder:
        """A fresh decoder for one reply."""
        ...

    def models_path(self, row: Provider) -> str:
        """The path that lists models; empty when the provider lists none."""
        ...

    def model_ids(self, body: bytes) -> tuple[str, ...]:
        """The model ids of a listing; nothing for JSON that is not one.

        Raises:
            NotUnderstood: the body is not JSON, or neither an object nor a list.
        """
        ...
