"""A provider's own list of models, how long it may be cached, and the progress of a download."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.types import Price

REMOTE_TTL_MS = 60 * 60 * 1000
"""How long the list of a service is taken from the cache. The list of a local server always comes from the server."""


class ListedModel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model as a provider lists it; a field that the provider does not give is absent. Limits are in tokens."""

    id: str
    display_name: str | None = None
    description: str | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    price: Price | None = None
    capabilities: tuple[str, ...] = ()
    retires_on: str | None = None
    successor: str | None = None
    notice: str | None = None
    """What the user has to do before the model answers."""
    size_bytes: int | None = None
    """On the disk, of a model on this machine."""
    quantization: str | None = None
    """The format of its parameters, such as Q4_K_M."""
    parameter_size: str | None = None
    """The number of parameters in its maker's words, such as 8x7B."""
    revision: str | None = None
    """Changes with the model's files; while it is the same, details need not be requested again."""
    detailed: bool = False
    """Whether the details of this model were requested on their own, since the list has few."""


class Listing(Struct, frozen=True, kw_only=True):
    """A provider's list, with the ETag by which the provider tells whether it has changed."""

    models: tuple[ListedModel, ...]
    etag: str | None = None


class CachedListing(Struct, frozen=True, kw_only=True):
    """A list in the cache, with the time when the provider last confirmed it."""

    listing: Listing
    checked_ms: int

    def fresh(self, now_ms: int, ttl_ms: int) -> bool:
        """Whether it is young enough. A list from the future is not: the clock was set back."""
        return 0 <= now_ms - self.checked_ms < ttl_ms


class PullProgress(Struct, frozen=True):
    """How far a download is. ``total_bytes`` is 0 while the size is unknown, and may grow."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0

    @property
    def percentage(self) -> int | None:
        """From 0 to 100, or None while the size is not known."""
        return min(100, self.completed_bytes * 100 // self.total_bytes) if self.total_bytes else None

    @property
    def words(self) -> str:
        """The status and how far the download is, for a person."""
        if not self.total_bytes:
            return self.status
        return f"{self.status}: {_size(self.completed_bytes)} of {_size(self.total_bytes)}"


def _size(count: int) -> str:
    """A number of bytes in a decimal unit, as model servers count."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
