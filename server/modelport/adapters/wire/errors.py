"""The exceptions of wire readers, and the limit of one event."""

from __future__ import annotations

from typing import Any

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""An image or a long tool call fits, an endless line does not."""


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
    """An event exceeded ``MAX_EVENT_BYTES``."""
