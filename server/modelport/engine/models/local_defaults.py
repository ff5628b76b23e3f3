"""Chooses a model of a local server for a request that names only the server."""

from __future__ import annotations

import anyio

from modelport.domain.providers.connection import default_model
from modelport.domain.providers.rows import Provider
from modelport.engine.models.provider_lists import ModelLists, Source

LIST_TIMEOUT_S = 5.0
"""How long a request waits for the list; a server that takes longer is sent the row's default model."""


class LocalDefaults:
    """Looks up the models that a local server has."""

    def __init__(self, lists: ModelLists) -> None:
        self._lists = lists

    async def choose(self, row: Provider, connection: str | None = None) -> str | None:
        """The row's default model where the server has it, else the first in its list; the default without a list.

        Raises:
            ModelportError: there is no list and no default; it says why the server lists nothing.
        """
        with anyio.move_on_after(LIST_TIMEOUT_S):
            models, error = await self._lists.listed(Source(row, connection), refresh=False)
            found = default_model(row, [model.id for model in models or ()])
            if found is None and error is not None:
                raise error
            return found
        return row.default_model
