"""The wire flags of operations other than completions, and the defaults where a row has none.

A form is the shape of a request and its reply. A path is appended to the base URL; ``/../`` in front of it
leaves the last part of the base URL out, for services that keep some methods beside their chat interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Scope = Literal["account", "key"]


class EmbeddingsWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How texts become vectors. ``other`` is a form that this build does not speak."""

    form: Literal["openai", "gemini", "vertex", "ollama", "cohere", "mock", "other"] | None = None
    path: str | None = None
    default_model: str | None = None
    batch: int | None = None
    """Texts per request; absent: the default of the form."""
    dimensions_field: str = "dimensions"
    input_types: dict[str, str] = {}
    """What ``document`` and ``query`` are called in the field ``input_type``; absent: there is no such field."""
    encoding: Literal["float32", "int8"] = "float32"
    """What a vector in base64 is made of."""


class ImagesWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How images are drawn. ``chat`` requests them in a conversation, ``gemini`` with ``generateContent``."""

    form: Literal["openai", "chat", "gemini", "mock", "other"] | None = None
    path: str | None = None
    default_model: str | None = None
    size: Literal["size", "width_height", "image_size", "aspect_ratio", "none"] = "size"
    """Where the size goes: ``1024x1024`` in a field of this name, two numbers, a ratio such as ``1:1``, or nowhere."""
    count_field: str = "n"
    predicted_models: tuple[str, ...] = ()
    """Shell-style patterns of models that a service of Google's draws with ``:predict``."""


class ModerationWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How texts are judged."""

    form: Literal["openai", "mock", "other"] | None = None
    path: str | None = None
    default_model: str | None = None


class TokenCountWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where tokens are counted; a row without it does not count."""

    form: Literal["anthropic", "gemini", "vertex", "responses", "llama_cpp", "vllm", "moonshot", "mock"] | None = None
    path: str | None = None
    estimates: bool = False
    """The provider calls its own count an estimate."""


class CreditsWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A path that reports an account's credit. The fields are dotted paths into its JSON."""

    path: str
    scope: Scope = "account"
    """Whether the numbers are the account's or this key's own."""
    balances: str | None = None
    """The list that has an entry for each currency; absent: there is one currency, and the fields are at the top."""
    remaining: str | None = None
    total: str | None = None
    used: str | None = None
    currency: str = "USD"
    currency_field: str | None = None
    per_unit: int = 1
    """How many of the provider's units are one unit of the currency."""


EMBEDDINGS: Mapping[str, EmbeddingsWire] = {
    "openai_chat": EmbeddingsWire(form="openai"),
    "openai_responses": EmbeddingsWire(form="openai"),
    "gemini": EmbeddingsWire(form="gemini"),
    "ollama": EmbeddingsWire(form="ollama"),
    "cohere": EmbeddingsWire(form="cohere"),
    "mock": EmbeddingsWire(form="mock"),
}
IMAGES: Mapping[str, ImagesWire] = {
    "openai_chat": ImagesWire(form="openai"),
    "openai_responses": ImagesWire(form="openai"),
    "gemini": ImagesWire(form="gemini", size="aspect_ratio"),
    "mock": ImagesWire(form="mock"),
}
MODERATION: Mapping[str, ModerationWire] = {
    "openai_chat": ModerationWire(form="openai"),
    "openai_responses": ModerationWire(form="openai"),
    "mock": ModerationWire(form="mock"),
}
BATCHES: Mapping[str | None, int] = {"gemini": 100, "vertex": 1, "cohere": 96, "ollama": 256, "openai": 256, "mock": 16}
"""Texts per request. Source: the vendors' references; 256 is what every compatible server takes."""
