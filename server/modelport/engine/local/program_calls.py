"""Decorates completions and lists of models: a provider's program serves while one lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.ports import Completer, Dialects
from modelport.domain.providers.connection import Endpoint, Verification
from modelport.engine.local.programs import ProviderPrograms
from modelport.protocol.types import Dialect

if TYPE_CHECKING:
    from modelport.domain.models.listing import Listing
    from modelport.domain.models.ports import ModelLister

LOOPBACK = "http://127.0.0.1"


class ProgramDialects:
    """Decorates ``Dialects``: a completion for a provider with a program keeps its server until the call ends."""

    def __init__(self, dialects: Dialects, programs: ProviderPrograms) -> None:
        self._dialects = dialects
        self._programs = programs

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        return self._dialects.speaks(dialect)

    async def get(self, endpoint: Endpoint) -> Completer:
        """The completer for an endpoint."""
        completer = await self._dialects.get(endpoint)
        return completer if endpoint.program is None else _ProgramCompleter(completer, self._programs)


class _ProgramCompleter:
    def __init__(self, completer: Completer, programs: ProviderPrograms) -> None:
        self._completer = completer
        self._programs = programs

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Completes the call, once the server is there."""
        async with self._programs.serving(call.endpoint, call.model, answer.listener.progress) as endpoint:
            await self._completer.complete(replace(call, endpoint=endpoint), answer)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what calls will need; a server is not started for it."""
        await self._completer.prepare(replace(endpoint, base_url=LOOPBACK))

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Checks that the program is there, without starting it."""
        await self._programs.check_installed(endpoint.provider)
        return Verification(verified=True, models=())


class ProgramLister:
    """A ``ModelLister`` that asks the server of a program where an endpoint has one."""

    def __init__(self, lister: ModelLister, programs: ProviderPrograms) -> None:
        self._lister = lister
        self._programs = programs

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """The provider's list."""
        if endpoint.program is None:
            return await self._lister.models(endpoint, known)
        async with self._programs.serving(endpoint, "", _ignore) as served:
            return await self._lister.models(served, known)


def _ignore(message: str) -> None:
    """Drops the progress of a start: the client asked for a list, not for a stream."""
