"""The table of log-ins: kind to module, loaded off the event loop when first needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Auth
from modelport.lazy import LazyTable

if TYPE_CHECKING:
    from modelport.adapters.http.pool import HttpPool
    from modelport.adapters.log_ins.log_in import LogIn

MODULES: dict[Auth, tuple[str, str]] = {
    "sigv4": ("aws", "AwsSignature"),
    "google": ("google", "GoogleToken"),
    "copilot": ("copilot", "CopilotToken"),
    "qwen": ("qwen", "QwenToken"),
}


class LogIns:
    """The log-ins of this build; they send their own requests over the shared pool."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._log_ins = LazyTable(self._load)

    async def get(self, endpoint: Endpoint) -> LogIn | None:
        """The log-in that an endpoint needs; None where its key is all."""
        auth = endpoint.provider.auth
        return await self._log_ins.get(auth) if auth in MODULES else None

    def _load(self, auth: Auth) -> LogIn:
        module, name = MODULES[auth]
        return getattr(import_module(f"modelport.adapters.log_ins.{module}"), name)(self._pool)
