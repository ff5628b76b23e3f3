"""Deletes all keys of a provider, or all that Modelport has stored."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.errors import InvalidParams
from modelport.domain.ports import CredentialStore
from modelport.domain.providers.credential import SEPARATOR
from modelport.domain.providers.registry import Registry
from modelport.engine.credentials.listing import CredentialList
from modelport.engine.providers.credentials import Credentials
from modelport.protocol import types


class KeyDeletion:
    """The use case of ``credential/delete``."""

    def __init__(
        self, registry: Registry, credentials: Credentials, store: CredentialStore, keys: CredentialList
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._store = store
        self._keys = keys

    async def delete(self, params: types.DeleteCredentialParams) -> types.CredentialStatus:
        """Deletes one key, or all of a provider; the status of what is used instead, with what else is left.

        Raises:
            InvalidParams: unknown provider, a name that no connection may have, or a name with ``everywhere``.
            RequestFailed: there is no usable keyring.
        """
        if not params.everywhere:
            return await self._credentials.delete(params.provider, params.name)
        if params.name is not None:
            raise InvalidParams("everywhere deletes the keys of all names: leave name out.", field="name")
        row = self._registry.get(params.provider)
        entries = [one for one in await self._store.providers() if one.startswith(f"{row.id}{SEPARATOR}")]
        # Its own entry may be missing in a list that was lost.
        for entry in (row.id, *entries):
            await self._store.delete(entry)
        return await self._keys.status(row)

    async def delete_all(self) -> Sequence[str]:
        """Deletes every entry of the store, also of providers that are no more; the names of those that were there.

        Raises:
            RequestFailed: there is no usable keyring.
        """
        listed = await self._store.providers()
        # Where the list of entries was lost, the entries of the providers are found by their names.
        unlisted = [row.id for row in self._registry.all() if row.id not in listed]
        return [entry for entry in (*listed, *unlisted) if await self._store.delete(entry)]
