"""What a provider's own list tells of its models, and how long it is believed."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.types import Price

REMOTE_TTL_MS = 60 * 60 * 1000
"""How long the list of a service is used without asking again. A server of one's own is always asked."""


class ListedModel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model as a provider lists it; what the provider does not tell is absent. Limits are in tokens."""

    id: str
    display_name: str | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    price: Price | None = None
    capabilities: tuple[str, ...] = ()
    retires_on: str | None = None
    successor: str | None = None
    size_bytes: int | None = None
    """On the disk, of a model on one's own machine."""
    quantization: str | None = None
    """How its numbers are kept, such as Q4_K_M."""
    parameter_size: str | None = None
    """How many there are, as its maker puts it, such as 8x7B."""
    revision: str | None = None
    """Changes with the model's files, so that what was asked about them need not be asked again."""
    detailed: bool = False
    """Whether the provider was asked about this model alone, where its list says little."""


class Listing(Struct, frozen=True, kw_only=True):
    """A provider's list, with the mark by which the provider tells whether it has changed."""

    models: tuple[ListedModel, ...]
    etag: str | None = None


class KeptListing(Struct, frozen=True, kw_only=True):
    """A list in the cache, with the moment it was last known to be true."""

    listing: Listing
    checked_ms: int

    def fresh(self, now_ms: int, ttl_ms: int) -> bool:
        """Whether it is young enough; one from the future is not, since the clock was set back."""
        return 0 <= now_ms - self.checked_ms < ttl_ms


class PullProgress(Struct, frozen=True):
    """How far a download is. ``total_bytes`` is what is known of so far, and 0 while nothing is."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0

    @property
    def percentage(self) -> int | None:
        """From 0 to 100, or None while the size is not known."""
        return min(100, self.completed_bytes * 100 // self.total_bytes) if self.total_bytes else None

    @property
    def words(self) -> str:
        """What is being done and how far it is, for a person."""
        if not self.total_bytes:
            return self.status
        return f"{self.status}: {_size(self.completed_bytes)} of {_size(self.total_bytes)}"


def _size(count: int) -> str:
    """A number of bytes in the unit that fits, by thousands as model servers count."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
