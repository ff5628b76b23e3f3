"""Qwen's log-in: the token that qwen-code keeps in a file, renewed there before it ends.

Source: qwen-code, whose file and endpoint these are.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from modelport.adapters.credential_stores.vendor_files import QWEN_FILE, QWEN_FILE_VARIABLE, read_object
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.log_in import Unsigned
from modelport.adapters.log_ins.requests import request_json
from modelport.adapters.log_ins.tokens import Refusals, Token, life_s
from modelport.adapters.system.private_files import write_private
from modelport.borders import json_bytes
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.log_ins import read_named
from modelport.protocol.secret import Secret

RENEW_MARGIN_S = 30.0
MIN_MILLISECONDS = 1e11
"""A time above is no number of seconds."""
MAX_MILLISECONDS = 1e14
"""In three thousand years: what reads a later date may not know any."""
DEFAULT_LIFE_S = 3600.0


class QwenToken:
    """Reads the file at each call, since qwen-code renews the token too."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._refusals = Refusals()
        self._lock = anyio.Lock()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a token that lasts, at the address that the log-in gave."""
        if endpoint.credential.source != "file":
            return endpoint
        async with self._lock:
            token = await self._token(endpoint)
        credential = msgspec.structs.replace(endpoint.credential, secret=token.secret)
        own = endpoint.base_url == endpoint.provider.base_url
        base_url = token.base_url if own and token.base_url else endpoint.base_url
        return msgspec.structs.replace(endpoint, credential=credential, base_url=base_url)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Marks the token as refused, so that it is renewed although its time has not come."""
        token = endpoint.credential.secret
        return token is not None and endpoint.credential.source == "file" and self._refusals.add(token)

    async def _token(self, endpoint: Endpoint) -> Token:
        path = await anyio.to_thread.run_sync(Path(endpoint.settings.get(QWEN_FILE_VARIABLE, QWEN_FILE)).expanduser)
        kept = await anyio.to_thread.run_sync(read_object, path)
        token = _read(kept)
        if token is not None and token.fresh(RENEW_MARGIN_S) and token.secret not in self._refusals:
            return token
        refused = token is not None and token.secret in self._refusals
        renewed = await self._renew(endpoint, kept.get("refresh_token"))
        if "expires_at" in kept:
            # The file of another program, which reads the time as it wrote it.
            renewed["expires_at"] = _in_form(kept["expires_at"], renewed.pop("expiry_date"))
        kept |= renewed
        await anyio.to_thread.run_sync(_write, path, kept)
        token = _read(kept)
        if token is None:
            raise _over(endpoint)
        if refused:
            self._refusals.replaced(token.secret)
        return token

    async def _renew(self, endpoint: Endpoint, refresh_token: Any) -> dict[str, Any]:
        row = endpoint.provider
        wire = row.login
        if not isinstance(refresh_token, str) or wire is None or wire.token_url is None:
            raise _over(endpoint)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": wire.client_id or ""}
        try:
            url, headers = wire.address(wire.token_url), {"Accept": "application/json"}
            reply = await request_json(self._pool, endpoint, "POST", url, headers=headers, form=form)
        except RequestFailed as error:
            raise (_over(endpoint) if error.http_status in (400, 401) else error) from error
        reply["expiry_date"] = int((time.time() + life_s(reply.get("expires_in"), DEFAULT_LIFE_S)) * 1000)
        wanted = ("access_token", "refresh_token", "token_type", "resource_url", "expiry_date")
        return {name: reply[name] for name in wanted if reply.get(name)}


def _read(kept: Mapping[str, Any]) -> Token | None:
    token, ends, host = kept.get("access_token"), _ends_s(kept), kept.get("resource_url")
    if not isinstance(token, str) or ends is None:
        return None
    return Token(Secret(token), ends, read_named(host) if isinstance(host, str) and host else None)


def _ends_s(kept: Mapping[str, Any]) -> float | None:
    """When a token ends, in seconds: ``expiry_date`` in milliseconds, else ``expires_at`` in either or as a date."""
    ends = kept.get("expiry_date", kept.get("expires_at"))
    if isinstance(ends, str):
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.fromisoformat(ends).timestamp()
    if not isinstance(ends, int | float):
        return None
    ends = min(ends, MAX_MILLISECONDS)
    return ends / 1000 if ends > MIN_MILLISECONDS else float(ends)


def _in_form(before: Any, milliseconds: int) -> int | str:
    """A time in the form of another: as a date, in milliseconds, or in seconds."""
    if isinstance(before, str):
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
    return milliseconds if isinstance(before, int | float) and before > MIN_MILLISECONDS else milliseconds // 1000


def _write(path: Path, kept: dict[str, Any]) -> None:
    # Where it cannot be written, the new token still serves this process.
    with contextlib.suppress(OSError):
        write_private(path, msgspec.json.format(json_bytes(kept)))


def _over(endpoint: Endpoint) -> RequestFailed:
    row = endpoint.provider
    return RequestFailed(
        "auth_required",
        f"The log-in of {row.display_name} has ended: log in again with qwen-code. {row.notice or ''}".strip(),
        provider=row.id,
        action="log in again",
    )
