"""How a provider is called in this session: the row, the environment and the user's overrides in one value."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from modelport.domain.credential import Credential
from modelport.domain.provider import Provider
from modelport.protocol.secret import Secret
from modelport.protocol.types import Connection, Dialect

SHORTEST_SECRET = 6
"""A shorter part of a header, such as ``Bearer`` cut in two, is no secret worth spoiling a sentence for."""


class Overrides(Struct, frozen=True, kw_only=True):
    """What the user set for a provider's connection; absent means as the row says."""

    model: str | None = None
    base_url: str | None = None
    api_key: Secret | None = None
    dialect: Dialect | None = None
    headers: dict[str, Secret] = {}
    silence_s: float | None = None
    verify_tls: bool = True


class Endpoint(Struct, frozen=True, kw_only=True):
    """Everything a dialect needs to send a request; ``base_url`` is empty for the mock."""

    provider: Provider
    dialect: Dialect
    base_url: str
    credential: Credential
    chat_path: str | None = None
    key_header: str | None = None
    """The header that carries the key; absent: where the dialect itself puts it."""
    bearer: bool = True
    """Whether the key goes there as a bearer token, and not as it is."""
    row_headers: dict[str, str] = {}
    headers: dict[str, Secret] = {}
    settings: dict[str, str] = {}
    """The row's settings that have a value, such as a region."""
    silence_s: float | None = None
    """The longest gap accepted; absent: the adapter's own limits."""
    verify_tls: bool = True

    def redact(self, text: str) -> str:
        """The text without the key and without the values of the user's own headers."""
        for value in self.headers.values():
            for part in (value.reveal(), *value.reveal().split()):
                text = Secret(part).redact(text) if len(part) >= SHORTEST_SECRET else text
        return self.credential.secret.redact(text) if self.credential.secret else text


class WireFormat(Struct, frozen=True, kw_only=True):
    """The dialect of a model; ``path`` and ``key_header`` are absent where they are the dialect's own."""

    dialect: Dialect
    path: str | None = None
    key_header: str | None = None
    bearer: bool = True


class OpenConnection(Struct, frozen=True, kw_only=True):
    """A connection the user made, as ``provider/status`` shows it, with its overrides."""

    provider: Provider
    overrides: Overrides
    view: Connection


def wire_format(row: Provider, model: str | None, override: Dialect | None, *, keyed: bool = True) -> WireFormat:
    """The dialect for a model with the path and the header that go with it.

    The user's choice counts first, then the row's rules in their order, then the row itself. ``keyed``
    says whether a key is sent, which some services take at another place than their own log-in.
    """
    header, bearer = row.key_header, row.auth != "key"
    if override is not None and override != row.dialect:
        return WireFormat(dialect=override)
    if keyed and row.with_key is not None:
        way = row.with_key
        path = way.chat_path or row.wire.chat_path
        return WireFormat(dialect=row.dialect, path=path, key_header=way.key_header, bearer=way.auth == "bearer")
    for rule in row.dialect_rules if override is None else ():
        if model is not None and fnmatchcase(model, rule.models):
            if rule.key_header:
                header, bearer = rule.key_header, rule.key_header == row.key_header
            return WireFormat(dialect=rule.dialect, path=rule.chat_path, key_header=header, bearer=bearer)
    return WireFormat(dialect=row.dialect, path=row.wire.chat_path, key_header=header, bearer=bearer)
