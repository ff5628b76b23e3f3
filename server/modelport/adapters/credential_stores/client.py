"""The client's own vault, such as VS Code's SecretStorage: for where the server runs without a keyring."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol

import anyio
import anyio.to_thread

from modelport.adapters.credential_stores.entries import decode, encode
from modelport.adapters.credential_stores.index_file import IndexFile
from modelport.adapters.credential_stores.key_cache import KeyCache, Reading
from modelport.adapters.credential_stores.unusable import OTHER_PLACES, Unusable
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStoreId, CredentialStoreStatus

MAX_AGE_S = 1.0
TIMEOUT_S = 20.0
"""The client may ask its user for a password."""
LIST_TIMEOUT_S = 2.0


class Vault(Protocol):
    """The vault of a client, by its requests.

    Raises:
        RequestFailed: the client answered with an error, or not in time; the message is the end of a sentence.
    """

    @property
    def client(self) -> str:
        """The client's name."""
        ...

    async def store(self, provider: str, name: str | None, text: Secret, timeout_s: float) -> None:
        """Keeps a text."""
        ...

    async def load(self, provider: str, name: str | None, timeout_s: float) -> Secret | None:
        """The text that is kept, or None."""
        ...

    async def remove(self, provider: str, name: str | None, timeout_s: float) -> None:
        """Deletes a text."""
        ...


class ClientStore:
    """A store over the vault of the client that this process serves, once one is attached."""

    id: ClassVar[CredentialStoreId] = "client"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._vault: Vault | None = None
        self._index: IndexFile | None = None
        self._names: list[str] = []
        self._listed_at = -math.inf
        self._cache = KeyCache(lambda: MAX_AGE_S)
        self._attached = False

    @property
    def is_offered(self) -> bool:
        """Whether this process serves a client that could have a vault."""
        return self._attached

    @property
    def is_ready(self) -> bool:
        """Whether the client has a vault."""
        return self._vault is not None

    def attach(self, vault: Vault | None) -> None:
        """Takes the vault of the client; None for a client that has none, as opposed to no client at all."""
        self._attached = True
        self._vault = vault
        if vault is not None:
            self._index = IndexFile(self._folder / f"client-providers-{_slug(vault.client)}.json")

    async def get(self, entry: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key of an entry; None without a vault. ``fresh`` asks the client although it is known.

        Raises:
            Unusable: the client does not answer or refuses.
        """
        vault = self._vault
        if vault is None:
            return None

        async def read() -> StoredKey | None:
            try:
                text = await vault.load(*_names(entry), TIMEOUT_S if unlock else LIST_TIMEOUT_S)
            except RequestFailed as error:
                raise _translated(error) from error
            return decode(text.reveal()) if text else None

        async def reread(_old: StoredKey | None, _refused: bool) -> Reading:  # noqa: FBT001
            return Reading(await read())

        return await self._cache.get(entry, read, reread, unlock=unlock, fresh=fresh)

    async def set(self, entry: str, key: StoredKey) -> None:
        """Stores a key, and reads it back.

        Raises:
            Unusable: there is no vault, the client does not answer or refuses, or it does not give the key back.
        """
        vault, text = self._required(), Secret(encode(key))
        try:
            await vault.store(*_names(entry), text, TIMEOUT_S)
            kept = await vault.load(*_names(entry), TIMEOUT_S)
        except RequestFailed as error:
            raise _translated(error) from error
        finally:
            self._cache.drop(entry)
        if kept != text:
            raise Unusable(
                "unavailable", f"The client's vault keeps nothing: {OTHER_PLACES}.", "store the key in another place"
            )
        if self._index is not None:
            await anyio.to_thread.run_sync(self._index.add, entry)
            self._listed_at = -math.inf

    async def delete(self, entry: str) -> bool:
        """Deletes a key; returns whether there was one.

        Raises:
            Unusable: the client does not answer or refuses.
        """
        vault = self._vault
        if vault is None or self._index is None:
            return False
        try:
            there = await vault.load(*_names(entry), TIMEOUT_S) is not None
            if there:
                await vault.remove(*_names(entry), TIMEOUT_S)
        except RequestFailed as error:
            raise _translated(error) from error
        finally:
            self._cache.drop(entry)
        await anyio.to_thread.run_sync(self._index.remove, entry)
        self._listed_at = -math.inf
        return there

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        """The entries that were stored in the vault of a client with this name."""
        if self._index is not None and anyio.current_time() - self._listed_at >= MAX_AGE_S:
            self._names = await anyio.to_thread.run_sync(self._index.read)
            self._listed_at = anyio.current_time()
        return self._names

    def location(self, entry: str) -> str:
        """The client's name with the entry."""
        return f"{self._vault.client if self._vault is not None else 'client'}: {entry}"

    def invalidate(self, provider: str) -> None:
        """Has the keys of a provider read again at their next use: one was refused."""
        self._cache.refuse(provider)

    async def status(self, *, prompting: bool = False) -> CredentialStoreStatus:
        """Whether the client offers a vault. It is not asked anything for this."""
        if self._vault is None:
            return CredentialStoreStatus(
                id=self.id, state="unavailable", name="client", detail="The client offers no vault of its own."
            )
        return CredentialStoreStatus(id=self.id, state="available", name=self._vault.client, detail="It can be used.")

    def _required(self) -> Vault:
        if self._vault is None:
            raise Unusable(
                "unavailable",
                f"The client offers no vault of its own: use the keyring, {OTHER_PLACES}.",
                "store the key in another place",
            )
        return self._vault


def _names(entry: str) -> tuple[str, str | None]:
    provider, _, name = entry.partition("/")
    return provider, name or None


def _slug(client: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", client.casefold()).strip("-")[:60] or "client"


def _translated(error: RequestFailed) -> Unusable:
    return Unusable(
        "unavailable",
        f"The client's vault cannot be used ({error.message}): use the keyring, {OTHER_PLACES}.",
        "try again, or store the key in another place",
    )
