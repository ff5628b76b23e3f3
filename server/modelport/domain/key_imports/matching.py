"""Whose key a variable or another program's name for a provider means."""

from __future__ import annotations

from collections.abc import Collection

from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret

MIN_KEY_CHARS = 6
"""Shorter values are words such as ``none`` and ``ollama``, which stand where a program insists on a key."""
PLACEHOLDER_WORDS = ("your", "changeme", "change-me", "placeholder", "example", "insert", "replace", "dummy", "xxxx")
PLACEHOLDER_MARKS = ("...", "…", "<", ">", "{", "}", "***")


def named(registry: Registry, name: str) -> Provider | None:
    """The provider that another program calls by this name: ``open_router`` and ``x_ai`` are ours without the ``_``."""
    spellings = (name, name.replace("_", "-"), name.replace("_", ""), name.replace(" ", "-"))
    return next((row for spelling in spellings if (row := registry.find(spelling)) is not None), None)


def key_variables(registry: Registry) -> frozenset[str]:
    """Every variable that holds the key of a provider."""
    return frozenset(name for row in registry.all() for name in row.api_key_env_vars)


def owners(registry: Registry, variable: str, secret: Secret | None) -> tuple[Provider, ...]:
    """The providers that read a variable, the likeliest first.

    A key with the prefix of one is that one's. Else a provider that needs a key comes before one that may have one, and
    one for which this is the first name of its key before one for which it is another name.
    """
    rows = [row for row in registry.all() if variable in row.api_key_env_vars]
    text = secret.reveal() if secret is not None else ""

    def rank(row: Provider) -> tuple[bool, bool, int]:
        prefixed = bool(text and row.key_prefix and text.startswith(row.key_prefix))
        return not prefixed, not row.requires_api_key, row.api_key_env_vars.index(variable)

    return tuple(sorted(rows, key=rank))


def chosen(rows: Collection[Provider], only: Collection[str]) -> Provider | None:
    """The first of several providers, of those in ``only`` where it names any."""
    return next((row for row in rows if not only or row.id in only), None)


def other_owner(registry: Registry, row: Provider, secret: Secret) -> Provider | None:
    """The one other provider that such a key is of, by a beginning that no two providers share."""
    text = secret.reveal()
    marked = [other for other in registry.all() if other.key_prefix and text.startswith(other.key_prefix)]
    longest = max((len(other.key_prefix or "") for other in marked), default=0)
    owners = [other for other in marked if len(other.key_prefix or "") == longest]
    return owners[0] if len(owners) == 1 and owners[0] is not row else None


def is_placeholder(secret: Secret) -> bool:
    """Whether a text stands in the place of a key, as documentation and templates have it."""
    text = secret.reveal().casefold()
    if len(text) < MIN_KEY_CHARS or len(set(text)) < 3:
        return True
    return any(mark in text for mark in PLACEHOLDER_MARKS) or any(
        word in text for word in PLACEHOLDER_WORDS if not _is_within_random(text, word)
    )


def _is_within_random(text: str, word: str) -> bool:
    """Whether a word is a part of a long run of letters and digits, where it is there by chance."""
    at = text.index(word) if word in text else 0
    start, end = at, at + len(word)
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return end - start > len(word) + 12
