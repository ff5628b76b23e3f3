"""Texts that do not show themselves: not in a log, an error, a serialised value, nor a traceback with its locals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn, TypeVar

ValueT = TypeVar("ValueT")


class Secret:
    """Holds a key, token or password so that it cannot be printed, logged or serialised by accident.

    Two secrets are equal when they hold the same text. The text is in no attribute, so that what walks through the
    attributes of objects, as reporters of errors and ``inspect.getmembers`` do, does not come to it.
    """

    __slots__ = ("reveal",)

    def __init__(self, text: str) -> None:
        def reveal() -> str:
            """The secret itself; call it only where it is put to use."""
            return text

        self.reveal = reveal

    def strip(self) -> Secret:
        """The secret without the white space that came along when it was pasted."""
        return Secret(self.reveal().strip())

    def startswith(self, prefix: str) -> bool:
        """Whether it begins with a text, which is the same for all keys of a kind."""
        return self.reveal().startswith(prefix)

    def encode(self) -> bytes:
        """The secret itself as bytes, also where the environment held it in other ones than UTF-8."""
        return self.reveal().encode("utf-8", "surrogateescape")

    @property
    def last4(self) -> str | None:
        """The last four characters, or None when that would give away too much of a short secret."""
        return self.reveal()[-4:] if len(self.reveal()) >= 12 else None

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return "Secret([redacted])"


class SecretValues(dict[str, ValueT]):
    """Values by their names, some of them secret, such as headers or variables: it shows the names only.

    What is made of it by ``|`` hides its values too; an ordinary ``dict`` of it does not.
    """

    def __or__(self, other: Mapping[str, ValueT]) -> SecretValues[ValueT]:  # type: ignore[override]
        return SecretValues({**self, **other})

    def __ror__(self, other: Mapping[str, ValueT]) -> SecretValues[ValueT]:  # type: ignore[override]
        return SecretValues({**other, **self})

    def copy(self) -> SecretValues[ValueT]:
        """Another one with the same values."""
        return SecretValues(self)

    __copy__ = copy

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret values are not serialised")

    def __repr__(self) -> str:
        return f"SecretValues({', '.join(self)})"

    def __rich_repr__(self) -> Iterator[str]:
        # Without it, rich shows it as a dict.
        yield from self


def forget_frames(error: BaseException) -> None:
    """Drops the frames that an error, and those before it, came through, whose locals hold the key a library was given.

    It is for what is raised again or from it: a traceback with locals would show the key.
    """
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        one.__traceback__ = None
        one = one.__cause__ or one.__context__
