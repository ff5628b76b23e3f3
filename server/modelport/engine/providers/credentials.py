"""Finds the credential to use for a provider, and stores, deletes and lists stored ones."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import CredentialStore, Environment, VendorFiles
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import Credential, StoredKey, fits_header, missing
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import OWN_LOG_INS, Provider
from modelport.engine.providers.secret_sources import SecretSources, name_of
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus


class Credentials:
    """Looks in this order: connection, environment, key command, keyring, file. The source is always reported."""

    def __init__(
        self,
        registry: Registry,
        environment: Environment,
        store: CredentialStore,
        vendor_files: VendorFiles,
        secrets: SecretSources,
    ) -> None:
        self._registry = registry
        self._environment = environment
        self._store = store
        self._vendor_files = vendor_files
        self._secrets = secrets

    async def find(
        self, row: Provider, overrides: Overrides, base_url: str | None, *, unlock: bool = True
    ) -> Credential:
        """The credential for calls to ``base_url``; one without a secret when there is none.

        Without ``unlock`` the user is asked for no password: a locked keyring stays locked, no command is run, and
        a credential from either comes without its secret.

        Raises:
            RequestFailed: the key command gives nothing, or the keyring is needed and cannot be read.
        """
        given = self._given(row, overrides)
        if given is None and overrides.key_command:
            command = overrides.key_command
            # A command may ask for a password, too.
            printed = (
                await self._secrets.run_command(command, row, "its key") if unlock else self._secrets.cached(command)
            )
            given = _by_command(row, overrides, printed)
        if given is not None:
            return given
        return await (
            self._stored_or_file(row, overrides, base_url) if unlock else self._without_unlock(row, overrides, base_url)
        )

    def _given(self, row: Provider, overrides: Overrides) -> Credential | None:
        """The key of the connection, else one in the environment."""
        if overrides.api_key:
            return Credential(provider=row.id, source="session", secret=overrides.api_key, base_url=overrides.base_url)
        variables = self._environment.variables()
        for name in row.api_key_env_vars:
            if value := variables.get(name, "").strip():
                return Credential(provider=row.id, source="environment", secret=Secret(value), location=name)
        return None

    async def _stored_or_file(
        self, row: Provider, overrides: Overrides, base_url: str | None, *, unlock: bool = True
    ) -> Credential:
        """The key in the keyring for an address, else one in a file."""
        # The keyring is not read for a provider that needs no key, unless one is listed there.
        stored, listed = None, row.id in await self._store.providers()
        if row.requires_api_key or listed:
            try:
                stored = await self._stored(row, base_url, unlock=unlock)
            except RequestFailed:
                # An unlisted key may be there, but the user is not asked to unlock the keyring for it.
                if unlock or listed:
                    raise
        if overrides.file_key and (stored is None or stored.secret is None):
            return Credential(provider=row.id, source="file", secret=overrides.file_key, location="config.json")
        if row.auth in OWN_LOG_INS and (stored is None or stored.secret is None):
            return await self._vendor_files.credential(row) or stored or missing(row)
        return stored or missing(row)

    async def statuses(self, rows: Sequence[tuple[Provider, Overrides, str | None]]) -> list[CredentialStatus]:
        """The status of each credential, without running commands or asking the user to unlock a keyring."""
        stored = await self._store.providers()
        statuses: list[CredentialStatus] = []
        for row, overrides, base_url in rows:
            credential = self._given(row, overrides)
            if credential is None and overrides.key_command:
                # The command may ask the user for a password, which a list is not worth.
                credential = _by_command(row, overrides, self._secrets.cached(overrides.key_command))
            if credential is None:
                known = row.id in stored or overrides.file_key or row.auth in OWN_LOG_INS
                credential = await self._without_unlock(row, overrides, base_url) if known else missing(row)
            statuses.append(credential.status())
        return statuses

    async def _without_unlock(self, row: Provider, overrides: Overrides, base_url: str | None) -> Credential:
        """A stored credential; without its secret where the keyring is locked."""
        try:
            return await self._stored_or_file(row, overrides, base_url, unlock=False)
        except RequestFailed:
            return Credential(provider=row.id, source="keyring", location=self._store.location(row.id))

    async def store(self, name: str, secret: Secret, base_url: str | None) -> CredentialStatus:
        """Stores a key in the keyring.

        Raises:
            InvalidParams: unknown provider, an empty key, or one that belongs to another provider.
            RequestFailed: there is no usable keyring.
        """
        row, secret = self._registry.get(name), secret.strip()
        if not secret or not fits_header(secret):
            raise InvalidParams(
                "secret must be the key itself, in plain characters on one line.", field="secret", provider=row.id
            )
        if base_url is None:
            self.check_prefix(row, secret, "secret")
        await self._store.set(row.id, StoredKey(secret, base_url))
        return (await self._stored(row, base_url) or missing(row)).status()

    async def delete(self, name: str) -> CredentialStatus:
        """Deletes a provider's key from the keyring; returns the status of what is used instead.

        Raises:
            InvalidParams: unknown provider.
            RequestFailed: there is no usable keyring.
        """
        row = self._registry.get(name)
        await self._store.delete(row.id)
        return (await self.statuses([(row, self._registry.defaults(row), None)]))[0]

    async def list(self) -> Sequence[CredentialStatus]:
        """The providers a credential is found for, without any connection."""
        statuses = await self.statuses([(row, self._registry.defaults(row), None) for row in self._registry.all()])
        return [status for status in statuses if status.source not in ("none", "notRequired")]

    def invalidate(self, row: Provider) -> None:
        """Drops the cached output of a provider's commands."""
        self._secrets.invalidate(row)

    def check_prefix(self, row: Provider, secret: Secret, field: str) -> None:
        """Stops a key that is known to belong to another provider; a key that may be right always passes.

        Raises:
            InvalidParams: with kind ``invalid_key_format``.
        """
        text = secret.reveal()
        marked = [other for other in self._registry.all() if other.key_prefix and text.startswith(other.key_prefix)]
        longest = max((len(other.key_prefix or "") for other in marked), default=0)
        owners = [other for other in marked if len(other.key_prefix or "") == longest]
        if row.key_prefix is None or not owners or row in owners:
            return
        raise InvalidParams(
            f"This is a key of {owners[0].display_name}, not of {row.display_name}, whose keys begin with "
            f"{row.key_prefix}: give the other key, or name {owners[0].id} as the provider.",
            kind="invalid_key_format",
            field=field,
            provider=row.id,
            action="give the provider's own key",
        )

    async def _stored(self, row: Provider, base_url: str | None, *, unlock: bool = True) -> Credential | None:
        stored = await self._store.get(row.id, unlock=unlock)
        if stored is None:
            return None
        credential = Credential(
            provider=row.id,
            source="keyring",
            secret=stored.secret,
            location=self._store.location(row.id),
            base_url=stored.base_url,
        )
        if base_url is None or credential.may_go_to(base_url, row):
            return credential
        # The status names the address that the key is stored for.
        return msgspec.structs.replace(missing(row), base_url=stored.base_url)


def _by_command(row: Provider, overrides: Overrides, secret: Secret | None) -> Credential:
    """The credential of a key command; without a secret when it has not been run."""
    return Credential(provider=row.id, source="command", secret=secret, location=name_of(overrides.key_command))
