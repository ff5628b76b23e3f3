"""The flows of OAuth by their method, loaded off the event loop when a user first logs in."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from modelport.adapters.http.pool import HttpPool
from modelport.domain.providers.log_ins import LogInFlow, LogInRequest
from modelport.lazy import LazyTable
from modelport.protocol.types import LoginMethod

FLOWS: Final[dict[LoginMethod, tuple[str, str]]] = {"device": ("device", "DeviceFlow"), "code": ("code", "CodeFlow")}


class OAuthFlows:
    """Makes log-ins, which send their requests over the shared pool."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._kinds: LazyTable[LoginMethod, Any] = LazyTable(_load)

    async def make(self, request: LogInRequest) -> LogInFlow:
        """A log-in by the method of the request."""
        return (await self._kinds.get(request.method))(self._pool, request)


def _load(method: LoginMethod) -> Any:
    module, name = FLOWS[method]
    return getattr(import_module(f"modelport.adapters.log_ins.oauth.{module}"), name)
