"""Keys in memory, each read again once it is a second old: one reading per entry at a time, shared by its callers."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio
import msgspec
from msgspec import Struct

from modelport.adapters.credential_stores.unusable import Unusable
from modelport.domain.providers.credential import StoredKey


class Reading(Struct, frozen=True):
    """What a store has under an entry, and whether that may be read again at any time."""

    key: StoredKey | None
    repeatable: bool = True


class _Cached(Struct, frozen=True):
    key: StoredKey | None
    read_at: float
    lasting: bool = False
    """Whether it counts until it is refused, because reading it again might ask the owner."""
    refused: bool = False


class KeyCache:
    """The keys of a store by entry. ``max_age_s`` says after how long one is read again."""

    def __init__(self, max_age_s: Callable[[], float]) -> None:
        self._max_age_s = max_age_s
        self._cached: dict[str, _Cached] = {}
        self._failed: dict[tuple[str, bool], tuple[float, Unusable]] = {}
        self._locks: dict[tuple[str, bool], anyio.Lock] = {}

    async def get(
        self,
        entry: str,
        read: Callable[[], Awaitable[StoredKey | None]],
        reread: Callable[[StoredKey | None, bool], Awaitable[Reading]],
        *,
        unlock: bool,
        fresh: bool = False,
    ) -> StoredKey | None:
        """The key of an entry: a fresh one, one that is read again, or where that fails the one of before.

        ``reread`` gets the key and whether it was refused. With ``fresh`` it is read whatever is in memory.

        Raises:
            Unusable: it is not in memory, and cannot be read.
        """
        began = anyio.current_time()
        cached = self._fresh(entry)
        if cached is not None and not fresh:
            return cached.key
        # Callers that may ask the owner are another group: the others do not wait until the owner has answered.
        group = (entry, unlock)
        async with self._locks.setdefault(group, anyio.Lock()):
            old = self._cached.get(entry)
            cached = self._fresh(entry)
            if cached is None or (fresh and cached.read_at < began):
                if old is None or fresh:
                    cached = await self._first(group, read, began)
                else:
                    cached = await self._again(old, reread)
                self._cached[entry] = cached
            return cached.key

    def refuse(self, provider: str) -> None:
        """Has the keys of a provider and of its connections read again at their next use: one was refused."""
        for entry, cached in self._cached.items():
            if entry.partition("/")[0] == provider:
                self._cached[entry] = msgspec.structs.replace(cached, refused=True)

    def drop(self, entry: str) -> None:
        """Forgets an entry."""
        self._cached.pop(entry, None)

    def clear(self) -> None:
        """Forgets all entries."""
        self._cached.clear()

    def _fresh(self, entry: str) -> _Cached | None:
        cached = self._cached.get(entry)
        if cached is None or cached.refused:
            return None
        return cached if cached.lasting or anyio.current_time() - cached.read_at < self._max_age_s() else None

    async def _first(
        self, group: tuple[str, bool], read: Callable[[], Awaitable[StoredKey | None]], began: float
    ) -> _Cached:
        failed_at, shared = self._failed.get(group, (-math.inf, None))
        if shared is not None and failed_at >= began:
            raise Unusable(shared.state, shared.message, shared.action or "") from shared
        try:
            return _Cached(await read(), anyio.current_time())
        except Unusable as error:
            self._failed[group] = (anyio.current_time(), error)
            raise

    async def _again(self, old: _Cached, reread: Callable[[StoredKey | None, bool], Awaitable[Reading]]) -> _Cached:
        try:
            reading = await reread(old.key, old.refused)
        except Unusable:
            # A keyring that was locked or ended since does not take away a key that is in use.
            return msgspec.structs.replace(old, read_at=anyio.current_time(), refused=False)
        return _Cached(reading.key, anyio.current_time(), lasting=not reading.repeatable)
