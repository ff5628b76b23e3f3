"""Access tokens of Google Cloud: service accounts and application default credentials, through google-auth.

Source: Google Cloud, authenticate by using application default credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.log_in import Unsigned, needs, reason
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_S = 20.0


class GoogleToken:
    """Keeps the token of the default credentials and renews it before it ends; an API key is left as it is."""

    def __init__(self, pool: HttpPool) -> None:
        del pool  # google-auth sends from a worker thread, over a connection of its own
        self._credentials: Any = None
        self._lock = anyio.Lock()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with an access token as its bearer key."""
        if endpoint.credential.secret is not None:
            return endpoint
        async with self._lock:
            token = await anyio.to_thread.run_sync(self._token, endpoint, abandon_on_cancel=True)
        credential = msgspec.structs.replace(endpoint.credential, secret=Secret(token))
        return msgspec.structs.replace(endpoint, credential=credential, key_header="Authorization", bearer=True)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Drops the credentials, since their files may have changed."""
        had, self._credentials = self._credentials is not None, None
        return had

    def _token(self, endpoint: Endpoint) -> str:
        try:
            google: Any = import_module("google.auth")
            exceptions: Any = import_module("google.auth.exceptions")
        except ImportError as error:
            raise needs(endpoint, "vertex") from error
        try:
            if self._credentials is None:
                self._credentials, _ = google.default(scopes=[SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(_send)
        except exceptions.GoogleAuthError as error:
            self._credentials = None
            raise _refused(endpoint, error) from error
        return self._credentials.token


class _Response(msgspec.Struct, frozen=True):
    """A reply in the shape that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def _send(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: Any,
) -> _Response:
    """google-auth's transport, over the HTTP library that is there anyway.

    Raises:
        google.auth.exceptions.TransportError: no reply.
    """
    import httpx2
    from google.auth.exceptions import TransportError

    try:
        with httpx2.Client(timeout=timeout or TIMEOUT_S) as client:
            reply = client.request(method, url, content=body, headers=dict(headers or {}))
    except httpx2.HTTPError as error:
        raise TransportError(error) from error
    return _Response(reply.status_code, reply.headers, reply.content)


def _refused(endpoint: Endpoint, error: Exception) -> RequestFailed:
    row = endpoint.provider
    return RequestFailed(
        "auth_required",
        f"{row.display_name} needs Google Cloud credentials ({reason(error)}): run gcloud auth "
        "application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.",
        provider=row.id,
        action="give Google Cloud credentials",
    )
