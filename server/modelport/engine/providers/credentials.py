"""Finds the credential to use for a provider, and stores, deletes and lists stored ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import CredentialStore, Environment, VendorFiles
from modelport.domain.providers.base_urls import read_base_url
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import (
    SEPARATOR,
    Credential,
    StoredKey,
    added,
    behind,
    connection_of,
    entry_name,
    fits_header,
    missing,
    with_alternatives,
)
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import OWN_LOG_INS, Provider
from modelport.engine.providers.key_rotation import KeyRotation
from modelport.engine.providers.secret_sources import SecretSources, name_of
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, CredentialStoreId


class Credentials:
    """Looks in this order: connection, environment, key command, stores, file. The source is always reported."""

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
        self._rotation = KeyRotation()

    async def find(
        self,
        row: Provider,
        overrides: Overrides,
        base_url: str | None,
        *,
        unlock: bool = True,
        tried: Collection[str] = (),
    ) -> Credential:
        """The credential for calls to ``base_url``; one without a secret when there is none.

        Of several keys it is the one in use, or the next whose fingerprint is not among ``tried``; where all were
        tried, the first.

        Without ``unlock`` the user is asked for no password: a locked keyring stays locked, no command is run, and
        a credential from either comes without its secret.

        Raises:
            RequestFailed: the key command gives nothing, or the keyring is needed and cannot be read.
        """
        return self._rotation.choose(await self._first(row, overrides, base_url, unlock=unlock), tried)

    async def _first(
        self, row: Provider, overrides: Overrides, base_url: str | None, *, unlock: bool = True
    ) -> Credential:
        """The first key of the first source that has one, with the others of that source."""
        given = await self._own(row, overrides, base_url, unlock=unlock) or self._given(row, overrides)
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

    async def _own(
        self, row: Provider, overrides: Overrides, base_url: str | None, *, unlock: bool
    ) -> Credential | None:
        """The key that the keyring holds for the connection itself: it is chosen where others are only found."""
        if overrides.api_key or overrides.connection is None:
            return None
        entry = entry_name(row.id, overrides.connection)
        listed = entry in await self._store.providers(quick=True)
        if not listed and not (unlock and row.requires_api_key):
            return None
        try:
            # A list that was lost must not have another account pay.
            stored = await self._stored(row, base_url, unlock=unlock, entry=entry)
        except RequestFailed:
            if unlock and listed:
                raise
            if not listed:
                return None
            return self._locked(row, entry)
        return stored if stored is not None and stored.secret is not None else None

    def _given(self, row: Provider, overrides: Overrides) -> Credential | None:
        """The key of the connection, else one in the environment."""
        if overrides.api_key:
            return Credential(provider=row.id, source="session", secret=overrides.api_key, base_url=overrides.base_url)
        # The names of a shipped row are other names for one key.
        found = self._in_environment(row)
        return with_alternatives(found if overrides.several_keys else found[:1])

    def _in_environment(self, row: Provider) -> list[Credential]:
        variables = self._environment.variables()
        keys = {name: Secret(variables.get(name, "")).strip() for name in row.api_key_env_vars}
        found = ((name, secret) for name, secret in keys.items() if secret)
        return [Credential(provider=row.id, source="environment", secret=key, location=name) for name, key in found]

    async def _stored_or_file(
        self, row: Provider, overrides: Overrides, base_url: str | None, *, unlock: bool = True
    ) -> Credential:
        """The key in the keyring for an address, else one in a file."""
        # The keyring is not read for a provider that needs no key, unless one is listed there.
        stored, listed = None, row.id in await self._store.providers(quick=True)
        if row.requires_api_key or listed:
            try:
                stored = await self._stored(row, base_url, unlock=unlock)
            except RequestFailed:
                # An unlisted key may be there, but the user is not asked to unlock the keyring for it.
                if unlock or listed:
                    raise
        if overrides.file_key and (stored is None or stored.secret is None):
            return _in_file(row, overrides)
        if row.auth in OWN_LOG_INS and (stored is None or stored.secret is None):
            return await self._vendor_files.credential(row, overrides.variables) or stored or missing(row)
        return stored or missing(row)

    async def statuses(self, rows: Sequence[tuple[Provider, Overrides, str | None]]) -> list[CredentialStatus]:
        """The status of each credential, without running commands or asking the user to unlock a keyring."""
        stored = await self._store.providers(quick=True)
        statuses: list[CredentialStatus] = []
        for row, overrides, base_url in rows:
            credential = await self._own(row, overrides, base_url, unlock=False) or self._given(row, overrides)
            if credential is None and overrides.key_command:
                # The command may ask the user for a password, which a list is not worth.
                credential = _by_command(row, overrides, self._secrets.cached(overrides.key_command))
            if credential is None:
                known = row.id in stored or overrides.file_key or row.auth in OWN_LOG_INS
                credential = await self._without_unlock(row, overrides, base_url) if known else missing(row)
            statuses.append(credential.status(row, base_url))
        return statuses

    async def _without_unlock(self, row: Provider, overrides: Overrides, base_url: str | None) -> Credential:
        """A stored credential; without its secret where the keyring is locked."""
        try:
            return await self._stored_or_file(row, overrides, base_url, unlock=False)
        except RequestFailed:
            return self._locked(row, row.id)

    def _locked(self, row: Provider, entry: str) -> Credential:
        """A credential that is stored and cannot be read now."""
        source, location = self._store.source(entry), self._store.location(entry)
        return Credential(provider=row.id, source=source, location=location, connection=connection_of(entry))

    async def store(
        self,
        name: str,
        secret: Secret,
        base_url: str | None,
        connection: str | None = None,
        *,
        add: bool = False,
        store: CredentialStoreId | None = None,
    ) -> CredentialStatus:
        """Stores a key for a provider or a connection, in place of those there or with ``add`` behind them.

        Raises:
            InvalidParams: unknown provider, an empty key, one that belongs to another provider, an address that is
                none or holds a password, or a name that no connection may have.
            RequestFailed: the store cannot be used.
        """
        row, secret = self._registry.get(name), secret.strip()
        if not secret or not fits_header(secret):
            raise InvalidParams(
                "secret must be the key itself, in plain characters on one line.", field="secret", provider=row.id
            )
        if base_url is None:
            self._registry.check_prefix(row, secret, "secret")
        else:
            read_base_url(base_url, row, "baseUrl")
        entry = entry_name(row.id, self._registry.connection_name(connection, row))
        key = StoredKey(secret, base_url)
        if add and (before := await self._store.get(entry)) is not None:
            key = added(before, key, row)
        return await self.keep(row, connection_of(entry), key, store)

    async def keep(
        self, row: Provider, connection: str | None, key: StoredKey, store: CredentialStoreId | None = None
    ) -> CredentialStatus:
        """Stores a key as it is, for a provider or for one of its connections; returns its status.

        Raises:
            RequestFailed: the store cannot be used.
        """
        entry = entry_name(row.id, connection)
        await self._store.set(entry, key, store)
        status = (await self._stored(row, key.base_url, entry=entry) or missing(row)).status(row, key.base_url)
        return behind(status, None if connection else self._given(row, self._registry.defaults(row)))

    async def delete(self, name: str, connection: str | None = None) -> CredentialStatus:
        """Deletes the key of a provider or a connection from every store; the status of what is used instead.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: a store that holds it cannot be used.
        """
        row = self._registry.get(name)
        await self._store.delete(entry_name(row.id, self._registry.connection_name(connection, row)))
        return (await self.statuses([(row, self._registry.defaults(row), None)]))[0]

    async def list(self) -> Sequence[CredentialStatus]:
        """The credentials that are found without any connection, and those that are stored for one."""
        names = await self.names()
        statuses = await self.statuses([(row, self._registry.defaults(row), None) for row in self._registry.all()])
        found = [status for status in statuses if status.source not in ("none", "notRequired")]
        for row, connection in names:
            own = await self._own(row, Overrides(connection=connection), None, unlock=False)
            found += [own.status(row, None)] if own else []
        return found

    async def names(self) -> Sequence[tuple[Provider, str]]:
        """The connections that a key is stored for, of the providers that there are now."""
        entries = [entry.partition(SEPARATOR) for entry in await self._store.providers()]
        return [(row, name) for provider, _, name in entries if name and (row := self._registry.find(provider))]

    async def sources(self, row: Provider, overrides: Overrides) -> Sequence[Credential]:
        """Every credential of a provider: the one in use, then those it shadows. Unlocks nothing, runs no command."""
        found = self._in_environment(row)
        if several := with_alternatives(found):
            different = (several, *several.alternatives)
            found = [several] if overrides.several_keys else [replace(one, alternatives=()) for one in different]
        if overrides.key_command:
            found.append(_by_command(row, overrides, self._secrets.cached(overrides.key_command)))
        if row.id in await self._store.providers():
            try:
                found += filter(None, (await self._stored(row, None, unlock=False),))
            except RequestFailed:
                found.append(self._locked(row, row.id))
        if overrides.file_key:
            found.append(_in_file(row, overrides))
        if row.auth in OWN_LOG_INS and (kept := await self._vendor_files.credential(row, overrides.variables)):
            found.append(kept)
        return found

    def invalidate(self, row: Provider) -> None:
        """Drops the cached output of a provider's commands, and has its stored keys read again."""
        self._secrets.invalidate(row)
        self._store.invalidate(row.id)

    async def _stored(
        self, row: Provider, base_url: str | None, *, unlock: bool = True, entry: str | None = None
    ) -> Credential | None:
        entry = entry or row.id
        stored = await self._store.get(entry, unlock=unlock)
        if stored is None:
            return None
        keys = [
            Credential(
                provider=row.id,
                source=self._store.source(entry),
                secret=secret,
                location=self._store.location(entry),
                connection=connection_of(entry),
                base_url=stored.base_url,
                log_in=stored.log_in if secret is stored.secret else None,
            )
            for secret in (stored.secret, *stored.more)
        ]
        if base_url is None or keys[0].may_go_to(base_url, row):
            return with_alternatives(keys)
        # The status names the address that the key is stored for.
        return replace(missing(row), base_url=stored.base_url)


def _in_file(row: Provider, overrides: Overrides) -> Credential:
    return Credential(provider=row.id, source="file", secret=overrides.file_key, location=overrides.file_name)


def _by_command(row: Provider, overrides: Overrides, secret: Secret | None) -> Credential:
    """The credential of a key command; without a secret when it has not been run."""
    return Credential(provider=row.id, source="command", secret=secret, location=name_of(overrides.key_command))
