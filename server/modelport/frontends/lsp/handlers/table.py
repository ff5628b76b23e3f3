"""Every method the server serves, with its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from modelport.frontends.lsp.handlers import (
    agent,
    budget,
    completion,
    credential,
    diagnostics,
    embedding,
    image,
    model,
    moderation,
    provider,
    token,
    usage,
)
from modelport.frontends.lsp.handlers.titles import TITLES
from modelport.frontends.lsp.session import Session

Handler = Callable[[Session, Any], Awaitable[Any]]

HANDLERS: Final[dict[str, Handler]] = {
    "provider/list": provider.list_provider,
    "provider/discover": provider.discover_provider,
    "provider/connect": provider.connect_provider,
    "provider/disconnect": provider.disconnect_provider,
    "provider/status": provider.status_provider,
    "model/list": model.list_model,
    "model/search": model.search_model,
    "model/pull": model.pull_model,
    "model/delete": model.delete_model,
    "completion/create": completion.create_completion,
    "token/count": token.count_token,
    "embedding/create": embedding.create_embedding,
    "image/create": image.create_image,
    "moderation/create": moderation.create_moderation,
    "credential/set": credential.set_credential,
    "credential/delete": credential.delete_credential,
    "credential/list": credential.list_credential,
    "credential/test": credential.test_credential,
    "credential/login": credential.login_credential,
    "credential/input": credential.input_credential,
    "credential/logout": credential.logout_credential,
    "usage/summary": usage.summary_usage,
    "usage/snapshot": usage.snapshot_usage,
    "usage/delta": usage.delta_usage,
    "usage/history": usage.history_usage,
    "usage/credits": usage.credits_usage,
    "budget/list": budget.list_budget,
    "agent/discover": agent.discover_agent,
    "diagnostics/run": diagnostics.run_diagnostics,
}


async def handle(session: Session, method: str, params: Any) -> Any:
    """The result of a method; while it waits for anything outside the server, the session is busy.

    The last ``status/changed`` of a call comes after its updates and before its reply.
    """
    title = TITLES.get(method)
    if title is None:
        return await HANDLERS[method](session, params)
    with session.activity.during(title(params)):
        return await HANDLERS[method](session, params)
