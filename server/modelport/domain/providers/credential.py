"""Credentials as values: the secret, its source, and the address it may be sent to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.providers.base_urls import read_base_url, server_part, shown
from modelport.domain.providers.rows import OWN_LOG_INS, Provider
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialKey, CredentialSource, CredentialStatus

_SECRET_HEADER = re.compile(r"(authorization|api-?key|token|secret|password|cookie)$", re.IGNORECASE)


class Credential(Struct, frozen=True, kw_only=True):
    """A secret (or its absence), where it was found, and the address it is bound to."""

    provider: str
    source: CredentialSource
    secret: Secret | None = None
    location: str | None = None
    connection: str | None = None
    """The name of the connection that it is stored for; None where it is the provider's."""
    base_url: str | None = None
    log_in: StoredLogIn | None = None
    """What renews the secret, where a log-in gave it."""
    alternatives: tuple[Credential, ...] = ()
    """The further keys of the same source, in the order in which they are tried; they have no alternatives."""

    @property
    def fingerprint(self) -> str:
        """What tells this key from every other one without being a part of it; empty without a key that is sent."""
        if self.secret is None:
            return ""
        return blake2b(
            self.secret.reveal().encode("utf-8", "surrogatepass"), digest_size=8, person=b"modelport"
        ).hexdigest()

    def keys(self) -> tuple[Credential, ...]:
        """The credential and its alternatives, each with all the others as its own, in a circle."""
        ring = (msgspec.structs.replace(self, alternatives=()), *self.alternatives)
        return tuple(msgspec.structs.replace(one, alternatives=ring[n + 1 :] + ring[:n]) for n, one in enumerate(ring))

    @property
    def shown_base_url(self) -> str | None:
        """The address that it is bound to, as it may be shown."""
        return self.base_url and shown(self.base_url)

    def status(self, row: Provider, base_url: str | None) -> CredentialStatus:
        """What may be shown of it; at the provider's own address with a hint where it looks like no key of it."""
        return CredentialStatus(
            provider=self.provider,
            source=self.source,
            location=self.location,
            name=self.connection,
            last4=self.secret.last4 if self.secret else None,
            base_url=self.shown_base_url,
            logged_in=self.log_in is not None or None,
            hint=_hint(row, self.secret) if base_url in (None, row.base_url) else None,
            more_keys=tuple(
                CredentialKey(location=one.location, last4=one.secret.last4 if one.secret else None)
                for one in self.alternatives
            )
            or None,
        )

    def may_go_to(self, base_url: str | None, row: Provider) -> bool:
        """Whether the secret may be sent there: a key stored with a base URL goes to that one only."""
        return self.base_url is None or means(self.base_url, row, base_url or "")


def _hint(row: Provider, secret: Secret | None) -> str | None:
    if secret is None or row.key_prefix is None or secret.startswith(row.key_prefix):
        return None
    return f"Keys of {row.display_name} begin with {row.key_prefix}, and this one does not: check it if it is refused."


def with_alternatives(keys: Sequence[Credential]) -> Credential | None:
    """The first of several keys, with the others that differ from it and from each other."""
    if len(keys) < 2:
        return keys[0] if keys else None
    different: dict[str, Credential] = {}
    for key in keys:
        different.setdefault(key.fingerprint, key)
    first, *others = different.values()
    return msgspec.structs.replace(first, alternatives=tuple(others))


SEPARATOR = "/"
"""Between a provider and the name of a connection, in the name of an entry of a store. Neither has one."""


def entry_name(provider: str, connection: str | None) -> str:
    """The name of a store's entry for a provider, or for a connection with a name of its own, in any case."""
    return provider if connection is None else f"{provider}{SEPARATOR}{connection.casefold()}"


def behind(status: CredentialStatus, before: Credential | None) -> CredentialStatus:
    """The status of a key; where another comes before it, with a hint that says so."""
    if before is None:
        return status
    hint = f"{before.location or before.source} comes before it: unset that to use this one."
    return msgspec.structs.replace(status, hint=f"{status.hint} {hint}" if status.hint else hint)


class StoredKey(Struct, frozen=True):
    """What a credential store keeps for a provider."""

    secret: Secret
    base_url: str | None = None
    more: tuple[Secret, ...] = ()
    """The provider's further keys for the same address, in the order in which they are tried."""
    log_in: StoredLogIn | None = None
    """What renews the secret, where a log-in gave it."""


def connection_of(entry: str) -> str | None:
    """The name of the connection that an entry is for; None for the provider's own."""
    return entry.partition(SEPARATOR)[2] or None


def added(before: StoredKey, key: StoredKey, row: Provider) -> StoredKey:
    """The stored keys with one more behind them, unless it is among them.

    Raises:
        InvalidParams: it is for another address than those.
    """
    if key.base_url is not None and not means(key.base_url, row, before.base_url or row.base_url or ""):
        raise InvalidParams(
            f"The stored key of {row.display_name} is for another address: store this one without add, or for a "
            "connection with a name.",
            field="baseUrl",
            provider=row.id,
        )
    others = tuple(one for one in before.more if one != key.secret)
    more = others if key.secret == before.secret else (*others, key.secret)
    return msgspec.structs.replace(before, more=more)


def fits_header(secret: Secret) -> bool:
    """Whether a key can be sent at all: printable ASCII, as the value of a header has to be. Source: RFC 9110, 5.5."""
    return secret.reveal().isascii() and secret.reveal().isprintable()


def is_secret_header(name: str) -> bool:
    """Whether a header of this name holds a secret, by its last word."""
    return _SECRET_HEADER.search(name) is not None


def missing(row: Provider) -> Credential:
    """The credential of a provider for which nothing was found."""
    source: CredentialSource = "none" if row.requires_api_key or row.auth in OWN_LOG_INS else "notRequired"
    return Credential(provider=row.id, source=source)


def same_address(one: str, other: str) -> bool:
    """Whether two base URLs are the same but for the host's letter case, and for what may be pasted behind them.

    That is a slash, the path of a request, and a query.
    """
    return _canonical(one) == _canonical(other)


def means(text: str, row: Provider, base_url: str) -> bool:
    """Whether an address as a person wrote it is the base URL, as it stands or as the dialect of the row reads it."""
    try:
        return same_address(text, base_url) or same_address(read_base_url(text, row, "baseUrl").url, base_url)
    except InvalidParams:
        return False


def _canonical(url: str) -> str:
    scheme, separator, location = server_part(url.strip()).partition("://")
    host, slash, path = location.partition("/")
    return f"{scheme.casefold()}{separator}{host.casefold()}{slash}{path}"
