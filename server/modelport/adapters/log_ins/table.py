"""The table of log-ins: kind to module, loaded off the event loop when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from modelport.domain.connection import Endpoint
from modelport.domain.provider import Auth

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
        self._loaded: dict[Auth, LogIn] = {}
        self._lock = anyio.Lock()

    async def get(self, endpoint: Endpoint) -> LogIn | None:
        """The log-in that an endpoint needs; None where its key is all."""
        auth = endpoint.provider.auth
        if auth not in MODULES:
            return None
        log_in = self._loaded.get(auth)
        if log_in is None:
            async with self._lock:
                log_in = await anyio.to_thread.run_sync(self._load, auth)
                self._loaded[auth] = log_in
        return log_in

    def _load(self, auth: Auth) -> LogIn:
        from importlib import import_module

        module, name = MODULES[auth]
        return getattr(import_module(f"modelport.adapters.log_ins.{module}"), name)(self._pool)
