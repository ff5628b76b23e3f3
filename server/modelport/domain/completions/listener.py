"""Who is told of an answer while it is made. Front ends load this at start, so it knows nothing else."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Who is told of an answer while it is made. Calls must return at once."""

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
        """A provider failed and another is asked."""
        ...

    def progress(self, message: str) -> None:
        """What is being done before the answer can begin, such as a model that is being loaded."""
        ...

    @property
    def congested(self) -> bool:
        """Whether the maker of the answer should wait for ``drained`` before it goes on."""
        ...

    async def drained(self) -> None:
        """Returns when there is room again."""
        ...


class NullListener:
    """A listener that nobody listens behind."""

    congested = False

    def text(self, text: str) -> None:
        """Nobody hears it."""

    def reasoning(self, text: str) -> None:
        """Nobody hears it."""

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """Nobody hears it."""

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Nobody hears it."""

    def progress(self, message: str) -> None:
        """Nobody hears it."""

    async def drained(self) -> None:
        """There is always room."""
