"""``model/*``."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modelport.frontends.lsp.handlers.titles import downloading
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.protocol import types

if TYPE_CHECKING:
    from modelport.domain.models.listing import PullProgress


async def list_model(session: Session, params: types.ListModelParams) -> types.ListModelResult:
    """Lists models."""
    return await (await (await session.app()).models.get()).listing.list(params)


async def search_model(session: Session, params: types.SearchModelParams) -> types.SearchModelResult:
    """Searches models."""
    return await (await (await session.app()).models.get()).listing.search(params)


async def pull_model(session: Session, params: types.PullModelParams) -> types.Empty:
    """Downloads a model, and reports the progress in percent and bytes."""
    downloads = (await (await session.app()).models.get()).downloads
    with _progress(session, params.work_done_token, downloading(params)) as report:
        await downloads.pull(params.provider, params.model, report)
    return types.Empty()


async def delete_model(session: Session, params: types.DeleteModelParams) -> types.Empty:
    """Deletes a model."""
    downloads = (await (await session.app()).models.get()).downloads
    with session.progress(params.work_done_token, f"Deleting {params.model}"):
        await downloads.delete(params.provider, params.model)
    return types.Empty()


@contextmanager
def _progress(session: Session, token: int | str | None, title: str) -> Generator[Callable[[PullProgress], None]]:
    """Sends progress in percent, and in bytes beside LSP's own fields, to a client that gave a token.

    Source: Language Server Protocol 3.18, work done progress: the percentage never goes back.
    """
    if token is None:
        yield lambda _: None
        return
    reached = 0

    def report(progress: PullProgress) -> None:
        nonlocal reached
        reached = max(reached, progress.percentage or 0)
        value: dict[str, str | int] = {"kind": "report", "message": progress.words, "percentage": reached}
        if progress.total_bytes:
            value |= {"completedBytes": progress.completed_bytes, "totalBytes": progress.total_bytes}
        session.outbox.send(messages.progress(token, value))

    session.outbox.send(messages.progress(token, {"kind": "begin", "title": title[:200], "percentage": 0}))
    try:
        yield report
    finally:
        session.outbox.send(messages.progress(token, {"kind": "end"}))
