"""The credential stores side by side, as one: read in their order, written where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from modelport.adapters.credential_stores.client import ClientStore, Vault
from modelport.adapters.credential_stores.file import FileStore
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.types import CredentialSource, CredentialStoreId, CredentialStoreStatus

SESSION = CredentialStoreStatus(
    id="session", state="available", name="memory", detail="The keys of provider/connect, until this process ends."
)


class CredentialStores:
    """A ``CredentialStore`` over the keyring, the client's vault and the file, read in this order."""

    def __init__(self, keyring: KeyringStore, client: ClientStore, file: FileStore) -> None:
        self._keyring = keyring
        self._client = client
        self._file = file
        self._stores: tuple[_Store, ...] = (keyring, client, file)
        self._holders: dict[str, _Store] = {}

    def attach(self, vault: Vault | None) -> None:
        """Takes the vault of the client that this process serves; None for a client that has none."""
        self._client.attach(vault)

    async def get(self, provider: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key of the first store that has one; ``fresh`` reads it although it is known.

        A store that lists the entry and cannot be used is an error, lest another account pay. Where none lists it each
        is asked, since a list may be lost.

        Raises:
            RequestFailed: the store that holds it cannot be used, or none has it and one cannot be used.
        """
        listing = [store for store in self._stores if provider in await store.providers(quick=True)]
        trouble: RequestFailed | None = None
        for store in listing or self._stores:
            try:
                key = await store.get(provider, unlock=unlock, fresh=fresh)
            except RequestFailed as error:
                if store in listing:
                    raise
                trouble = trouble or error
                continue
            if key is not None:
                self._holders[provider] = store
                return key
        self._holders.pop(provider, None)
        if trouble is not None:
            raise trouble
        return None

    async def set(self, provider: str, key: StoredKey, store: CredentialStoreId | None = None) -> None:
        """Stores a key with its further ones, in place of all others of the provider in any store.

        Without ``store`` it goes where the provider's key is, else to the keyring, and where there is none to the
        client's vault: into a file only where that is wanted.

        Raises:
            InvalidParams: no key can be stored there.
            RequestFailed: the store cannot be used, or one that holds another key of the provider.
        """
        holding = await self._holding(provider)
        target = await self._target(holding, store)
        others = [one for one in holding if one is not target]
        for other in others:
            status = await other.status()
            if status.state not in ("available", "disabled"):
                # Else the old key would come back with that store.
                raise RequestFailed(
                    "keyring_unavailable",
                    f"{other.location(provider)} holds another key, which cannot be replaced now: {status.detail}",
                    action=status.action,
                )
        await target.set(provider, key)
        for other in others:
            await other.delete(provider)
        self._holders[provider] = target

    async def delete(self, provider: str) -> bool:
        """Deletes a key from each store that holds it; returns whether there was one.

        Raises:
            RequestFailed: a store that lists it cannot be used, or none lists it and the keyring, which may hold it,
                is the only store in use and cannot be used.
        """
        listing = [store for store in self._stores if provider in await store.providers()]
        alone = not self._client.is_ready and not await self._file.providers()
        self._holders.pop(provider, None)
        trouble: RequestFailed | None = None
        deleted = False
        for store in self._stores:
            try:
                deleted = await store.delete(provider) or deleted
            except RequestFailed as error:
                if store in listing or (alone and store is self._keyring):
                    trouble = trouble or error
        if trouble is not None:
            raise trouble
        return deleted

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        """The entries of all stores, without reading the keys; ``quick`` loads no keyring for it."""
        names: set[str] = set()
        for store in self._stores:
            listed = await store.providers(quick=quick)
            for name in listed:
                if name not in names:
                    self._holders[name] = store
            names.update(listed)
        return sorted(names)

    def location(self, provider: str) -> str:
        """What to call the entry when talking to a person."""
        return self._holder(provider).location(provider)

    def source(self, provider: str) -> CredentialSource:
        """In which store the entry is, as far as is known."""
        return self._holder(provider).id

    def invalidate(self, provider: str) -> None:
        """Has a provider's keys read again at their next use, because one was refused."""
        for store in self._stores:
            store.invalidate(provider)

    async def check(self, provider: str, store: CredentialStoreId | None = None) -> None:
        """Returns where ``set`` could store a key now; its owner may be asked to find out.

        Raises:
            InvalidParams: no key can be stored there.
            RequestFailed: the store cannot be used.
        """
        target = await self._target(await self._holding(provider), store)
        status = await target.status(prompting=True)
        if target is self._file and (status.state == "disabled" or status.action is None):
            # It begins with its first key, and runs the command for its passphrase when that is needed.
            return
        if status.state != "available":
            raise RequestFailed("keyring_unavailable", status.detail, action=status.action)

    async def statuses(self, *, prompting: bool = False) -> Sequence[CredentialStoreStatus]:
        """The state of each store; with ``prompting`` also where its owner may be asked to find out."""
        found = [await store.status(prompting=prompting) for store in self._stores if store.is_offered]
        return [*found, SESSION]

    def _holder(self, provider: str) -> _Store:
        return self._holders.get(provider, self._keyring)

    async def _holding(self, provider: str) -> list[_Store]:
        return [store for store in self._stores if provider in await store.providers()]

    async def _target(self, holding: Sequence[_Store], store: CredentialStoreId | None) -> _Store:
        """Where a key goes: where it is wanted, else where one is, else to the keyring or what stands in for it."""
        if store is not None:
            return self._chosen(store)
        return holding[0] if holding else await self._preferred()

    def _chosen(self, store: CredentialStoreId) -> _Store:
        for one in self._stores:
            if one.id == store:
                return one
        raise InvalidParams(
            "store must be keyring, client or file: provider/connect takes a key for the session.", field="store"
        )

    async def _preferred(self) -> _Store:
        """The keyring, or the client's vault where it offers one and there is no keyring."""
        if self._client.is_ready and (await self._keyring.status()).state in ("unavailable", "disabled"):
            return self._client
        return self._keyring


class _Store(Protocol):
    """One of the stores; its errors are ``Unusable``."""

    id: ClassVar[CredentialStoreId]

    @property
    def is_offered(self) -> bool: ...

    async def get(self, entry: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None: ...

    async def set(self, entry: str, key: StoredKey) -> None: ...

    async def delete(self, entry: str) -> bool: ...

    async def providers(self, *, quick: bool = False) -> Sequence[str]: ...

    def location(self, entry: str) -> str: ...

    def invalidate(self, provider: str) -> None: ...

    async def status(self, *, prompting: bool = False) -> CredentialStoreStatus: ...
