"""Tells what answered where it was no HTTP/1.1 server, and what to write instead.

Source: RFC 8446, section 5.1 (TLS records); RFC 9113, section 3.4 (HTTP/2 prefaces); RFC 4253, section 4.2 (SSH); RFC
5321, section 4.2 (SMTP); RFC 3501, section 7.1 (IMAP); RFC 1939, section 3 (POP3); the reasons of OpenSSL 3.
"""

from __future__ import annotations

import re
import ssl

from msgspec import Struct

from modelport.adapters.http.causes import BrokenOff, NotHttp, causes_of
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint

CHECK_PORT = "check the address and its port"
CHECK_PROXY = "look for a proxy that is in the way, or try another address"


class Peer(Struct, frozen=True):
    """A kind of server that is no HTTP/1.1 server. ``says`` goes on behind its address, ``action`` is what to do."""

    begins: re.Pattern[bytes]
    says: str
    action: str = CHECK_PORT


SPEAKS_TLS = Peer(re.compile(rb"[\x14-\x17]\x03[\x00-\x04]", re.DOTALL), "speaks TLS", "write https:// in the base URL")
PEERS: tuple[Peer, ...] = (
    SPEAKS_TLS,
    Peer(
        re.compile(rb"PRI \* HTTP/2|HTTP/[23]|\x00[\x00-\x3f].[\x04\x07][\x00\x01]\x00\x00\x00\x00", re.DOTALL),
        "speaks HTTP/2 only",
        "use its address for HTTP/1.1",
    ),
    Peer(re.compile(rb"SSH-"), "is an SSH server"),
    Peer(re.compile(rb"[245][0-9][0-9][ -]"), "is a mail or file server"),
    Peer(re.compile(rb"\* (?:OK|PREAUTH|BYE)|\+OK"), "is a mailbox server"),
    Peer(re.compile(rb"-ERR |-NOAUTH |-DENIED |\+PONG"), "is a Redis server"),
    Peer(re.compile(rb".\x00\x00[\x00\x01][\x0a\xff]", re.DOTALL), "is a MySQL server"),
    Peer(re.compile(rb"RTSP/|ICY |SIP/"), "is a media server"),
    Peer(re.compile(rb"\s*[{<\[]"), "answers without a head, as no HTTP server does"),
)
"""The first that fits the first bytes counts."""
NOT_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)
"""OpenSSL's reasons where what came is no TLS record."""
NO_TLS_HERE = (
    "http request to an https server",
    "plain http request was sent to https port",
    "speaking plain http to an ssl-enabled server",
    "this combination of host and port requires tls",
)
"""How servers refuse plain HTTP at a TLS port: Go, nginx, Apache, Tomcat."""


def what_answered(error: BaseException) -> tuple[str, str] | None:
    """What answered in place of an HTTP server, as the end of a sentence, and what to do; None for another error."""
    for cause in causes_of(error):
        if isinstance(cause, NotHttp) and not isinstance(cause, BrokenOff):
            peer = next((peer for peer in PEERS if peer.begins.match(cause.start)), None) if cause.start else None
            if peer is not None:
                return f"{peer.says}, not HTTP", peer.action
            return f"breaks the rules of HTTP ({cause})", CHECK_PORT if cause.start else CHECK_PROXY
        if isinstance(cause, ssl.SSLError) and cause.reason in NOT_TLS:
            return "does not speak TLS", "write http:// in the base URL, or check its port"
    return None


def wrong_protocol(endpoint: Endpoint, model: str, error: BaseException) -> RequestFailed | None:
    """The failure where something answered that is not HTTP, or HTTP that breaks its rules; None for another error."""
    found = what_answered(error)
    return None if found is None else _failure(endpoint, model, *found)


def needs_tls(endpoint: Endpoint, model: str, status: int, text: str) -> RequestFailed | None:
    """The failure for plain HTTP at a TLS port, where the server says so; None for another refusal."""
    said = text.casefold()
    if status != 400 or not any(words in said for words in NO_TLS_HERE):
        return None
    return _failure(endpoint, model, SPEAKS_TLS.says, SPEAKS_TLS.action, status)


def _failure(endpoint: Endpoint, model: str, says: str, action: str, status: int | None = None) -> RequestFailed:
    name, url = endpoint.provider.display_name, endpoint.base_url
    return RequestFailed(
        "invalid_response",
        f"{name}: what answers at {url} {says}: {action}.",
        provider=endpoint.provider.id,
        model=model,
        http_status=status,
        action=action,
    )
