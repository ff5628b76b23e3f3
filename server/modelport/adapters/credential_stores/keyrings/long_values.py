"""Values longer than a keyring takes: split into entries of their own, which a head names, and joined again.

The parts are written before the head and deleted after it, and the head holds a digest of the whole: a value is
read as it was written or not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import msgspec

from modelport.borders import NOT_JSON, json_text

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

MAX_UTF16_UNITS = {"WinVaultKeyring": 1280}
"""The longest value of a backend, by the name of its class. Source: wincred.h, CRED_MAX_CREDENTIAL_BLOB_SIZE."""
TAG = "modelport-parts-1 "
"""In front of a head; the number is the version of this format."""
MAX_PARTS = 1024
GENERATIONS = ("a", "b")
"""The parts of a new value never overwrite those of the one that is read until then."""


class IncompleteError(Exception):
    """The parts of a value are not those that its head names."""


class _Head(msgspec.Struct, frozen=True):
    generation: str
    parts: int
    digest: str


def read_value(backend: KeyringBackend, service: str, entry: str) -> str | None:
    """The value of an entry, joined where it was split.

    Raises:
        IncompleteError: some of its parts are missing or are another value's.
    """
    try:
        return _joined(backend, service, entry)
    except IncompleteError:
        # Another process may have replaced it in the meantime.
        return _joined(backend, service, entry)


def write_value(backend: KeyringBackend, service: str, entry: str, value: str) -> None:
    """Writes an entry, in several where the backend takes no value of this length."""
    limit = _limit(backend)
    if limit is None:
        _set(backend, service, entry, value)
        return
    before = _head(backend.get_password(service, entry))
    chunks = list(_chunks(value, limit))
    if len(chunks) <= 1:
        _set(backend, service, entry, value)
        kept = None
    else:
        kept = GENERATIONS[before is not None and before.generation == GENERATIONS[0]]
        for number, chunk in enumerate(chunks):
            _set(backend, service, _part(entry, kept, number), chunk)
        head = _Head(kept, len(chunks), _digest(value))
        _set(backend, service, entry, TAG + json_text(head))
    for generation in GENERATIONS:
        _delete_parts(backend, service, entry, generation, before, len(chunks) if generation == kept else 0)


def delete_value(backend: KeyringBackend, service: str, entry: str) -> None:
    """Deletes an entry with its parts.

    Raises:
        PasswordDeleteError: the keyring library's error for an entry that is not there; parts without a head are gone.
    """
    if _limit(backend) is None:
        backend.delete_password(service, entry)
        return
    before = _head(backend.get_password(service, entry))
    try:
        backend.delete_password(service, entry)
    finally:
        for generation in GENERATIONS:
            _delete_parts(backend, service, entry, generation, before)


def _limit(backend: KeyringBackend) -> int | None:
    chained = getattr(backend, "backends", [backend])
    return min(
        (MAX_UTF16_UNITS[name] for one in chained if (name := type(one).__name__) in MAX_UTF16_UNITS), default=None
    )


def _joined(backend: KeyringBackend, service: str, entry: str) -> str | None:
    text = backend.get_password(service, entry)
    if text is None or not text.startswith(TAG):
        return text
    head = _head(text)
    if head is None:
        raise IncompleteError
    parts: list[str] = []
    for number in range(head.parts):
        part = backend.get_password(service, _part(entry, head.generation, number))
        if part is None:
            raise IncompleteError
        parts.append(part)
    value = "".join(parts)
    if _digest(value) != head.digest:
        raise IncompleteError
    return value


def _head(text: str | None) -> _Head | None:
    if text is None or not text.startswith(TAG):
        return None
    try:
        head = msgspec.json.decode(text[len(TAG) :], type=_Head)
    except NOT_JSON:
        return None
    return head if 0 < head.parts <= MAX_PARTS and head.generation in GENERATIONS else None


def _set(backend: KeyringBackend, service: str, entry: str, value: str) -> None:
    # The library's own wrapper has no types.
    cast("Any", backend).set_password(service, entry, value)


def _part(entry: str, generation: str, number: int) -> str:
    # No provider and no connection has a # in its name.
    return f"{entry}#{generation}{number}"


def _delete_parts(
    backend: KeyringBackend, service: str, entry: str, generation: str, before: _Head | None, start: int = 0
) -> None:
    """Deletes the parts from ``start`` on: those that the head of before names, and those that follow one another."""
    from keyring.errors import PasswordDeleteError

    numbers = range(start, MAX_PARTS + 1)
    behind = next((n for n in numbers if backend.get_password(service, _part(entry, generation, n)) is None), MAX_PARTS)
    if before is not None and before.generation == generation:
        behind = max(behind, before.parts)
    # From the last to the first: one that is interrupted leaves no gap, behind which parts would never be found.
    for number in reversed(range(start, behind)):
        with contextlib.suppress(PasswordDeleteError):
            backend.delete_password(service, _part(entry, generation, number))


def _chunks(value: str, limit: int) -> Generator[str]:
    """The value in pieces of at most ``limit`` UTF-16 units."""
    start = units = 0
    for position, character in enumerate(value):
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > limit:
            yield value[start:position]
            start, units = position, 0
        units += width
    if start < len(value):
        yield value[start:]


def _digest(value: str) -> str:
    return blake2b(value.encode(), digest_size=16, person=b"modelport").hexdigest()
