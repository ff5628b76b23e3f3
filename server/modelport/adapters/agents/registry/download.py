"""Downloads the public registry of agents, by the rules of all requests.

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
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.address import is_loopback
from modelport.protocol.types import ErrorKind

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 30.0
"""For the whole download."""
MAX_BODY_BYTES = 4 * 1024 * 1024


class RegistryDownload:
    """A ``Fetch``: called with an address, downloads its body."""

    def __init__(self, pool: HttpPool, timeout_s: float = TIMEOUT_S) -> None:
        self._pool = pool
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
                return await _body(shown, response)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        raise _failed(
            "timeout", f"{shown} did not serve the registry of agents within {self._timeout_s:g} s: try again."
        )


async def _body(shown: str, response: httpx2.Response) -> bytes:
    import httpx2

    if not response.is_success:
        raise _refused(shown, response.status_code)
    try:
        return await read_capped(response, MAX_BODY_BYTES)
    except OverflowError as error:
        sentence = f"{shown} serves more than 4 MB, which is too large for a registry of agents: check the address."
        raise _failed("invalid_response", sentence) from error
    except httpx2.DecodingError as error:
        sentence = f"The answer of {shown} cannot be decompressed: check the address."
        raise _failed("invalid_response", sentence) from error
    except (httpx2.TransportError, OSError) as error:
        raise _failed(
            "stream_interrupted", f"{shown} closed the connection in the middle of its answer: try again."
        ) from error


def _refused(shown: str, status: int) -> RequestFailed:
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
    return _failed("invalid_response", f"{shown} serves no registry of agents ({status}): check the address.", status)


def _unreachable(shown: str, error: Exception) -> RequestFailed:
    """The error for a missing reply; TLS, name lookup, a refused connection and a timeout are distinguished."""
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
