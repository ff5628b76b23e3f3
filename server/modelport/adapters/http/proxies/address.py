"""The address of a proxy, read once, and the failures of one that cannot be used."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import Literal
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.address import is_proxy
from modelport.protocol.secret import Secret, forget_frames

Protocol = Literal["http", "socks4", "socks5"]
SCHEMES: dict[str, tuple[Protocol, int]] = {
    "http": ("http", 80),
    "https": ("http", 443),
    "socks": ("socks5", 1080),
    "socks4": ("socks4", 1080),
    "socks4a": ("socks4", 1080),
    "socks5": ("socks5", 1080),
    "socks5h": ("socks5", 1080),
}
"""What each scheme speaks, and its usual port. GNOME writes ``socks`` for version 5."""
LOCAL_NAMES = frozenset({"socks4"})
"""Schemes whose hosts are looked up on this machine. SOCKS 5 is always given the name, since behind a proxy the names
of other networks often have no address here."""
MAX_LOG_IN_BYTES = 255
"""Of a user, and of a password. Source: RFC 1929."""
CORRECTION = "cannot be used: write something like http://proxy.example:3128 or socks5h://proxy.example:1080"


class Proxy(Struct, frozen=True, kw_only=True):
    """A proxy, ready to be connected to."""

    protocol: Protocol
    secure: bool
    """Whether the connection to the proxy itself has TLS."""
    host: str
    port: int
    sends_names: bool
    """Whether it looks up the names of hosts; else this machine does."""
    user: Secret | None = None
    password: Secret | None = None

    @property
    def place(self) -> str:
        """Its host and port, without the log-in."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def basic_log_in(self) -> tuple[tuple[bytes, bytes], ...]:
        """The header that logs in to an HTTP proxy; none without a user. Source: RFC 7617."""
        if self.user is None:
            return ()
        password = self.password or Secret("")
        return ((b"Proxy-Authorization", b"Basic " + b64encode(self.user.encode() + b":" + password.encode())),)


def read_proxy(address: Secret) -> Proxy:
    """The proxy at an address, with or without a log-in, whose signs may be escaped by percent.

    Raises:
        RequestFailed: it is no address of a proxy.
    """
    if not is_proxy(address.reveal()):
        raise _unusable(address, CORRECTION)
    try:
        scheme, host, port = _place(address)
        user, password = _log_in(address)
    except ValueError as error:
        forget_frames(error)
        raise _unusable(address, CORRECTION) from error
    if host is None:
        raise _unusable(address, CORRECTION)
    protocol, usual_port = SCHEMES[scheme]
    if protocol == "socks4" and password:
        raise _unusable(address, "has a password, which SOCKS 4 does not know: write socks5h:// if it speaks version 5")
    if protocol == "socks5" and any(part and len(part.encode()) > MAX_LOG_IN_BYTES for part in (user, password)):
        raise _unusable(
            address, f"has a user or a password of more than {MAX_LOG_IN_BYTES} bytes: SOCKS takes no longer one"
        )
    return Proxy(
        protocol=protocol,
        secure=scheme == "https",
        host=host,
        port=port or usual_port,
        sends_names=scheme not in LOCAL_NAMES,
        user=user,
        password=password,
    )


def _decoded(part: str | None) -> Secret | None:
    return Secret(unquote_to_bytes(part).decode("utf-8", "surrogateescape")) if part else None


def _place(address: Secret) -> tuple[str, str | None, int | None]:
    url = urlsplit(address.reveal())
    return url.scheme, url.hostname, url.port


def _log_in(address: Secret) -> tuple[Secret | None, Secret | None]:
    url = urlsplit(address.reveal())
    return _decoded(url.username), _decoded(url.password)


def _unusable(address: Secret, why: str) -> RequestFailed:
    """The failure, by the name of the variable; the address itself may hold a password."""
    text = address.reveal()
    hosts = (text, text.removeprefix("http://"))
    names = (name for name, value in os.environ.items() if name.lower().endswith("_proxy") and value in hosts)
    where = next((f"that {name} names" for name in names), "of the configuration")
    return RequestFailed("network", f"The proxy {where} {why}.", action="correct the proxy")
