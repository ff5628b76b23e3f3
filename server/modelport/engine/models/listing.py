"""Lists and searches models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import anyio
from msgspec import Struct

from modelport.domain.errors import InvalidParams, ModelportError
from modelport.domain.models.catalog import merged
from modelport.domain.models.listing import ListedModel
from modelport.domain.models.search import Search, checked, matching
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.models.provider_lists import ModelLists
from modelport.engine.providers.listing import Providers
from modelport.protocol import types

MAX_CONCURRENT_PROVIDERS = 8


class _ListResult(Struct, frozen=True):
    """A provider's list, or the error in its place; both where a cached list stands in."""

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
        rows = await self._selected(params.provider)
        results = await (self._cached(rows) if params.cached else self._request(rows, refresh=params.refresh is True))
        models = await self._merged(rows, results)
        return types.ListModelResult(models=tuple(models[: params.limit]), errors=_errors(results))

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
        listing = await self._selected(params.provider)
        rows = listing if params.provider is not None else list(self._registry.all())
        results = await self._request(listing, refresh=False)
        models = matching(await self._merged(rows, results), {row.id: row for row in rows}, search)
        return types.SearchModelResult(models=tuple(models[: params.limit]), errors=_errors(results) or None)

    async def _selected(self, provider: str | None) -> list[Provider]:
        """The named provider, else those in use: connected, with a key or with the user's model files."""
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

    async def _request(self, rows: Iterable[Provider], *, refresh: bool) -> dict[str, _ListResult]:
        """The lists of the providers, requested concurrently, each with a timeout of its own."""
        results: dict[str, _ListResult] = {}
        limiter = anyio.CapacityLimiter(MAX_CONCURRENT_PROVIDERS)

        async def request(row: Provider) -> None:
            async with limiter:
                listed, error = await self._lists.listed(row, refresh=refresh)
            results[row.id] = _ListResult(listed, error)

        async with anyio.create_task_group() as tasks:
            for row in rows:
                tasks.start_soon(request, row)
        return {row.id: results[row.id] for row in rows}

    async def _cached(self, rows: Iterable[Provider]) -> dict[str, _ListResult]:
        """The cached lists of the providers; a missing one is no error, since no request was sent."""
        return {row.id: _ListResult(await self._lists.cached(row)) for row in rows}

    async def _merged(self, rows: Iterable[Provider], results: dict[str, _ListResult]) -> list[types.Model]:
        catalog = await self._lists.catalog()
        today = datetime.fromtimestamp(self._lists.now_ms() / 1000, UTC).date().isoformat()
        return [model for row in rows for model in merged(row, _listed(results, row), catalog, today)]


def _listed(results: dict[str, _ListResult], row: Provider) -> Sequence[ListedModel] | None:
    return results[row.id].listed if row.id in results else None


def _errors(results: dict[str, _ListResult]) -> tuple[types.ProviderError, ...]:
    return tuple(
        types.ProviderError(
            provider=provider,
            error=types.AttemptError(kind=result.error.kind or "unsupported", message=result.error.message),
        )
        for provider, result in results.items()
        if result.error is not None
    )


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit <= 0:
        raise InvalidParams("limit must be more than 0.", field="limit")
