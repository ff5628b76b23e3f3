"""Listing and searching models, and downloading and deleting those of local servers."""

from __future__ import annotations

from collections.abc import Iterable

from modelport.domain.models.listing import PullProgress
from modelport.frontends.python.session import Calls
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol import types


class ModelCalls(Calls):
    """The calls for models."""

    async def models(
        self, provider: str | None = None, *, refresh: bool = False, cached: bool = False, limit: int | None = None
    ) -> types.ListModelResult:
        """The models of one provider, or of all that are connected or have a key, and the failures of others.

        ``refresh`` requests the lists again; ``cached`` sends no request and uses cached lists and the catalog.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        params = types.ListModelParams(provider=provider, refresh=refresh, cached=cached, limit=limit)
        return await (await (await self._session.app()).models.get()).listing.list(params)

    async def search_models(
        self,
        query: str | None = None,
        *,
        provider: str | None = None,
        vendor: str | None = None,
        requires: Iterable[types.ModelRequirement] | None = None,
        max_input_usd_per_mtok: float | None = None,
        sort: types.ModelSort | None = None,
        limit: int | None = None,
    ) -> types.SearchModelResult:
        """The models that match, best first: those of the providers in use, and the catalog's of all others.

        ``provider`` is the service, ``vendor`` the maker. ``requires`` names abilities such as ``tools`` and
        ``vision``; ``sort`` is one of ``name``, ``provider``, ``price``, ``context`` and ``output``.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        params = types.SearchModelParams(
            query=query,
            provider=provider,
            vendor=vendor,
            requires=None if requires is None else tuple(requires),
            max_input_usd_per_mtok=max_input_usd_per_mtok,
            sort=sort,
            limit=limit,
        )
        return await (await (await self._session.app()).models.get()).listing.search(params)

    def pull_model(self, provider: str, model: str) -> Operation[ResultStream[PullProgress, None], None]:
        """Downloads a model to a local server: awaited until it is complete, entered with its progress.

        Raises:
            InvalidParams: the provider does not download models.
            RequestFailed: the download failed.
        """

        async def pull(stream: ResultStream[PullProgress, None]) -> None:
            downloads = (await (await self._session.app()).models.get()).downloads
            await downloads.pull(provider, model, stream.add)

        return Operation(ResultStream(), pull)

    async def delete_model(self, provider: str, model: str) -> None:
        """Deletes a model from a local server.

        Raises:
            InvalidParams: the provider does not download models.
            RequestFailed: the server does not have it, or failed to delete it.
        """
        await (await (await self._session.app()).models.get()).downloads.delete(provider, model)
