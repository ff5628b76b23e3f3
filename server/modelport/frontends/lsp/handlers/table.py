"""The table of handlers: the table of contents of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from modelport.frontends.lsp.handlers import completion, credential, diagnostics, provider, usage
from modelport.frontends.lsp.session import Session

Handler = Callable[[Session, Any], Awaitable[Any]]

HANDLERS: Final[dict[str, Handler]] = {
    "provider/list": provider.list_provider,
    "provider/discover": provider.discover_provider,
    "provider/connect": provider.connect_provider,
    "provider/disconnect": provider.disconnect_provider,
    "provider/status": provider.status_provider,
    "completion/create": completion.create_completion,
    "credential/set": credential.set_credential,
    "credential/delete": credential.delete_credential,
    "credential/list": credential.list_credential,
    "usage/summary": usage.summary_usage,
    "usage/snapshot": usage.snapshot_usage,
    "usage/delta": usage.delta_usage,
    "usage/history": usage.history_usage,
    "diagnostics/run": diagnostics.run_diagnostics,
}
