"""Credentials as values: the secret, its source, and the address it may be sent to."""

from __future__ import annotations

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.base_urls import read_base_url, server_part
from modelport.domain.providers.rows import OWN_LOG_INS, Provider
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialSource, CredentialStatus


class Credential(Struct, frozen=True, kw_only=True):
    """A secret (or its absence), where it was found, and the address it is bound to."""

    provider: str
    source: CredentialSource
    secret: Secret | None = None
    location: str | None = None
    base_url: str | None = None

    def status(self) -> CredentialStatus:
        """What may be shown of it."""
        return CredentialStatus(
            provider=self.provider,
            source=self.source,
            location=self.location,
            last4=self.secret.last4 if self.secret else None,
            base_url=self.base_url,
        )

    def may_go_to(self, base_url: str | None, row: Provider) -> bool:
        """Whether the secret may be sent there: a key stored with a base URL goes to that one only."""
        return self.base_url is None or means(self.base_url, row, base_url or "")


class StoredKey(Struct, frozen=True):
    """What a credential store keeps for a provider."""

    secret: Secret
    base_url: str | None = None


def fits_header(secret: Secret) -> bool:
    """Whether a key can be sent at all: printable ASCII, as the value of a header has to be. Source: RFC 9110, 5.5."""
    text = secret.reveal()
    return text.isascii() and text.isprintable()


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
