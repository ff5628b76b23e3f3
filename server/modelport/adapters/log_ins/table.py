"""The table of log-ins: kind to module, loaded off the event loop when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from modelport.adapters.child_processes.running import run_for_library
from modelport.adapters.system.programs import Programs
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Auth
from modelport.lazy import Lazy, LazyTable

if TYPE_CHECKING:
    from modelport.adapters.http.pool import HttpPool
    from modelport.adapters.log_ins.log_in import LogIn, StartProgram, Unsigned

MODULES: dict[Auth, tuple[str, str]] = {
    "sigv4": ("aws", "AwsSignature"),
    "google": ("google", "GoogleToken"),
    "copilot": ("copilot", "CopilotToken"),
    "qwen": ("qwen", "QwenToken"),
}

STARTING: frozenset[Auth] = frozenset({"sigv4", "google"})
"""Those that start programs."""


class Chained:
    """Two log-ins of which the second builds on the token of the first, such as an exchange."""

    def __init__(self, first: LogIn, second: LogIn) -> None:
        self._first = first
        self._second = second
        self._between: Endpoint | None = None

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint as both make it."""
        self._between = await self._first.authenticate(endpoint)
        return await self._second.authenticate(self._between)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """The headers of both."""
        return {**await self._first.sign(endpoint, request), **await self._second.sign(endpoint, request)}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Drops what the second made, else what the first gave."""
        if self._second.discard_token(endpoint):
            return True
        return self._between is not None and self._first.discard_token(self._between)


class LogIns:
    """The log-ins of this build; they send their own requests over the shared pool.

    ``tokens`` loads what renews the tokens that OAuth gave.
    """

    def __init__(
        self, pool: HttpPool, start: StartProgram | None = None, tokens: Callable[[], LogIn] | None = None
    ) -> None:
        self._pool = pool
        self._start = start or partial(run_for_library, Programs(), tuple)
        self._log_ins = LazyTable(self._load)
        self._tokens = Lazy(tokens) if tokens is not None else None

    async def get(self, endpoint: Endpoint) -> LogIn | None:
        """The log-in that an endpoint needs; None where its key is all."""
        auth = endpoint.provider.auth
        own = await self._log_ins.get(auth) if auth in MODULES else None
        if endpoint.credential.log_in is None or self._tokens is None:
            return own
        renewing = await self._tokens.get()
        return renewing if own is None else Chained(renewing, own)

    def _load(self, auth: Auth) -> LogIn:
        module, name = MODULES[auth]
        kind = getattr(import_module(f"modelport.adapters.log_ins.{module}"), name)
        return kind(self._pool, self._start) if auth in STARTING else kind(self._pool)
