"""What is asked of a provider besides completions, and what comes back, independent of any wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.operation_wire import (
    BATCHES,
    EMBEDDINGS,
    IMAGES,
    MODERATION,
    EmbeddingsWire,
    ImagesWire,
    ModerationWire,
    Scope,
)
from modelport.domain.providers.rows import Capability, Provider
from modelport.protocol.types import Image, Judgement, Message, Tool

InputType = Literal["document", "query"]
Form = TypeVar("Form", EmbeddingsWire, ImagesWire, ModerationWire)

LONGEST_BATCH = 400_000
"""Characters in one request for vectors. OpenAI takes 300,000 tokens. Source: OpenAI API reference, Embeddings."""


class EmbeddingCall(Struct, frozen=True, kw_only=True):
    """Texts to turn into vectors, as many as one request may have."""

    endpoint: Endpoint
    wire: EmbeddingsWire
    model: str
    texts: tuple[str, ...]
    dimensions: int | None = None
    input_type: InputType | None = None


class Embedded(Struct, frozen=True):
    """A vector per text, in their order, and the tokens where the provider counted them."""

    vectors: tuple[tuple[float, ...], ...]
    input_tokens: int | None


class ImageCall(Struct, frozen=True, kw_only=True):
    """Images to draw. ``size`` is ``WIDTHxHEIGHT``, ``WIDTH:HEIGHT`` or a word of the provider's."""

    endpoint: Endpoint
    wire: ImagesWire
    model: str
    prompt: str
    size: str | None = None
    count: int = 1


class Drawn(Struct, frozen=True):
    """Images, and the tokens where the provider counted them."""

    images: tuple[Image, ...]
    input_tokens: int | None
    output_tokens: int | None


class ModerationCall(Struct, frozen=True, kw_only=True):
    """Texts to judge."""

    endpoint: Endpoint
    wire: ModerationWire
    model: str
    texts: tuple[str, ...]


class Judged(Struct, frozen=True):
    """A judgement per text, in their order, and the tokens where the provider counted them."""

    judgements: tuple[Judgement, ...]
    input_tokens: int | None


class CountCall(Struct, frozen=True, kw_only=True):
    """Messages whose tokens are to be counted as a completion would take them."""

    endpoint: Endpoint
    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()


class TokenCount(Struct, frozen=True):
    """What a provider counted, or estimated by its own account."""

    input: int
    estimated: bool


class Balance(Struct, frozen=True, kw_only=True):
    """Money in millionths of its currency; what is None the provider does not tell."""

    currency: str
    remaining: int | None
    total: int | None
    used: int | None


class Credit(Struct, frozen=True):
    """What an account, or one of its keys, has left."""

    scope: Scope
    balances: tuple[Balance, ...]


class CreditCall(Struct, frozen=True):
    """Whose credit to look up."""

    endpoint: Endpoint


class Embedder(Protocol):
    """Turns texts into vectors.

    Raises:
        InvalidParams: the provider's form has no place for something the call asks for; nothing was sent.
        RequestFailed: the provider could not be reached, refused, failed or answered something else.
    """

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """A vector for each text of one batch."""
        ...


class ImageGenerator(Protocol):
    """Draws images.

    Raises:
        InvalidParams: the provider's form has no place for something the call asks for; nothing was sent.
        RequestFailed: the provider could not be reached, refused, failed or answered something else.
    """

    async def draw(self, call: ImageCall) -> Drawn:
        """Images of what a prompt describes."""
        ...


class Moderator(Protocol):
    """Judges whether texts are harmful.

    Raises:
        InvalidParams: the provider's form has no place for something the call asks for; nothing was sent.
        RequestFailed: the provider could not be reached, refused, failed or answered something else.
    """

    async def moderate(self, call: ModerationCall) -> Judged:
        """A judgement on each text."""
        ...


class TokenCounter(Protocol):
    """Counts tokens.

    Raises:
        InvalidParams: the provider's form has no place for something the call asks for; nothing was sent.
        RequestFailed: the provider could not be reached, refused, failed or answered something else.
    """

    async def count(self, call: CountCall) -> TokenCount | None:
        """The tokens that messages have as input; None where the provider has no endpoint that counts."""
        ...


class CreditReader(Protocol):
    """Reads the balance of an account.

    Raises:
        InvalidParams: the provider's form has no place for something the call asks for; nothing was sent.
        RequestFailed: the provider could not be reached, refused, failed or answered something else.
    """

    async def credit(self, call: CreditCall) -> Credit:
        """What an account has left; only for a row that says where that stands."""
        ...


def embeddings_wire(endpoint: Endpoint) -> EmbeddingsWire | None:
    """How an endpoint turns texts into vectors; None where this build cannot ask for it."""
    return _in_force(endpoint.provider.wire.embeddings, endpoint, EMBEDDINGS)


def images_wire(endpoint: Endpoint) -> ImagesWire | None:
    """How an endpoint draws; None where this build cannot ask for it."""
    return _in_force(endpoint.provider.wire.images, endpoint, IMAGES)


def moderation_wire(endpoint: Endpoint) -> ModerationWire | None:
    """How an endpoint judges texts; None where this build cannot ask for it."""
    return _in_force(endpoint.provider.wire.moderation, endpoint, MODERATION)


def speaks_as_its_row(endpoint: Endpoint) -> bool:
    """Whether the row's flags hold: not where the user chose another wire format for an address of their own."""
    row = endpoint.provider
    return endpoint.dialect == row.dialect or any(rule.dialect == endpoint.dialect for rule in row.dialect_rules)


def _in_force(own: Form | None, endpoint: Endpoint, usual: Mapping[str, Form]) -> Form | None:
    default = usual.get(endpoint.dialect)
    if own is None or not speaks_as_its_row(endpoint):
        return default
    if own.form is None:
        return None if default is None else msgspec.structs.replace(own, form=default.form)
    return None if own.form == "other" else own


def batches(texts: Sequence[str], wire: EmbeddingsWire) -> list[tuple[str, ...]]:
    """The texts in order, in parts that one request may have: not too many and not too long."""
    most = wire.batch or BATCHES[wire.form]
    parts: list[tuple[str, ...]] = []
    part: list[str] = []
    length = 0
    for text in texts:
        if part and (len(part) == most or length + len(text) > LONGEST_BATCH):
            parts.append(tuple(part))
            part, length = [], 0
        part.append(text)
        length += len(text)
    return [*parts, tuple(part)] if part else parts


def can(row: Provider, capability: Capability) -> bool:
    """Whether a provider offers something, and in a form that this build speaks."""
    wire = {"embeddings": row.wire.embeddings, "images": row.wire.images, "moderation": row.wire.moderation}
    flags = wire.get(capability)
    if capability not in row.capabilities or (flags is not None and flags.form == "other"):
        return False
    usual = {"embeddings": EMBEDDINGS, "images": IMAGES, "moderation": MODERATION}.get(capability, {})
    return row.dialect in usual or (flags is not None and flags.form is not None)
