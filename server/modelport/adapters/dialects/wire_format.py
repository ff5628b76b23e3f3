"""The interface of a wire format over HTTP; what formats share is elsewhere."""

from __future__ import annotations

from typing import Literal, Protocol

from modelport.adapters.wire.request import WireRequest
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.rows import Provider


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
        """A reply that was not streamed."""
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
            InvalidParams: the format cannot carry something in the call.
        """
        ...

    def decoder(self, call: ModelCall, answer: Answer) -> Decoder:
        """A fresh decoder for one reply."""
        ...

    def models_path(self, row: Provider) -> str:
        """The path that lists models; empty when the provider lists none."""
        ...
