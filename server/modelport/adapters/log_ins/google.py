"""Access tokens of Google Cloud: service accounts and application default credentials, through google-auth.

Source: Google Cloud, authenticate by using application default credentials.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import msgspec

from modelport.adapters.child_processes.running import started_by
from modelport.adapters.http.bodies import read_capped
from modelport.adapters.http.pool import HttpPool, network
from modelport.adapters.log_ins.log_in import StartProgram, Unsigned, needs, reason
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret, forget_frames
from modelport.protocol.shapes import is_object

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
TIMEOUT_S = 20.0
MAX_REPLY_BYTES = 1024 * 1024
ODD_CONTENT = (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What the library raises for files, replies and outputs of programs that are not as documented."""


class GoogleToken:
    """Keeps the token of the default credentials and renews it before it ends; an API key is left as it is."""

    def __init__(self, pool: HttpPool, start: StartProgram) -> None:
        self._pool = pool
        self._start = start
        self._credentials: dict[str | None, Any] = {}
        """By the file that holds them; under None what Google's own tools find."""
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
        return self._credentials.pop(endpoint.settings.get(KEY_FILE), None) is not None

    def _token(self, endpoint: Endpoint) -> str:
        try:
            google: Any = import_module("google.auth")
            exceptions: Any = import_module("google.auth.exceptions")
        except ImportError as error:
            raise needs(endpoint, "vertex") from error
        file, transport = endpoint.settings.get(KEY_FILE), _Transport(self._pool, endpoint)
        try:
            if (credentials := self._credentials.get(file)) is None:
                credentials = self._credentials[file] = _loaded(google, file, transport, self._start)
            if not credentials.valid:
                credentials.refresh(transport)
            return str(credentials.token)
        except (exceptions.GoogleAuthError, *ODD_CONTENT) as error:
            # The library believes that what a file holds, and what a program prints, is as documented.
            self._credentials.pop(file, None)
            forget_frames(error)
            raise _refused(endpoint, error) from error


def _loaded(google: Any, file: str | None, transport: _Transport, start: StartProgram) -> Any:
    """The credentials in a file, without one those in the file of Google's tools, else of the machine."""
    if file is None:
        # The library would run gcloud, whichever PATH leads to, to learn a project that is not needed here.
        kept: str = import_module("google.auth._cloud_sdk").get_application_default_credentials_path()
        file = os.environ.get(KEY_FILE, "").strip() or kept
        if not os.path.isfile(file):  # noqa: PTH113  a text
            return google.default(scopes=[SCOPE])[0]
    path = Path(file).expanduser()
    info: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    if _runs_program(info):
        # The library would run it while it loads the file, to learn a project.
        return _with_program(import_module("google.auth.pluggable").Credentials, start).from_info(info, scopes=[SCOPE])
    if _runs_program(info.get("source_credentials")):
        raise ValueError("a program within other credentials is not run, write service_account_impersonation_url")
    with warnings.catch_warnings():
        # It warns of files that come from somewhere else; this one is the user's own.
        warnings.simplefilter("ignore", DeprecationWarning)
        return google.load_credentials_from_file(str(path), scopes=[SCOPE], request=transport)[0]


def _runs_program(info: Any) -> bool:
    """Whether a program prints the credentials of a file. Source: Google Cloud, executable-sourced credentials."""
    source = info.get("credential_source") if is_object(info) else None
    return is_object(source) and source.get("executable") is not None


def _with_program(pluggable: Any, start: StartProgram) -> Any:
    """The library's class with the method that runs a program changed to have ``start`` run it."""
    retrieve = started_by(pluggable.retrieve_subject_token, start)
    return type(pluggable.__name__, (pluggable,), {"retrieve_subject_token": retrieve})


class _Reply(msgspec.Struct, frozen=True):
    """A reply in the shape that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _Transport:
    """google-auth's transport over the shared pool, with the endpoint's certificates and proxy. For a worker thread."""

    def __init__(self, pool: HttpPool, endpoint: Endpoint) -> None:
        self._pool = pool
        self._endpoint = endpoint

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> _Reply:
        """Sends a request and reads its reply.

        Raises:
            google.auth.exceptions.TransportError: no reply.
        """
        import httpx2
        from google.auth.exceptions import TransportError

        try:
            return anyio.from_thread.run(self._send, url, method, body, dict(headers or {}), timeout or TIMEOUT_S)
        except (httpx2.HTTPError, httpx2.InvalidURL, RequestFailed, OSError, ValueError, OverflowError) as error:
            raise TransportError(getattr(error, "message", error)) from error

    async def _send(
        self, url: str, method: str, body: bytes | None, headers: dict[str, str], timeout_s: float
    ) -> _Reply:
        with anyio.fail_after(timeout_s):
            client = await self._pool.client(url, **network(self._endpoint))
            request = client.build_request(method, url, content=body, headers=headers)
            response = await client.send(request, stream=True)
            try:
                return _Reply(response.status_code, response.headers, await read_capped(response, MAX_REPLY_BYTES))
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()


def _refused(endpoint: Endpoint, error: Exception) -> RequestFailed:
    row = endpoint.provider
    return RequestFailed(
        "auth_required",
        f"{row.display_name} needs Google Cloud credentials ({reason(error)}): run gcloud auth "
        "application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.",
        provider=row.id,
        action="give Google Cloud credentials",
    )
