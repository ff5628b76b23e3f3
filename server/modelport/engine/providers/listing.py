"""Lists the providers with their state in this session."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.errors import InvalidParams
from modelport.domain.ports import Dialects, Environment
from modelport.domain.providers.address import base_url
from modelport.domain.providers.description import describe
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.stand_ins import InstalledPrograms
from modelport.protocol import types


class Providers:
    """The use case of ``provider/list``."""

    def __init__(
        self,
        registry: Registry,
        environment: Environment,
        credentials: Credentials,
        connections: Connections,
        dialects: Dialects,
        programs: InstalledPrograms | None = None,
    ) -> None:
        self._registry = registry
        self._environment = environment
        self._credentials = credentials
        self._connections = connections
        self._dialects = dialects
        self._programs = programs

    async def list(self, params: types.ListProviderParams) -> types.ListProviderResult:
        """The providers that pass the filters, in the registry's order."""
        rows = [
            row
            for row in self._registry.all()
            if params.connection_type in (None, row.connection_type) and _is_in(row, params.category)
        ]
        providers = await self._views(rows)
        if params.configured_only:
            providers = [
                p for p in providers if p.supported and p.credential.source != "none" and p.installed is not False
            ]
        return types.ListProviderResult(providers=tuple(providers))

    async def get(self, name: str) -> types.Provider:
        """One provider, by its id or an alias, in any case.

        Raises:
            InvalidParams: no provider has this name.
        """
        return (await self._views([self._registry.get(name)]))[0]

    async def _views(self, rows: Sequence[Provider]) -> Sequence[types.Provider]:
        calls = [(row, self._connections.overrides(row), self._address(row)) for row in rows]
        statuses = await self._credentials.statuses(calls)
        return [
            self._view(row, address, status, installed=await self._installed(row))
            for (row, _, address), status in zip(calls, statuses, strict=True)
        ]

    async def _installed(self, row: Provider) -> bool | None:
        return await self._programs.installed(row) if self._programs is not None and row.program is not None else None

    def _address(self, row: Provider) -> str | None:
        overrides = self._connections.overrides(row)
        try:
            return base_url(row, overrides.base_url, overrides.over(self._environment.variables())) or None
        except InvalidParams:
            return row.base_url

    def _view(
        self, row: Provider, address: str | None, credential: types.CredentialStatus, *, installed: bool | None
    ) -> types.Provider:
        return types.Provider(
            id=row.id,
            display_name=row.display_name,
            description=describe(row),
            aliases=row.aliases,
            adapter=row.adapter,
            dialect=row.dialect,
            connection_type=row.connection_type,
            category=row.category,
            base_url=address,
            base_url_env_var=row.base_url_env_vars[0] if row.base_url_env_vars else None,
            api_key_env_vars=row.api_key_env_vars,
            requires_api_key=row.requires_api_key,
            login_methods=(row.login.methods if row.login else None) or None,
            free_tier=row.free_tier,
            status=row.status,
            notice=_notice(row, installed=installed),
            docs_url=row.docs_url,
            key_url=row.key_url,
            default_model=row.default_model,
            example_models=row.example_models,
            capabilities=row.capabilities,
            supported=self._dialects.speaks(row.dialect),
            installed=installed,
            reports_credits=row.reports_credits or None,
            credential=credential,
            connected=self._connections.connected(row),
        )


def _notice(row: Provider, *, installed: bool | None) -> str | None:
    """The row's notice, and how to install the program that is missing."""
    if installed is not False or row.program is None:
        return row.notice
    missing = f"The program {row.program.command[0]} is not installed: {row.program.install}."
    return f"{missing} {row.notice}" if row.notice else missing


def _is_in(row: Provider, category: str | None) -> bool:
    names = (row.category, *row.other_categories)
    return category is None or category.casefold() in map(str.casefold, names)
