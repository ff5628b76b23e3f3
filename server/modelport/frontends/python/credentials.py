"""Stored keys, and the state of this installation."""

from __future__ import annotations

from modelport.frontends.python.inputs import secret_of
from modelport.frontends.python.session import Calls
from modelport.protocol import types
from modelport.protocol.secret import Secret


class CredentialCalls(Calls):
    """The calls for keys and diagnostics."""

    async def credentials(self) -> tuple[types.CredentialStatus, ...]:
        """The providers a credential is found for, and where; never the credential itself.

        ``others`` are those that it shadows, ``health`` what keeps it from being used. No keyring is unlocked.
        """
        cases = await (await self._session.app()).keys.get()
        return tuple(await cases.listing.list())

    async def test_credentials(
        self, provider: str | None = None, *, name: str | None = None
    ) -> tuple[types.KeyCheck, ...]:
        """Asks a provider, or all, by the cheapest request whether they take the keys that are found.

        ``ok`` is None where a provider cannot be asked without a call that costs. ``name`` is the connection whose key
        alone is checked. A key that is taken is no longer marked as refused.

        Raises:
            InvalidParams: unknown provider, a name without a provider, or one that no connection may have.
        """
        cases = await (await self._session.app()).keys.get()
        return tuple(await cases.checks.test(provider, name))

    async def credential_stores(self) -> tuple[types.CredentialStoreStatus, ...]:
        """The places where keys are stored, in the order of reading, and whether each can be used."""
        return tuple(await (await self._session.app()).core.store.statuses())

    async def set_credential(
        self,
        provider: str,
        secret: str | Secret,
        *,
        base_url: str | None = None,
        name: str | None = None,
        add: bool = False,
        store: types.CredentialStoreId | None = None,
    ) -> types.CredentialStatus:
        """Stores a key in the keyring, where every editor finds it, or with ``store="file"`` in a file of keys.

        One with a base URL is sent to that address only.

        With a ``name`` it is the key of that connection, such as one to a second account, and is kept apart from the
        provider's own. With ``add`` it is kept behind the keys that are stored already, to be used when those fail.

        Raises:
            InvalidParams: unknown provider, an empty key, one that belongs to another provider, or a name that no
                connection may have.
            RequestFailed: the store cannot be used.
        """
        # In its place, so that this frame does not hold it while it waits.
        secret = secret_of(secret)
        return await (await self._session.app()).core.credentials.store(
            provider, secret, base_url, name, add=add, store=store
        )

    async def delete_credential(
        self, provider: str, *, name: str | None = None, everywhere: bool = False
    ) -> types.CredentialStatus:
        """Deletes a provider's key, or that of its connection ``name``, or with ``everywhere`` all, from every store.

        Returns the credential that would be used now, with ``everywhere`` also the others that are left.

        Raises:
            InvalidParams: unknown provider, a name that no connection may have, or a name with ``everywhere``.
            RequestFailed: a store that holds it cannot be used.
        """
        params = types.DeleteCredentialParams(provider=provider, name=name, everywhere=everywhere)
        cases = await (await self._session.app()).keys.get()
        return await cases.deletion.delete(params)

    async def run_diagnostics(self) -> tuple[types.Check, ...]:
        """Checks the folders, the keyring, the ledger and the configuration of this installation."""
        return (await (await self._session.app()).diagnostics.run()).checks
