"""A stored key as text, the same in every credential store: JSON, or the key alone where another program put it."""

from __future__ import annotations

import msgspec

from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret


class _Entry(msgspec.Struct, rename="camel", omit_defaults=True):
    secret: str
    base_url: str | None = None
    more: tuple[str, ...] = ()
    """Further keys; a version that does not know them reads the first one."""


def encode(key: StoredKey) -> str:
    """The text of a stored key. It holds the secret: it goes to the store and nowhere else."""
    more = tuple(secret.reveal() for secret in key.more)
    return json_bytes(_Entry(secret=key.secret.reveal(), base_url=key.base_url, more=more)).decode()


def decode(text: str) -> StoredKey:
    """The stored key of a text; any text that ``encode`` did not make is a key as its owner put it there."""
    try:
        entry = msgspec.json.decode(text, type=_Entry)
    except NOT_JSON:
        return StoredKey(Secret(text))
    return StoredKey(Secret(entry.secret), entry.base_url, tuple(map(Secret, entry.more)))
