"""Stored keys, log-ins, and the state of this installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from modelport.frontends.python.inputs import secret_of
from modelport.frontends.python.session import Calls
from modelport.protocol import types
from modelport.protocol.secret import Secret

if TYPE_CHECKING:
    from modelport.engine.log_ins.outcomes import LogInBegun


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

    async def log_in(
        self,
        provider: str,
        *,
        on_prompt: Callable[[types.CredentialUpdateParams], object],
        method: types.LoginMethod | None = None,
        name: str | None = None,
    ) -> types.CredentialStatus:
        """Logs in to a provider with OAuth, and stores the tokens, where every editor finds them.

        ``on_prompt`` is called once, with the address to open and the code to enter there, if there is one; the call
        returns when the user has done that. ``method`` is the provider's first unless it is named. With a ``name`` the
        log-in is that of this connection, such as one to a second account. An error of ``on_prompt`` ends the log-in
        and is raised; a cancellation ends it, and frees its port.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: the provider has no such log-in, refused it or cannot be reached, the time is over, a later
                log-in took the place of this one, or there is no usable store.
        """
        import anyio

        log_ins = await (await self._session.app()).core.log_ins.get()
        errors: list[Exception] = []
        with anyio.CancelScope() as scope:

            def tell(begun: LogInBegun) -> None:
                try:
                    on_prompt(begun.update)
                except Exception as error:  # noqa: BLE001  whatever it is, the caller gets it
                    # Raised here it would end in the flow's task group, which wraps it.
                    errors.append(error)
                    scope.cancel()

            return await log_ins.log_in(provider, method, name, tell)
        raise errors[0]

    async def paste_log_in(self, provider: str, text: str | Secret, *, name: str | None = None) -> None:
        """Gives a log-in under way the address that the browser was sent to, or the code in it.

        This is for a browser on another machine, which cannot reach this one.

        Raises:
            InvalidParams: unknown provider, no log-in is under way, or the text does not belong to it.
        """
        log_ins = await (await self._session.app()).core.log_ins.get()
        log_ins.paste(provider, name, secret_of(text))

    async def log_out(self, provider: str, *, name: str | None = None) -> types.CredentialStatus:
        """Ends a log-in under way, and deletes what one has stored; a key that was stored otherwise stays.

        Returns the credential that would be used now.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: there is no usable store.
        """
        log_ins = await (await self._session.app()).core.log_ins.get()
        return await log_ins.log_out(provider, name)

    async def run_diagnostics(self) -> tuple[types.Check, ...]:
        """Checks the folders, the keyring, the ledger and the configuration of this installation."""
        return (await (await self._session.app()).diagnostics.run()).checks
