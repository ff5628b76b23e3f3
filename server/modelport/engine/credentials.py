"""Finds the credential to use for a provider, and keeps, deletes and lists stored ones."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modelport.domain.connection import Overrides
from modelport.domain.credential import Credential, StoredKey, fits_header, missing
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import CredentialStore, Environment, VendorFiles
from modelport.domain.provider import OWN_LOG_INS, Provider
from modelport.domain.registry import Registry
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus


class Credentials:
    """The order is: explicit in the connection, environment, keyring, file. The one used is always reported."""

    def __init__(
        self, registry: Registry, environment: Environment, store: CredentialStore, vendor_files: VendorFiles
    ) -> None:
        self._registry = registry
        self._environment = environment
        self._store = store
        self._vendor_files = vendor_files

    async def find(self, row: Provider, overrides: Overrides, base_url: str | None) -> Credential:
        """The credential for calls to ``base_url``; one without a secret when there is none.

        Raises:
            RequestFailed: the keyring is needed and does not answer.
        """
        if overrides.api_key:
            return Credential(provider=row.id, source="session", secret=overrides.api_key, base_url=overrides.base_url)
        variables = self._environment.variables()
        for name in row.api_key_env_vars:
            if value := variables.get(name, "").strip():
                return Credential(provider=row.id, source="environment", secret=Secret(value), location=name)
        # A provider that needs no key is not worth waking the keyring for, unless one is known to be there.
        stored = None
        if row.requires_api_key or row.id in await self._store.providers():
            stored = await self._stored(row, base_url)
        if row.auth in OWN_LOG_INS and (stored is None or stored.secret is None):
            return await self._vendor_files.credential(row) or stored or missing(row)
        return stored or missing(row)

    async def statuses(self, rows: Sequence[tuple[Provider, Overrides, str | None]]) -> list[CredentialStatus]:
        """What is known of the credentials, without waking the keyring for providers it holds nothing for."""
        stored = await self._store.providers()
        variables = self._environment.variables()
        found: list[CredentialStatus] = []
        for row, overrides, base_url in rows:
            given = overrides.api_key or any(variables.get(name, "").strip() for name in row.api_key_env_vars)
            known = given or row.id in stored or row.auth in OWN_LOG_INS
            found.append((await self._known(row, overrides, base_url) if known else missing(row)).status())
        return found

    async def _known(self, row: Provider, overrides: Overrides, base_url: str | None) -> Credential:
        """A credential that is there; of one in a keyring that does not open only where it is."""
        try:
            return await self.find(row, overrides, base_url)
        except RequestFailed:
            return Credential(provider=row.id, source="keyring", location=self._store.location(row.id))

    async def keep(self, name: str, secret: Secret, base_url: str | None) -> CredentialStatus:
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

    async def forget(self, name: str) -> CredentialStatus:
        """Deletes a provider's key from the keyring and tells what is left.

        Raises:
            InvalidParams: unknown provider.
            RequestFailed: there is no usable keyring.
        """
        row = self._registry.get(name)
        await self._store.delete(row.id)
        return (await self.statuses([(row, Overrides(), None)]))[0]

    async def found(self) -> Sequence[CredentialStatus]:
        """The providers a credential is found for in the environment or the keyring."""
        statuses = await self.statuses([(row, Overrides(), None) for row in self._registry.all()])
        return [status for status in statuses if status.source not in ("none", "notRequired")]

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

    async def _stored(self, row: Provider, base_url: str | None) -> Credential | None:
        stored = await self._store.get(row.id)
        if stored is None:
            return None
        credential = Credential(
            provider=row.id,
            source="keyring",
            secret=stored.secret,
            location=self._store.location(row.id),
            base_url=stored.base_url,
        )
        if base_url is None or credential.may_go_to(base_url):
            return credential
        # The status tells which address the key is kept for.
        return msgspec.structs.replace(missing(row), base_url=stored.base_url)
