"""The operating system's keyring, through the keyring library, never on the event loop.

A keyring may have to ask its owner to unlock it, so every access runs in a worker thread with a
time limit, one at a time; while one hangs, the next fails at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import anyio
import anyio.to_thread

from modelport.adapters.credential_stores.entries import decode, encode
from modelport.adapters.credential_stores.index_file import IndexFile
from modelport.adapters.credential_stores.key_cache import KeyCache, Reading
from modelport.adapters.credential_stores.keyrings import access
from modelport.adapters.credential_stores.keyrings.backend import BackendNotLoaded
from modelport.adapters.credential_stores.unusable import OTHER_PLACES, Unusable
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStoreId, CredentialStoreStatus

T = TypeVar("T")
DEFAULT_TIMEOUT_S = 20.0
REREAD_TIMEOUT_S = 2.0
"""For reading a key again: the caller has one already, and does not wait for a keyring that hangs."""
LIST_TIMEOUT_S = 5.0
"""For listing, which asks nobody; the first time it also loads the keyring library."""
RECHECK_INTERVAL_S = 1.0
MAX_HANGING_THREADS = 2


class KeyringStore:
    """A store over the keyring; keys are cached, and read again as far as that asks the owner nothing."""

    id: ClassVar[CredentialStoreId] = "keyring"

    def __init__(self, index: Path, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._index = IndexFile(index)
        self._timeout_s = timeout_s
        self._limiter = anyio.CapacityLimiter(1)
        self._cache = KeyCache(lambda: RECHECK_INTERVAL_S)
        self._versions: dict[str, access.Version | None] = {}
        self._names: list[str] = []
        self._listed: access.Listing | None = None
        self._listed_at = -math.inf
        self._version = -1
        self._looked_at = -math.inf
        self._hanging = 0
        self._absent = False

    @property
    def is_offered(self) -> bool:
        """Always: its state says whether there is one."""
        return True

    async def get(self, entry: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key of an entry; no keyring counts as no key, and one that is locked fails without ``unlock``.

        ``fresh`` reads it from the keyring although it is known.

        Raises:
            Unusable: the keyring cannot be used.
        """
        await self._look()

        async def read() -> StoredKey | None:
            text = await self._run(lambda: access.read(entry, unlock=unlock))
            return decode(text.reveal()) if text else None

        async def reread(old: StoredKey | None, refused: bool) -> Reading:  # noqa: FBT001
            version = self._versions.get(entry)
            found = await self._run(
                lambda: access.reread(entry, prompting=refused, version=version),
                needed=True,
                timeout_s=REREAD_TIMEOUT_S,
            )
            if not isinstance(found, access.Reread):
                return Reading(old, found is not None and found.repeatable)
            self._versions[entry] = found.version
            return Reading(decode(found.text.reveal()) if found.text else None, found.repeatable)

        return await self._cache.get(entry, read, reread, unlock=unlock, fresh=fresh)

    async def set(self, entry: str, key: StoredKey) -> None:
        """Stores a key, in place of any other of the entry.

        Raises:
            Unusable: no keyring can be used, or it does not give the key back.
        """
        await self._run(lambda: access.write(entry, Secret(encode(key))), needed=True)
        await self._change(lambda: self._index.add(entry))

    async def delete(self, entry: str) -> bool:
        """Deletes a key; returns whether there was one.

        Raises:
            Unusable: no keyring can be used.
        """
        found = await self._run(lambda: access.remove(entry), needed=True)
        await self._change(lambda: self._index.remove(entry))
        return bool(found)

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        """The entries there are: as the keyring lists them, and where it lists none or not all, those of the index.

        ``quick`` loads no keyring, and gives what is known without.
        """
        await self._look()
        now = anyio.current_time()
        if not quick and now - self._listed_at >= RECHECK_INTERVAL_S:
            await self._list()
            self._listed_at = now
        if self._listed is None:
            return self._names
        return sorted(self._listed.names if self._listed.complete else {*self._listed.names, *self._names})

    async def _list(self) -> None:
        try:
            listed = await self._run(access.list_names, timeout_s=LIST_TIMEOUT_S)
        except Unusable:
            # One that ended since does not change what was known of it.
            return
        self._listed = listed
        if listed is not None and listed.complete and sorted(listed.names) != self._names:
            await anyio.to_thread.run_sync(self._index.replace, sorted(listed.names))
            self._names = sorted(listed.names)

    def location(self, entry: str) -> str:
        """The entry's name, as the keyring's own programs show it."""
        return f"{access.SERVICE}/{entry}"

    def invalidate(self, provider: str) -> None:
        """Has the keys of a provider read again at their next use: one was refused."""
        self._cache.refuse(provider)

    async def status(self, *, prompting: bool = False) -> CredentialStoreStatus:
        """Whether the keyring can be used; only with ``prompting`` it is read where that may ask its owner."""
        try:
            name = await self._run(lambda: access.describe(prompting=prompting), needed=True)
        except Unusable as error:
            return CredentialStoreStatus(
                id=self.id, state=error.state, name="keyring", detail=error.message, action=error.action
            )
        return CredentialStoreStatus(id=self.id, state="available", name=name or "", detail="It can be used.")

    async def _look(self) -> None:
        """Clears the cache when another process changed a key or no keyring was there; looks at most once a second."""
        if anyio.current_time() - self._looked_at < RECHECK_INTERVAL_S:
            return
        version = await anyio.to_thread.run_sync(self._index.version)
        if version != self._version or self._absent:
            self._names = await anyio.to_thread.run_sync(self._index.read)
            self._version, self._absent = version, False
            self._cache.clear()
            self._versions.clear()
            self._listed_at = -math.inf
        self._looked_at = anyio.current_time()

    async def _change(self, change: Callable[[], None]) -> None:
        await anyio.to_thread.run_sync(change)
        self._looked_at, self._version = -math.inf, -1

    def _counted(self, work: Callable[[], T]) -> T:
        """Runs on the worker thread; counts the threads that are under way, abandoned ones too."""
        self._hanging += 1
        try:
            return work()
        finally:
            self._hanging -= 1

    async def _run(self, work: Callable[[], T], *, needed: bool = False, timeout_s: float | None = None) -> T | None:
        if self._hanging >= MAX_HANGING_THREADS:
            raise _stuck()
        with anyio.move_on_after(self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)):
            try:
                return await anyio.to_thread.run_sync(
                    self._counted, work, abandon_on_cancel=True, limiter=self._limiter
                )
            except access.NoKeyring as error:
                if not needed:
                    # It may be started later.
                    self._absent = True
                    return None
                raise _translated(error) from error
            except (BackendNotLoaded, access.KeepsNothing, access.KeyringFailed) as error:
                raise _translated(error) from error
        raise _stuck()


def _stuck() -> Unusable:
    return Unusable("unavailable", f"The keyring does not answer: unlock it, {OTHER_PLACES}.", "unlock the keyring")


def _translated(error: Exception) -> Unusable:
    """The error of a keyring as one that says what to do."""
    match error:
        case access.NoKeyring():
            return Unusable(
                "unavailable",
                f"This machine has no keyring that can be used ({error}): install one, {OTHER_PLACES}.",
                "install a keyring such as gnome-keyring, or set keys in the environment",
            )
        case access.KeepsNothing():
            return Unusable(
                "disabled",
                f"The keyring {error} keeps nothing: choose another one with keyring's configuration or "
                f"PYTHON_KEYRING_BACKEND, {OTHER_PLACES}.",
                "choose another keyring, or set keys in the environment",
            )
        case BackendNotLoaded():
            return Unusable("unavailable", f"{error}, {OTHER_PLACES}.", "choose another keyring, or unset the choice")
        case _:
            state = "locked" if isinstance(error, access.KeyringIsLocked) else "unavailable"
            return Unusable(state, f"The keyring refused ({error}): unlock it, {OTHER_PLACES}.", "unlock the keyring")
