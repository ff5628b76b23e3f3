"""Makes the endpoint of a call from row, environment, overrides, the vendor's own files and the credential."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Mapping

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Dialects, Environment, FolderModels, VendorFiles
from modelport.domain.providers import address, base_urls
from modelport.domain.providers.connection import Endpoint, Overrides, wire_format
from modelport.domain.providers.credential import Credential, fits_header, missing
from modelport.domain.providers.rows import CLOUD_LOG_INS, Provider
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.secret_sources import SecretSources
from modelport.protocol.secret import Secret, SecretValues
from modelport.protocol.types import Dialect


class Endpoints:
    """Makes the endpoint for a call."""

    def __init__(
        self,
        environment: Environment,
        vendor_files: VendorFiles,
        credentials: Credentials,
        dialects: Dialects,
        secrets: SecretSources,
        folder: FolderModels | None = None,
    ) -> None:
        self._environment = environment
        self._vendor_files = vendor_files
        self._credentials = credentials
        self._dialects = dialects
        self._secrets = secrets
        self._folder = folder

    async def make(
        self,
        row: Provider,
        model: str | None,
        overrides: Overrides,
        *,
        keyless: bool = False,
        unlock: bool = True,
        tried: Collection[str] = (),
    ) -> Endpoint:
        """Where and how to call a provider; ``keyless`` allows a missing key.

        ``tried`` are fingerprints of keys that another one is wanted for; where all were tried, it is the first.

        Without ``unlock`` a locked keyring stays locked, and the endpoint is for display, and calls without the key.

        Raises:
            InvalidParams: it has no address.
            RequestFailed: this build does not speak its wire format, or it needs a key and there is none,
                or a secret that the configuration refers to is missing, or the model is no file of the folder.
        """
        variables = overrides.over(self._environment.variables())
        if row.auth in CLOUD_LOG_INS:
            variables = ChainMap(
                SecretValues(variables), dict(await self._vendor_files.settings(row, overrides.variables))
            )
        wire = wire_format(row, model, overrides.dialect)
        if not self._dialects.speaks(wire.dialect):
            raise _unsupported(row, wire.dialect)
        given = address.is_given(row, overrides.base_url, variables)
        if not given and (self._serves(row) is not None or row.program is not None):
            return await self._started(row, model, overrides)
        found = address.find(
            row,
            overrides.base_url,
            variables,
            dialect=wire.dialect,
            chat_path=wire.path or base_urls.CHAT_PATHS[wire.dialect],
        )
        base_url = found.url
        credential = await self._credentials.find(row, overrides, base_url, unlock=unlock, tried=tried)
        if not keyless or credential.secret is not None:
            _check(row, credential, base_url, overrides)
        keyed = credential.secret is not None
        if not keyed:
            wire = wire_format(row, model, overrides.dialect, keyed=False)
        elif row.with_key and row.with_key.base_url and overrides.base_url is None:
            base_url = address.fill(row.with_key.base_url, row, variables)
        return Endpoint(
            provider=row,
            dialect=wire.dialect,
            base_url=base_url,
            query=found.query,
            address_given=given,
            credential=credential,
            chat_path=address.fill(wire.path, row, variables) if wire.path else None,
            key_header=wire.key_header,
            bearer=wire.bearer,
            # An account in the environment is the provider's, so its headers are not sent to another address.
            row_headers=address.headers(row, {} if overrides.base_url else variables),
            headers=await self._headers(row, overrides),
            settings=address.settings(row, variables),
            idle_timeout_s=overrides.idle_timeout_s or _idle_timeout_s(row, variables),
            connection=overrides.connection,
            verify_tls=overrides.verify_tls is not False,
            ca_file=overrides.ca_file,
            prices=overrides.prices,
            proxy=await self._secrets.find(overrides.proxy, row, "its proxy") if overrides.proxy is not None else None,
        )

    def needs_no_command(self, overrides: Overrides) -> bool:
        """Whether the output of all commands, such as that for the key, is cached."""
        sources = (overrides.proxy, *overrides.header_sources.values())
        keyed = not overrides.key_command or self._secrets.cached(overrides.key_command) is not None
        return keyed and not any(self._secrets.is_pending(source) for source in sources if source is not None)

    def _serves(self, row: Provider) -> FolderModels | None:
        return self._folder if self._folder is not None and self._folder.serves(row) else None

    async def _started(self, row: Provider, model: str | None, overrides: Overrides) -> Endpoint:
        """The endpoint of a server that is started only when it is called: for a model file, or of a program."""
        folder = self._serves(row)
        wire = wire_format(row, model, overrides.dialect, keyed=False)
        return Endpoint(
            provider=row,
            dialect=wire.dialect,
            base_url="",
            address_given=False,
            credential=missing(row),
            chat_path=wire.path,
            key_header=wire.key_header,
            bearer=wire.bearer,
            headers=await self._headers(row, overrides),
            idle_timeout_s=overrides.idle_timeout_s,
            connection=overrides.connection,
            prices=overrides.prices,
            folder=None if folder is None else await folder.chosen(row, model),
        )

    async def _headers(self, row: Provider, overrides: Overrides) -> dict[str, Secret]:
        """The headers of the configuration with their values, and those of the connection in their place."""
        own = {name.casefold() for name in overrides.headers}
        configured = {
            name: await self._secrets.find(source, row, f"the header {name}")
            for name, source in overrides.header_sources.items()
            if name.casefold() not in own
        }
        return configured | overrides.headers


def _idle_timeout_s(row: Provider, variables: Mapping[str, str]) -> float | None:
    """The idle timeout that the environment sets, in seconds; a value that is no number is ignored."""
    for name in row.timeout_env_vars:
        if re.fullmatch(r"\d{1,6}(\.\d+)?", value := variables.get(name, "").strip()) and float(value) > 0:
            return float(value)
    return None


def _check(row: Provider, credential: Credential, base_url: str, overrides: Overrides) -> None:
    if credential.secret is None:
        # A cloud's own library looks in more places, and reports a missing credential itself.
        wanted = credential.source == "none" and row.auth not in CLOUD_LOG_INS
        if wanted and not (overrides.headers or overrides.header_sources):
            raise _no_key(row, base_url, credential.base_url)
    elif not fits_header(credential.secret):
        raise _unfit_key(row, credential)


def _unsupported(row: Provider, dialect: Dialect) -> RequestFailed:
    return RequestFailed(
        "unsupported",
        f"This build cannot call {row.display_name} yet ({dialect}): choose another provider.",
        provider=row.id,
        action="choose another provider",
    )


def _unfit_key(row: Provider, credential: Credential) -> RequestFailed:
    return RequestFailed(
        "invalid_key_format",
        f"The key of {row.display_name} from {credential.location or credential.source} holds characters that no key "
        "has, such as line breaks or accents: set it again.",
        provider=row.id,
        action="set the key again",
    )


def _no_key(row: Provider, address: str, kept_for: str | None) -> RequestFailed:
    ways = [f"log in with modelport login {row.id}"] if row.login else []
    ways += [f"set {row.api_key_env_vars[0]}"] if row.api_key_env_vars else []
    ways.append(f"store one with modelport keys set {row.id}")
    more = f" {row.notice}" if row.notice else ""
    none = f"the stored one is for {base_urls.shown(kept_for)} only" if kept_for else "none was found"
    return RequestFailed(
        "auth_required",
        f"{row.display_name} needs an API key for {address} and {none}: {', or '.join(ways)}.{more}",
        provider=row.id,
        action=ways[0],
    )
