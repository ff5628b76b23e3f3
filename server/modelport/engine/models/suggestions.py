"""Suggests other models, or a download, where a provider does not serve the requested one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

import anyio

from modelport.domain.errors import RequestFailed
from modelport.domain.models.catalog import CatalogModel
from modelport.domain.models.ports import ModelStore
from modelport.domain.models.search import nearest
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import listed_models
from modelport.engine.models.provider_lists import ModelLists
from modelport.engine.providers.connections import Connections

SUGGESTION_TIMEOUT_S = 0.5
"""How long an error may wait for a suggestion, which comes from files, or from a server of the user's own."""
LIST_TIMEOUT_S = 0.3
"""How long a suggestion waits for that server."""
MAX_NAMES = 3


class ModelSuggestions:
    """Adds to an error what may replace the model: its successor, its download, similar names."""

    def __init__(self, connections: Connections, store: ModelStore, lists: ModelLists) -> None:
        self._connections = connections
        self._store = store
        self._lists = lists

    async def enrich(self, error: RequestFailed, endpoint: Endpoint) -> None:
        """Extends the message of an error of the kind ``model_not_found``; any other stays as it is."""
        if error.kind != "model_not_found" or not error.model:
            return
        with anyio.move_on_after(SUGGESTION_TIMEOUT_S):
            suggestion, action = await self._suggestion(error.model, endpoint)
            if suggestion:
                error.message = f"{error.message.rstrip('.')}; {suggestion}."
                error.action = action or error.action

    async def _suggestion(self, model: str, endpoint: Endpoint) -> tuple[str, str | None]:
        row = endpoint.provider
        if notice := await self._lists.cached_notice(endpoint, model):
            return notice[0].lower() + notice[1:].rstrip("."), "enable the model"
        pulls = self._store.pulls(endpoint)
        served = await self._present(endpoint) if pulls else await self._lists.cached_names(endpoint)
        entry = None
        if self._connections.overrides(row, endpoint.connection).base_url is None:
            # The catalog does not apply to another address.
            catalog, today = await self._lists.catalog(), self._today()
            entry = catalog.find(row.id, model)
            if not served and not pulls:
                served = [*listed_models(row), *(m.id for m in catalog.of(row.id) if not m.retired(today))]
            if entry is not None and entry.retired(today):
                return _retired(entry)
        others = [name for name in dict.fromkeys(served) if name != model]
        if pulls:
            command = f"modelport pull {shlex.quote(f'{row.id}/{model}')}"
            usable = nearest(model, others) or others[:MAX_NAMES]
            return f"download this one with {command}{_or_use(usable)}", f"run {command}"
        return _names(model, others), None

    async def _present(self, endpoint: Endpoint) -> list[str]:
        """The models on a server that downloads them; those not downloaded could not be used instead."""
        with anyio.move_on_after(LIST_TIMEOUT_S):
            return await self._lists.current_names(endpoint)
        return await self._lists.cached_names(endpoint)

    def _today(self) -> str:
        return datetime.fromtimestamp(self._lists.now_ms() / 1000, UTC).date().isoformat()


def _retired(entry: CatalogModel) -> tuple[str, str | None]:
    since = f" on {entry.retires_on}" if entry.retires_on else ""
    words = [f"it was retired{since}"] if not entry.notice or entry.retires_on else []
    words += [entry.notice[0].lower() + entry.notice[1:].rstrip(".")] if entry.notice else []
    if entry.successor:
        return f"{', '.join(words)}: use {entry.successor}", f"use {entry.successor}"
    return ", ".join(words), None


def _or_use(names: Sequence[str]) -> str:
    return f", or use {_either(names)}" if names else ""


def _names(model: str, served: Sequence[str]) -> str:
    near = nearest(model, served)
    if near:
        return f"the nearest it has {'is' if len(near) == 1 else 'are'} {_both(near)}"
    if not served:
        return ""
    more = len(served) - MAX_NAMES
    return f"it has {', '.join(served[:MAX_NAMES])}" + (f" and {more} more" if more > 0 else "")


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _both(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
