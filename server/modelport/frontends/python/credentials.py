"""Keys in the operating system's keyring, and the state of this installation."""

from __future__ import annotations

from modelport.frontends.python.inputs import secret_of
from modelport.frontends.python.session import Calls
from modelport.protocol import types
from modelport.protocol.secret import Secret


class CredentialCalls(Calls):
    """The calls for keys and diagnostics."""

    async def credentials(self) -> tuple[types.CredentialStatus, ...]:
        """The providers a credential is found for, and where; never the credential itself."""
        return tuple(await (await self._session.app()).core.credentials.list())

    async def set_credential(
        self,
        provider: str,
        secret: str | Secret,
        *,
        base_url: str | None = None,
        name: str | None = None,
        add: bool = False,
    ) -> types.CredentialStatus:
        """Stores a key in the keyring, where every editor finds it; one with a base URL is sent to that address only.

        With a ``name`` it is the key of that connection, such as one to a second account, and is kept apart from the
        provider's own. With ``add`` it is kept behind the keys that are stored already, to be used when those fail.

        Raises:
            InvalidParams: unknown provider, an empty key, one that belongs to another provider, or a name that no
                connection may have.
            RequestFailed: there is no usable keyring.
        """
        return await (await self._session.app()).core.credentials.store(
            provider, secret_of(secret), base_url, name, add=add
        )

    async def delete_credential(self, provider: str, *, name: str | None = None) -> types.CredentialStatus:
        """Deletes a provider's key from the keyring, or that of its connection ``name``.

        Returns the credential that would be used now.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: there is no usable keyring.
        """
        return await (await self._session.app()).core.credentials.delete(provider, name)

    async def run_diagnostics(self) -> tuple[types.Check, ...]:
        """Checks the folders, the keyring, the ledger and the configuration of this installation."""
        return (await (await self._session.app()).diagnostics.run()).checks
