"""The log-in of a provider in the configuration file."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from modelport.domain.log_ins.wire import HOST, LogInWire
from modelport.domain.loopback import is_loopback

_Text = Annotated[str, Meta(min_length=1)]
ADDRESSES = ("device_url", "token_url", "authorize_url", "exchange_url")


class LogInEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to log in with OAuth: for a provider of your own, or in place of what a shipped one has."""

    client_id: _Text | None = None
    """The public id of the program that logs in, as you have registered it with the provider."""
    scopes: tuple[_Text, ...] | str | None = None
    """What the log-in is to allow: a list, or words with blanks between them."""
    device_url: _Text | None = None
    """Where a code is had that is entered on another device (RFC 8628)."""
    token_url: _Text | None = None
    """Where tokens are had and renewed."""
    authorize_url: _Text | None = None
    """The page that sends the browser back with a code (RFC 7636)."""
    exchange_url: _Text | None = None
    """GitHub Copilot: where a token is exchanged for the one that calls use. OpenRouter: where a code becomes a key."""
    redirect_uri: _Text | None = None
    """Where the browser is sent back to, for a provider that allows only one address; absent: a free port of
    127.0.0.1. One that is not on this machine shows the code, to be pasted."""
    host: _Text | None = None
    """The host in the provider's addresses, such as that of a company on GHE.com."""


def log_in_of(shipped: LogInWire | None, entry: LogInEntry) -> LogInWire:
    """The log-in of a row with the fields of the file laid over it."""
    scopes = entry.scopes
    changes: dict[str, Any] = {name: getattr(entry, name) for name in ("client_id", *ADDRESSES, "redirect_uri", "host")}
    changes["scopes"] = tuple(scopes.split()) if isinstance(scopes, str) else scopes
    # With a host of their own, users mean the addresses of the row on it.
    return msgspec.structs.replace(
        shipped or LogInWire(), **{name: value for name, value in changes.items() if value is not None}
    )


def mistakes_in(entry: LogInEntry, merged: LogInWire) -> Generator[tuple[str, str]]:
    """What is wrong with a log-in: the name of the field and a sentence. No value is repeated."""
    for name in ADDRESSES:
        url = getattr(entry, name)
        if url is not None and not is_safe(merged.address(url)):
            yield name, "Write an https address, or an http address of this machine."
    if entry.host is not None and not _is_host(entry.host):
        yield "host", "Write the name of a host alone, such as acme.ghe.com."
    if entry.redirect_uri is not None and not _is_redirect(entry.redirect_uri):
        yield "redirect_uri", "Write an http address of this machine, an https address or an urn."
    if not merged.methods:
        yield "", "Name the device_url or the authorize_url of the log-in."
    elif merged.token_url is None and merged.gives == "tokens":
        yield "token_url", "Name the token_url, where the log-in gets its tokens."


def is_safe(url: str) -> bool:
    """Whether a log-in may use an address, and a browser open it: encrypted, or on this machine. No log-in in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or any(char.isspace() or not char.isprintable() for char in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))


def _is_host(text: str) -> bool:
    return HOST not in text and is_safe(f"https://{text}") and not set(text) & set("/?#@\\")


def _is_redirect(text: str) -> bool:
    return text.startswith("urn:") or is_safe(text)
