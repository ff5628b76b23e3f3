"""A stored key as text, the same in every credential store: JSON, or the key alone where another program put it."""

from __future__ import annotations

import msgspec

from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret


class _LogIn(msgspec.Struct, rename="camel", omit_defaults=True):
    obtained_s: float
    life_s: float | None = None
    refresh_token: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    base_url: str | None = None


class _Entry(msgspec.Struct, rename="camel", omit_defaults=True):
    secret: str
    base_url: str | None = None
    more: tuple[str, ...] = ()
    """Further keys; a version that does not know them reads the first one."""
    log_in: _LogIn | None = None
    """What renews the secret; a version that does not know it uses the token until its end."""


def encode(key: StoredKey) -> str:
    """The text of a stored key. It holds the secret: it goes to the store and nowhere else."""
    more = tuple(secret.reveal() for secret in key.more)
    entry = _Entry(secret=key.secret.reveal(), base_url=key.base_url, more=more, log_in=_encoded(key.log_in))
    return json_bytes(entry).decode()


def decode(text: str) -> StoredKey:
    """The stored key of a text; any text that ``encode`` did not make is a key as its owner put it there."""
    try:
        entry = msgspec.json.decode(text, type=_Entry)
    except NOT_JSON:
        return StoredKey(Secret(text))
    return StoredKey(Secret(entry.secret), entry.base_url, tuple(map(Secret, entry.more)), _decoded(entry.log_in))


def _encoded(log_in: StoredLogIn | None) -> _LogIn | None:
    if log_in is None:
        return None
    return _LogIn(
        obtained_s=log_in.obtained_s,
        life_s=log_in.life_s,
        refresh_token=log_in.refresh_token.reveal() if log_in.refresh_token else None,
        token_url=log_in.token_url,
        client_id=log_in.client_id,
        base_url=log_in.base_url,
    )


def _decoded(kept: _LogIn | None) -> StoredLogIn | None:
    if kept is None:
        return None
    return StoredLogIn(
        obtained_s=kept.obtained_s,
        life_s=kept.life_s,
        refresh_token=Secret(kept.refresh_token) if kept.refresh_token else None,
        token_url=kept.token_url,
        client_id=kept.client_id,
        base_url=kept.base_url,
    )
