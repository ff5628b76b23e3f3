"""Lists and searches models, and downloads and deletes them on one's own machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import anyio
from msgspec import Struct

from modelport.domain.errors import InvalidParams, ModelportError
from modelport.domain.models.catalog import merged
from modelport.domain.models.listing import ListedModel
from modelport.domain.models.search import Search, checked, found
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.models.provider_lists import ModelLists
from modelport.engine.providers.listing import Providers
from modelport.protocol import types

PROVIDERS_AT_ONCE = 8


class _Told(Struct, frozen=True):
    """What a provider listed, or why it did not; both where an older list had to do."""

    listed: Sequence[ListedModel] | None = None
    error: ModelportError | None = None


class Models:
    """The use cases of ``model/list`` and ``model/search``."""

    def __init__(self, registry: Registry, providers: Providers, lists: ModelLists) -> None:
        self._registry = registry
        self._providers = providers
        self._lists = lists

    async def list(self, params: types.ListModelParams) -> types.ListModelResult:
        """The models of one provider, or of all that are connected or have a key, with the failures beside them.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        _check_limit(params.limit)
        if params.cached and params.refresh:
            raise InvalidParams("Give refresh or cached, not both.", field="cached")
        rows = await self._asked(params.provider)
        told = await (self._known(rows) if params.cached else self._ask(rows, refresh=params.refresh is True))
        models = await self._merged(rows, told)
        return types.ListModelResult(models=tuple(models[: params.limit]), errors=_errors(told))

    async def search(self, params: types.SearchModelParams) -> types.SearchModelResult:
        """The models that fit, best first: listed ones of the providers in use, the catalog's of all others.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        _check_limit(params.limit)
        search = checked(
            Search(
                query=params.query or "",
                requires=params.requires or (),
                max_input_usd_per_mtok=params.max_input_usd_per_mtok,
                sort=params.sort,
            )
        )
        asked = await self._asked(params.provider)
        rows = asked if params.provider is not None else list(self._registry.all())
        told = await self._ask(asked, refresh=False)
        models = found(await self._merged(rows, told), {row.id: row for row in rows}, search)
        return types.SearchModelResult(models=tuple(models[: params.limit]), errors=_errors(told) or None)

    async def _asked(self, provider: str | None) -> list[Provider]:
        """The provider that is named, else those in use: connected, with a key or with files of the user's."""
        if provider is not None:
            return [self._registry.get(provider)]
        configured = await self._providers.list(types.ListProviderParams(configured_only=True))
        return [
            self._registry.get(view.id)
            for view in configured.providers
            if view.connected
            or self._registry.in_folder(self._registry.get(view.id))
            or (view.credential.source not in ("none", "notRequired") and view.status != "retired")
        ]

    async def _ask(self, rows: Iterable[Provider], *, refresh: bool) -> dict[str, _Told]:
        """What the providers tell, all asked at once, each with a time limit of its own."""
        told: dict[str, _Told] = {}
        limiter = anyio.CapacityLimiter(PROVIDERS_AT_ONCE)

        async def ask(row: Provider) -> None:
            async with limiter:
                listed, error = await self._lists.listed(row, refresh=refresh)
            told[row.id] = _Told(listed, error)

        async with anyio.create_task_group() as tasks:
            for row in rows:
                tasks.start_soon(ask, row)
        return {row.id: told[row.id] for row in rows}

    async def _known(self, rows: Iterable[Provider]) -> dict[str, _Told]:
        """What the providers told before; an open question is no failure, since nobody was asked."""
        return {row.id: _Told(await self._lists.kept(row)) for row in rows}

    async def _merged(self, rows: Iterable[Provider], told: dict[str, _Told]) -> list[types.Model]:
        catalog = await self._lists.catalog()
        today = datetime.fromtimestamp(self._lists.now_ms() / 1000, UTC).date().isoformat()
        return [model for row in rows for model in merged(row, told.get(row.id, _Told()).listed, catalog, today)]


def _errors(told: dict[str, _Told]) -> tuple[types.ProviderError, ...]:
    return tuple(
        types.ProviderError(
            provider=provider,
            error=types.AttemptError(kind=answer.error.kind or "unsupported", message=answer.error.message),
        )
        for provider, answer in told.items()
        if answer.error is not None
    )


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit <= 0:
        raise InvalidParams("limit must be more than 0.", field="limit")
