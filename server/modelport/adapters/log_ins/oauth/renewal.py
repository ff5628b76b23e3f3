"""Tokens that a log-in gave: sent while they last, renewed before their end or when refused, and stored anew.

One process renews at a time, and the others use what it got: a refresh token is often good for one time only.

Source: RFC 6749, 6; RFC 9700, 4.14 (rotation of refresh tokens).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import anyio
import msgspec

from modelport.adapters.log_ins.log_in import Unsigned
from modelport.adapters.log_ins.oauth.refresh import LogInOver, Refresher
from modelport.adapters.log_ins.tokens import Refusals
from modelport.adapters.system.file_lock import file_lock
from modelport.domain.errors import RequestFailed
from modelport.domain.ports import CredentialStore
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential, StoredKey, entry_name
from modelport.domain.providers.log_ins import called_at

LOCK_TIMEOUT_S = 45.0
"""More than another process needs for one request."""


class StoredTokens:
    """Renews the tokens of log-ins. ``folder`` holds the locks."""

    def __init__(self, refresher: Refresher, store: CredentialStore, folder: Path) -> None:
        self._refresher = refresher
        self._store = store
        self._folder = folder
        self._locks: dict[str, anyio.Lock] = {}
        self._refusals = Refusals()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a token that lasts, at the address that came with it.

        Raises:
            RequestFailed: the log-in is over, or the token cannot be renewed now.
        """
        credential = endpoint.credential
        if credential.log_in is None or credential.secret is None:
            return endpoint
        if not self._is_stale(credential):
            return called_at(endpoint, credential)
        entry = entry_name(credential.provider, credential.connection)
        async with (
            self._locks.setdefault(entry, anyio.Lock()),
            file_lock(self._folder / f"{entry.replace('/', '+')}.lock", LOCK_TIMEOUT_S),
        ):
            return called_at(endpoint, await self._renewed(endpoint, credential, entry))

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Takes note that a token was refused; returns whether another one may be had."""
        credential = endpoint.credential
        return credential.log_in is not None and credential.secret is not None and self._refusals.add(credential.secret)

    def _is_stale(self, credential: Credential) -> bool:
        log_in = credential.log_in
        due = log_in is not None and log_in.refresh_token is not None and log_in.due(time.time())
        return due or credential.secret in self._refusals

    async def _renewed(self, endpoint: Endpoint, credential: Credential, entry: str) -> Credential:
        stored = await self._store.get(entry, fresh=True)
        if stored is None or stored.log_in is None:
            raise _over(endpoint)
        now = msgspec.structs.replace(credential, secret=stored.secret, log_in=stored.log_in)
        if stored.secret != credential.secret and not self._is_stale(now):
            # Another process, or a log-in of a moment ago.
            return now
        if stored.log_in.refresh_token is None:
            if stored.secret in self._refusals:
                raise _over(endpoint)
            return now
        try:
            tokens = await self._refresher.refreshed(endpoint, stored.log_in)
        except LogInOver as over:
            # Nobody else renews under the lock, so that this is the token which was refused.
            await self._store.delete(entry)
            raise _over(endpoint) from over
        log_in = msgspec.structs.replace(
            stored.log_in,
            obtained_s=time.time(),
            life_s=tokens.life_s,
            # One that is not sent stays good.
            refresh_token=tokens.refresh_token or stored.log_in.refresh_token,
            base_url=tokens.base_url or stored.log_in.base_url,
        )
        # Before it is used: a crash in between must not lose the only token that can be renewed.
        await self._store.set(entry, StoredKey(tokens.secret, stored.base_url, log_in=log_in))
        if stored.secret in self._refusals:
            self._refusals.replaced(tokens.secret)
        return msgspec.structs.replace(credential, secret=tokens.secret, log_in=log_in)


def _over(endpoint: Endpoint) -> RequestFailed:
    row = endpoint.provider
    name = f" --name {endpoint.credential.connection}" if endpoint.credential.connection else ""
    return RequestFailed(
        "auth_required",
        f"The log-in of {row.display_name} has ended: run modelport login {row.id}{name}.",
        provider=row.id,
        action="log in again",
    )
