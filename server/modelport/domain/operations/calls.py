"""Calls other than completions and their results, independent of any wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Capability, Provider
from modelport.domain.providers.wire.operations import (
    BATCHES,
    EMBEDDINGS,
    IMAGES,
    MODERATION,
    EmbeddingsWire,
    ImagesWire,
    ModerationWire,
    Scope,
)
from modelport.protocol.types import Image, Judgement, Message, Tool

InputType = Literal["document", "query"]
Form = TypeVar("Form", EmbeddingsWire, ImagesWire, ModerationWire)

MAX_BATCH_CHARS = 400_000
"""Of texts in one request for vectors. OpenAI takes 300,000 tokens. Source: OpenAI API reference, Embeddings."""


class EmbeddingCall(Struct, frozen=True, kw_only=True):
    """One batch of texts to turn into vectors."""

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
    """A provider's count, or its own estimate."""

    input: int
    estimated: bool


class Balance(Struct, frozen=True, kw_only=True):
    """Money in millionths of its currency; None where the provider does not report it."""

    currency: str
    remaining: int | None
    total: int | None
    used: int | None


class Credit(Struct, frozen=True):
    """The credit of an account, or of one of its keys."""

    scope: Scope
    balances: tuple[Balance, ...]


class CreditCall(Struct, frozen=True):
    """The account to look up, by its endpoint."""

    endpoint: Endpoint


class Embedder(Protocol):
    """Turns texts into vectors.

    Raises:
        InvalidParams: the provider's form has no field for a value of the call; nothing was sent.
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
        """The credit of an account; only for a row with ``wire.credits``."""
        ...


def embeddings_wire(endpoint: Endpoint) -> EmbeddingsWire | None:
    """The wire flags of an endpoint for embeddings; None where this build has no form for it."""
    return _in_force(endpoint.provider.wire.embeddings, endpoint, EMBEDDINGS)


def images_wire(endpoint: Endpoint) -> ImagesWire | None:
    """The wire flags of an endpoint for images; None where this build has no form for it."""
    return _in_force(endpoint.provider.wire.images, endpoint, IMAGES)


def moderation_wire(endpoint: Endpoint) -> ModerationWire | None:
    """The wire flags of an endpoint for moderation; None where this build has no form for it."""
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
    """The texts in order, in batches that keep the provider's limit of texts and ``MAX_BATCH_CHARS``."""
    max_texts = wire.batch or BATCHES[wire.form]
    full: list[tuple[str, ...]] = []
    batch: list[str] = []
    length = 0
    for text in texts:
        if batch and (len(batch) == max_texts or length + len(text) > MAX_BATCH_CHARS):
            full.append(tuple(batch))
            batch, length = [], 0
        batch.append(text)
        length += len(text)
    return [*full, tuple(batch)] if batch else full


def can(row: Provider, capability: Capability) -> bool:
    """Whether a provider has a capability, in a form that this build speaks."""
    wire = {"embeddings": row.wire.embeddings, "images": row.wire.images, "moderation": row.wire.moderation}
    flags = wire.get(capability)
    if capability not in row.capabilities or (flags is not None and flags.form == "other"):
        return False
    usual = {"embeddings": EMBEDDINGS, "images": IMAGES, "moderation": MODERATION}.get(capability, {})
    return row.dialect in usual or (flags is not None and flags.form is not None)
