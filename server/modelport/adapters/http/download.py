"""Downloads a public file, such as the registry of agents, by the rules of all requests.

The system's trust store and proxies are used, no redirect is followed, and no credential is sent.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

import anyio

from modelport.adapters.http.bodies import read_capped
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.http.wrong_protocol import what_answered
from modelport.domain.errors import RequestFailed
from modelport.domain.loopback import is_loopback
from modelport.protocol.types import ErrorKind

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 30.0
"""For the whole download."""
MAX_BODY_BYTES = 4 * 1024 * 1024


class Download:
    """Called with an address, downloads its body; ``what`` is expected there, in the words of the errors."""

    def __init__(self, pool: HttpPool, what: str, timeout_s: float = TIMEOUT_S) -> None:
        self._pool = pool
        self._what = what
        self._timeout_s = timeout_s

    async def __call__(self, url: str) -> bytes:
        """The whole body.

        Raises:
            RequestFailed: no reply in time, a refusal, or a body that breaks off or is too long.
        """
        shown = url.partition("?")[0]
        with anyio.move_on_after(self._timeout_s):
            client = await self._pool.client(url)
            try:
                request = client.build_request("GET", url, headers={"Accept": "application/json"})
                response = await client.send(request, stream=True)
            except Exception as error:
                raise _unreachable(shown, error) from error
            try:
                return await self._body(shown, response)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        raise _failed("timeout", f"{shown} did not serve {self._what} within {self._timeout_s:g} s: try again.")

    async def _body(self, shown: str, response: httpx2.Response) -> bytes:
        import httpx2

        if not response.is_success:
            raise _refused(shown, response.status_code, self._what)
        try:
            return await read_capped(response, MAX_BODY_BYTES)
        except OverflowError as error:
            sentence = f"{shown} serves more than 4 MB, which is too large for {self._what}: check the address."
            raise _failed("invalid_response", sentence) from error
        except (httpx2.TransportError, OSError) as error:
            raise _failed(
                "stream_interrupted", f"{shown} closed the connection in the middle of its answer: try again."
            ) from error


def public_address(text: str) -> str | None:
    """An address that the user gave, without its fragment; None unless it is https, or http on this machine.

    One with credentials in it is none either: it would stand in errors and in files.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        sound = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    # urlsplit drops line breaks and tabs silently.
    sound = sound and text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    sound = sound and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(text.lower())))
    return text.partition("#")[0] if sound else None


def _refused(shown: str, status: int, what: str) -> RequestFailed:
    if 300 <= status < 400:
        return _failed(
            "invalid_response",
            f"{shown} redirects to another address ({status}), which is not followed: give that address itself.",
            status,
        )
    if status in (401, 403):
        return _failed(
            "forbidden", f"{shown} requires credentials ({status}): give an address without a log-in.", status
        )
    if status == 407:
        return _failed("network", f"The proxy in front of {shown} refused the request: check its settings.", status)
    if status == 429:
        return _failed("rate_limited", f"{shown} is limiting the rate of requests: try again later.", status)
    if status >= 500:
        return _failed("provider_unavailable", f"{shown} failed on its side ({status}): try again later.", status)
    return _failed("invalid_response", f"{shown} does not serve {what} ({status}): check the address.", status)


def _unreachable(shown: str, error: Exception) -> RequestFailed:
    """The error for a missing reply; TLS, name lookup, a refused connection and a timeout are distinguished."""
    if found := what_answered(error):
        return _failed("invalid_response", f"What answers at {shown} {found[0]}: {found[1]}.")
    causes = list(_causes(error))
    if tls := next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None):
        reason = getattr(tls, "verify_message", "") or tls.reason or "no handshake"
        return _failed("tls", f"No secure connection to {shown} ({reason}): check its certificate, or the clock.")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _failed("network", f"The host in {shown} has no address: check the name, the network or the proxy.")
    names = {type(cause).__name__ for cause in causes}
    if "ConnectTimeout" in names:
        return _failed("timeout", f"{shown} did not accept the connection in time: check the network.")
    if names & {"RemoteProtocolError", "ReadError", "WriteError"}:
        return _failed("network", f"{shown} closed the connection without an answer: try again.")
    if is_loopback(shown):
        return _failed("network", f"Nothing answers at {shown}: start the server there.")
    return _failed("network", f"{shown} cannot be reached: check the network or the proxy.")


def _failed(kind: ErrorKind, sentence: str, status: int | None = None) -> RequestFailed:
    return RequestFailed(kind, sentence, http_status=status)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
