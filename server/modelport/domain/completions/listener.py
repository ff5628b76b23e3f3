"""The listener to an answer as it streams. Front ends load this at start, so it imports nothing."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Receives an answer as it streams. Calls must return at once."""

    def text(self, text: str) -> None:
        """More of the answer."""
        ...

    def reasoning(self, text: str) -> None:
        """More of the reasoning."""
        ...

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """More of a tool call; its id and name come once."""
        ...

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """A provider failed and a fallback is called."""
        ...

    def reset(self) -> None:
        """The answer begins again: the deltas so far are not part of it."""
        ...

    def progress(self, message: str) -> None:
        """A step before the answer can begin, such as loading a model, as a sentence for the user."""
        ...

    @property
    def congested(self) -> bool:
        """Whether the producer of the answer should wait for ``drained`` before it goes on."""
        ...

    async def drained(self) -> None:
        """Returns when there is room again."""
        ...


class NullListener:
    """A listener that ignores the answer."""

    congested = False

    def text(self, text: str) -> None:
        """Ignored."""

    def reasoning(self, text: str) -> None:
        """Ignored."""

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """Ignored."""

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Ignored."""

    def reset(self) -> None:
        """Ignored."""

    def progress(self, message: str) -> None:
        """Ignored."""

    def warning(self, message: str) -> None:
        """Ignored."""

    async def drained(self) -> None:
        """Returns at once."""
