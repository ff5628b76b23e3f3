"""Tokens that a log-in gave: sent while they last, renewed before their end or when refused, and stored anew.

One process renews at a time, and the others use what it got: a refresh token is often good for one time only.

Source: RFC 6749, 6; RFC 9700, 4.14 (rotation of refresh tokens).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from modelport.adapters.log_ins.log_in import Unsigned
from modelport.adapters.log_ins.oauth.refresh import LogInOver, Refresher, log_in_over
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
    """Renews the tokens of log-ins. ``folder`` holds the locks.

    A renewal is a task of its own that all who need it wait for: whoever began it may be cancelled, and the provider
    may have given a token by then.
    """

    def __init__(self, refresher: Refresher, store: CredentialStore, folder: Path) -> None:
        self._refresher = refresher
        self._store = store
        self._folder = folder
        self._renewals: dict[str, asyncio.Task[Credential]] = {}
        self._unsaved: dict[str, StoredKey] = {}
        """Tokens that the store would not take: they serve this process, and are offered to it again."""
        self._refusals = Refusals()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a token that lasts, at the address that came with it.

        Raises:
            RequestFailed: the log-in is over, or the token cannot be renewed now.
        """
        credential = endpoint.credential
        if credential.log_in is None or credential.secret is None:
            return endpoint
        if self._is_stale(credential):
            credential = await asyncio.shield(self._renewal(endpoint))
        return called_at(endpoint, credential)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Takes note that a token was refused; returns whether another one may be had."""
        credential = endpoint.credential
        return credential.log_in is not None and credential.secret is not None and self._refusals.add(credential.secret)

    async def settled(self) -> None:
        """Returns when the renewals that are under way have ended, so that none of their tokens is lost."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    def _is_stale(self, credential: Credential) -> bool:
        log_in = credential.log_in
        due = log_in is not None and log_in.refresh_token is not None and log_in.due(time.time())
        return due or credential.secret in self._refusals

    def _renewal(self, endpoint: Endpoint) -> asyncio.Task[Credential]:
        entry = entry_name(endpoint.credential.provider, endpoint.credential.connection)
        task = self._renewals.get(entry)
        if task is None:
            task = self._renewals[entry] = asyncio.create_task(  # noqa: TID251  ``settled`` waits for it
                self._renew(endpoint, entry)
            )
            task.add_done_callback(partial(self._ended, entry))
        return task

    def _ended(self, entry: str, task: asyncio.Task[Credential]) -> None:
        del self._renewals[entry]
        if not task.cancelled():
            # Whoever waited may be gone.
            task.exception()

    async def _renew(self, endpoint: Endpoint, entry: str) -> Credential:
        async with file_lock(self._folder / f"{entry.replace('/', '+')}.lock", LOCK_TIMEOUT_S):
            stored = await self._newest(endpoint, entry)
            if not self._is_stale(_with(endpoint.credential, stored)):
                # Another process, or a log-in of a moment ago.
                return _with(endpoint.credential, stored)
            try:
                renewed = await self._refresher.refreshed(endpoint, stored)
            except LogInOver as over:
                now = await self._newest(endpoint, entry)
                if now.secret != stored.secret:
                    return _with(endpoint.credential, now)
                await self._store.delete(entry)
                raise log_in_over(endpoint) from over
            # Before it is used: a crash in between must not lose the only token that can be renewed.
            await self._save(entry, renewed)
            if stored.secret in self._refusals:
                self._refusals.replaced(renewed.secret)
            return _with(endpoint.credential, renewed)

    async def _newest(self, endpoint: Endpoint, entry: str) -> StoredKey:
        if (unsaved := self._unsaved.get(entry)) is not None:
            await self._save(entry, unsaved)
            return unsaved
        stored = await self._store.get(entry, fresh=True)
        if stored is None or stored.log_in is None:
            raise log_in_over(endpoint)
        return stored

    async def _save(self, entry: str, key: StoredKey) -> None:
        try:
            await self._store.set(entry, key)
        except RequestFailed:
            self._unsaved[entry] = key
        else:
            self._unsaved.pop(entry, None)


def _with(credential: Credential, key: StoredKey) -> Credential:
    return msgspec.structs.replace(credential, secret=key.secret, log_in=key.log_in)
