"""Listing and finding models, and keeping those of a server of one's own."""

from __future__ import annotations

from collections.abc import Iterable

from modelport.domain.models.listing import PullProgress
from modelport.frontends.python.session import Calls
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol import types


class ModelCalls(Calls):
    """The calls about models."""

    async def models(
        self, provider: str | None = None, *, refresh: bool = False, cached: bool = False, limit: int | None = None
    ) -> types.ListModelResult:
        """The models of one provider, or of all that are connected or have a key, with the failures beside them.

        ``refresh`` asks again, ``cached`` asks nobody and answers from what is known.

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
        requires: Iterable[str] | None = None,
        max_input_usd_per_mtok: float | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> types.SearchModelResult:
        """The models that fit, best first: those of the providers in use, and the catalog's of all others.

        ``requires`` names abilities such as ``tools`` and ``vision``; ``sort`` is one of ``name``, ``provider``,
        ``price``, ``context`` and ``output``.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        params = types.SearchModelParams(
            query=query,
            provider=provider,
            requires=None if requires is None else tuple(requires),
            max_input_usd_per_mtok=max_input_usd_per_mtok,
            sort=sort,
            limit=limit,
        )
        return await (await (await self._session.app()).models.get()).listing.search(params)

    def pull_model(self, provider: str, model: str) -> Operation[ResultStream[PullProgress, None], None]:
        """Downloads a model to a local server: awaited until it is there, entered with its progress.

        Raises:
            InvalidParams: the provider does not download models.
            RequestFailed: the download failed.
        """

        async def pull(feed: ResultStream[PullProgress, None]) -> None:
            downloads = (await (await self._session.app()).models.get()).downloads
            await downloads.pull(provider, model, feed.add)

        return Operation(ResultStream(), pull)

    async def delete_model(self, provider: str, model: str) -> None:
        """Deletes a model from a local server.

        Raises:
            InvalidParams: the provider does not download models.
            RequestFailed: it is not there, or could not be deleted.
        """
        await (await (await self._session.app()).models.get()).downloads.delete(provider, model)
