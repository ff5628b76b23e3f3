"""Providers that a program on this machine serves: whether it is there, and its server for as long as one is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

import anyio.to_thread
from msgspec.structs import replace

from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import OnProgress
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.lazy import Lazy
from modelport.protocol.types import Check

if TYPE_CHECKING:
    from modelport.domain.local.programs import ProgramServers

Loading = Callable[[str], AbstractContextManager[object]]
"""Surrounds the start of a server, with a text to show meanwhile."""
Find = Callable[[str, tuple[str, ...]], str | None]
"""The path of a program, by its name on PATH or in more folders; it reads the disk."""


class ProviderPrograms:
    """The programs of the registry's providers."""

    def __init__(
        self,
        registry: Registry,
        find: Find,
        secret_env_vars: Callable[[], frozenset[str]],
        servers: Lazy[ProgramServers],
        loading: Loading = nullcontext,
    ) -> None:
        self._registry = registry
        self._find = find
        self._secret_env_vars = secret_env_vars
        self._servers = servers
        self._loading = loading

    async def installed(self, row: Provider) -> bool | None:
        """Whether the provider's program is on this machine; None where it needs none."""
        if row.program is None:
            return None
        program = row.program
        return await anyio.to_thread.run_sync(self._find, program.command[0], program.folders) is not None

    async def check_installed(self, row: Provider) -> None:
        """Checks that the provider's program is on this machine.

        Raises:
            RequestFailed: it is not.
        """
        if row.program is not None and not await self.installed(row):
            raise RequestFailed(
                "provider_unavailable",
                f"{row.display_name} needs the program {row.program.command[0]}: {row.program.install}.",
                provider=row.id,
                action=row.program.install,
            )

    @asynccontextmanager
    async def serving(self, endpoint: Endpoint, model: str, on_progress: OnProgress) -> AsyncGenerator[Endpoint]:
        """The endpoint with the address of its program's server, which is started where it does not run.

        Raises:
            RequestFailed: it does not start.
        """
        servers, row, program = await self._servers.get(), endpoint.provider, endpoint.program
        assert program is not None  # noqa: S101  the callers check it
        async with AsyncExitStack() as stack:
            with nullcontext() if servers.runs(program) else self._loading(f"Starting {program.command[0]}"):
                server = servers.serving(program, self._secret_env_vars(), on_progress)
                try:
                    served = await stack.enter_async_context(server)
                except RequestFailed as failure:
                    failure.provider, failure.model = row.id, model or None
                    raise
            credential = Credential(provider=row.id, source="session", secret=served.key)
            yield replace(
                endpoint, base_url=served.base_url, credential=credential, key_header="Authorization", bearer=False
            )

    async def check(self) -> Check:
        """The check of the programs, for diagnostics."""
        found = [(row, await self.installed(row)) for row in self._rows()]
        detail = "; ".join(
            f"{row.program.command[0]} serves {row.id}" if there else f"{row.program.command[0]} is not installed"
            for row, there in found
            if row.program is not None
        )
        return Check(id="programs", status="ok", detail=detail or "no provider needs a program")

    async def aclose(self) -> None:
        """Ends every server."""
        servers = await self._servers.settled()
        if servers is not None:
            await servers.aclose()

    def _rows(self) -> Iterable[Provider]:
        return (row for row in self._registry.all() if row.program is not None)
