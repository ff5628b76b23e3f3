"""Decorates ``Dialects``: a completion for a local GGUF model starts a server and keeps it until the call ends."""

from __future__ import annotations

from msgspec.structs import replace

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Completer, Dialects
from modelport.domain.providers.connection import Endpoint, Verification
from modelport.engine.local.model_files import LocalModels
from modelport.protocol.types import Dialect

LOOPBACK = "http://127.0.0.1"


class LocalDialects:
    """``Dialects`` whose completers start the server of a model file."""

    def __init__(self, dialects: Dialects, local: LocalModels) -> None:
        self._dialects = dialects
        self._local = local

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        return self._dialects.speaks(dialect)

    async def get(self, endpoint: Endpoint) -> Completer:
        """The completer for an endpoint; for a model file one that keeps its server for the length of a call."""
        completer = await self._dialects.get(endpoint)
        return completer if endpoint.folder is None else _LocalCompleter(completer, self._local)


class _LocalCompleter:
    def __init__(self, completer: Completer, local: LocalModels) -> None:
        self._completer = completer
        self._local = local

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Completes the call, once what it goes to is there.

        The server of another process ends with that process. Before the answer has begun, the next one is tried: this
        process's own.
        """
        try:
            await self._attempt(call, answer)
        except RequestFailed as failure:
            if answer.begun or failure.reason != "network" or await self._local.running(call.endpoint):
                raise
            await self._attempt(call, answer)

    async def _attempt(self, call: ModelCall, answer: Answer) -> None:
        async with self._local.serving(call.endpoint, answer.listener.progress) as endpoint:
            await self._completer.complete(replace(call, endpoint=endpoint), answer)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what calls will need; a server is not started for it."""
        await self._completer.prepare(replace(endpoint, base_url=LOOPBACK))

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Checks that a server could be started, without starting one."""
        await self._local.check_program(endpoint.provider)
        return Verification(verified=True, models=tuple(model.id for model in await self._local.models()))
