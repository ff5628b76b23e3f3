"""The table of log-ins: kind to module, loaded off the event loop when first needed."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from modelport.adapters.child_processes.running import run_for_library
from modelport.adapters.system.programs import Programs
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Auth
from modelport.lazy import LazyTable

if TYPE_CHECKING:
    from modelport.adapters.http.pool import HttpPool
    from modelport.adapters.log_ins.log_in import LogIn, StartProgram

MODULES: dict[Auth, tuple[str, str]] = {
    "sigv4": ("aws", "AwsSignature"),
    "google": ("google", "GoogleToken"),
    "copilot": ("copilot", "CopilotToken"),
    "qwen": ("qwen", "QwenToken"),
}

STARTING: frozenset[Auth] = frozenset({"sigv4", "google"})
"""Those that start programs."""


class LogIns:
    """The log-ins of this build; they send their own requests over the shared pool."""

    def __init__(self, pool: HttpPool, start: StartProgram | None = None) -> None:
        self._pool = pool
        self._start = start or partial(run_for_library, Programs(), tuple)
        self._log_ins = LazyTable(self._load)

    async def get(self, endpoint: Endpoint) -> LogIn | None:
        """The log-in that an endpoint needs; None where its key is all."""
        auth = endpoint.provider.auth
        return await self._log_ins.get(auth) if auth in MODULES else None

    def _load(self, auth: Auth) -> LogIn:
        module, name = MODULES[auth]
        kind = getattr(import_module(f"modelport.adapters.log_ins.{module}"), name)
        return kind(self._pool, self._start) if auth in STARTING else kind(self._pool)
