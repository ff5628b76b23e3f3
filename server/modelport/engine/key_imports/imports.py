"""Lists the keys and providers that other programs keep, and imports those that are chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import anyio.to_thread

from modelport.domain.key_imports.found import ConfigurationTables, FoundFiles, KeySources
from modelport.domain.key_imports.matching import key_variables, named
from modelport.domain.key_imports.report import ImportReport, ReportedTable, TableStatus
from modelport.domain.key_imports.tables import NewTable
from modelport.domain.providers.registry import Registry
from modelport.engine.key_imports.candidates import candidates
from modelport.engine.key_imports.key_storing import KeyStoring
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.protocol.shapes import is_list


class KeyImports:
    """Finds what other programs keep, without a change to any of their files."""

    def __init__(
        self,
        registry: Registry,
        configuration: ActiveConfiguration,
        sources: KeySources,
        tables: ConfigurationTables,
        storing: KeyStoring,
    ) -> None:
        self._registry = registry
        self._configuration = configuration
        self._sources = sources
        self._tables = tables
        self._storing = storing

    async def run(self, path: str | None = None, only: Sequence[str] = (), *, imports: bool) -> ImportReport:
        """Reports what is found, in one file or in all that are known, and imports it with ``imports``.

        ``only`` names the providers to look at; empty: all.

        Raises:
            InvalidParams: the file cannot be read, or ``only`` names a provider that is neither known nor found.
            RequestFailed: the configuration cannot be written.
        """
        found = await anyio.to_thread.run_sync(self._found, path)
        wanted = {row.id if (row := named(self._registry, name)) else name.strip().casefold(): name for name in only}
        plan = candidates(found.files, self._registry, wanted)
        names = {table.name for table in plan.tables}
        for wish, name in wanted.items():
            if wish not in names:
                self._registry.get(wish if self._registry.find(wish) else name, "only")
        tables = await self._tabled(plan.tables, imports=imports)
        if any(table.status == "added" for table in tables):
            await self._configuration.refresh(now=True)
        usable = [table.name for table in tables if table.status in ("found", "added")]
        keys, trouble = await self._storing.reported(plan.keys, usable, stores=imports)
        problems = (*found.problems, trouble) if trouble else tuple(found.problems)
        return ImportReport(keys=tuple(keys), providers=tuple(tables), problems=problems)

    def _found(self, path: str | None) -> FoundFiles:
        variables = key_variables(self._registry)
        return self._sources.search(variables) if path is None else self._sources.read(path, variables)

    async def _tabled(self, tables: Sequence[NewTable], *, imports: bool) -> list[ReportedTable]:
        """What becomes of each table, after those that can be added have been."""
        fit = {table.name: table for table in tables if table.reason is None}
        settings = {name: table.settings for name, table in fit.items()}
        refusals: Mapping[str, str] = {}
        if settings:
            refusals = await anyio.to_thread.run_sync(self._tables.refusals, settings)
        reasons = {table.name: table.reason or refusals.get(table.name) for table in tables}
        status: TableStatus = "found"
        if imports and (added := [table for table in tables if reasons[table.name] is None]):
            await anyio.to_thread.run_sync(
                partial(
                    self._tables.add,
                    {table.name: table.settings for table in added},
                    {table.name: f"From {table.program}: {table.path}" for table in added},
                )
            )
            status = "added"
        return [_report(table, "skipped" if reasons[table.name] else status, reasons[table.name]) for table in tables]


def _report(table: NewTable, status: TableStatus, reason: str | None) -> ReportedTable:
    models = table.settings.get("models")
    return ReportedTable(
        name=table.name,
        status=status,
        program=table.program,
        path=table.path,
        base_url=table.shown_address,
        settings=tuple(table.settings),
        models=tuple(str(model) for model in models) if is_list(models) else (),
        reason=reason,
    )
