"""Lists and searches models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import anyio
from msgspec import Struct
from msgspec.structs import replace

from modelport.domain.errors import InvalidParams, ModelportError
from modelport.domain.models.catalog import merged
from modelport.domain.models.listing import ListedModel
from modelport.domain.models.search import Search, checked, matching, nearest
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.models.provider_lists import ModelLists, Source
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
        """The models of one provider or connection, or of all that are in use, with the failures beside them.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        _check_limit(params.limit)
        if params.cached and params.refresh:
            raise InvalidParams("Give refresh or cached, not both.", field="cached")
        sources = await self._selected(params.provider)
        wanted = self._cached(sources) if params.cached else self._request(sources, refresh=params.refresh is True)
        results = await wanted
        models = await self._merged(sources, results)
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
                vendors=self._vendors(params.vendor),
                requires=params.requires or (),
                max_input_usd_per_mtok=params.max_input_usd_per_mtok,
                sort=params.sort,
            )
        )
        listing = await self._selected(params.provider)
        all_rows = self._registry.all()
        known_by = listing if params.provider is not None else [s for row in all_rows for s in self._lists.sources(row)]
        results = await self._request(listing, refresh=False)
        known = await self._merged(known_by, results)
        models = matching(known, {source.row.id: source.row for source in known_by}, search, self._registry.maker)
        return types.SearchModelResult(
            models=tuple(models[: params.limit]),
            errors=_errors(results) or None,
            suggestions=None if models or not search.query else _suggested(search.query, known),
        )

    def _vendors(self, name: str | None) -> frozenset[str]:
        """The names of a maker: what was given and, where it is a provider, its id and aliases."""
        if name is None:
            return frozenset()
        row = self._registry.find(name)
        return frozenset(word.casefold() for word in (name, *((row.id, *row.aliases) if row else ())))

    async def _selected(self, provider: str | None) -> list[Source]:
        """The named connection or provider, else those in use: connected, with a key or with the user's model files."""
        if provider is not None:
            return self._lists.named(provider) or self._lists.sources(self._registry.get(provider))
        configured = await self._providers.list(types.ListProviderParams(configured_only=True))
        return [
            source
            for view in configured.providers
            if view.connected
            or self._registry.in_folder(self._registry.get(view.id))
            or (view.credential.source not in ("none", "notRequired") and view.status != "retired")
            for source in self._lists.sources(self._registry.get(view.id))
        ]

    async def _request(self, sources: Iterable[Source], *, refresh: bool) -> dict[Source, _ListResult]:
        """The lists, requested concurrently, each with a timeout of its own."""
        results: dict[Source, _ListResult] = {}
        limiter = anyio.CapacityLimiter(MAX_CONCURRENT_PROVIDERS)

        async def request(source: Source) -> None:
            async with limiter:
                listed, error = await self._lists.listed(source, refresh=refresh)
            results[source] = _ListResult(listed, error)

        async with anyio.create_task_group() as tasks:
            for source in sources:
                tasks.start_soon(request, source)
        return {source: results[source] for source in sources}

    async def _cached(self, sources: Iterable[Source]) -> dict[Source, _ListResult]:
        """The cached lists; a missing one is no error, since no request was sent."""
        return {source: _ListResult(await self._lists.cached(source)) for source in sources}

    async def _merged(self, sources: Iterable[Source], results: dict[Source, _ListResult]) -> list[types.Model]:
        catalog = await self._lists.catalog()
        today = datetime.fromtimestamp(self._lists.now_ms() / 1000, UTC).date().isoformat()
        found: list[types.Model] = []
        for source in sources:
            row, name = source.row, source.own_name
            models = merged(row, results[source].listed if source in results else None, catalog, today)
            if name is not None:
                models = [replace(model, connection=name) for model in models]
            only_free = row.free_without_key and name is None and await self._has_no_key(row)
            found += [model for model in models if _is_free(model)] if only_free else models
        return found

    async def _has_no_key(self, row: Provider) -> bool:
        return (await self._providers.get(row.id)).credential.source == "none"


def _suggested(query: str, known: Sequence[types.Model]) -> tuple[str, ...] | None:
    names = [f"{model.connection or model.provider}/{model.id}" for model in known if not model.retired]
    return tuple(nearest(query, names)) or None


def _is_free(model: types.Model) -> bool:
    price = model.price
    return price is not None and not price.input_usd_per_mtok and not price.output_usd_per_mtok


def _errors(results: dict[Source, _ListResult]) -> tuple[types.ProviderError, ...]:
    return tuple(
        types.ProviderError(
            provider=source.row.id,
            connection=source.own_name,
            error=types.AttemptError(kind=result.error.kind or "unsupported", message=result.error.message),
        )
        for source, result in results.items()
        if result.error is not None
    )


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit <= 0:
        raise InvalidParams("limit must be more than 0.", field="limit")
