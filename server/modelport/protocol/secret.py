"""A string that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a key, token or password so that it cannot be printed, logged or serialised by accident.

    Two secrets are equal when they hold the same text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; call it only where it is put to use."""
        return self._text

    def strip(self) -> Secret:
        """The secret without the white space that came along when it was pasted."""
        return Secret(self._text.strip())

    @property
    def last4(self) -> str | None:
        """The last four characters, or None when that would give away too much of a short secret."""
        return self._text[-4:] if len(self._text) >= 12 else None

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret([redacted])"
