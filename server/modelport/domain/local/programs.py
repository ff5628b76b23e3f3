"""The port to the programs that serve providers on this machine."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from modelport.domain.local.model_files import OnProgress, Served
from modelport.domain.providers.rows import ServerProgram


class ProgramServers(Protocol):
    """The servers that this process has started, one per program."""

    def serving(
        self, program: ServerProgram, secret_env_vars: frozenset[str], on_progress: OnProgress
    ) -> AbstractAsyncContextManager[Served]:
        """A server of the program, started where none runs, ready, and kept for the block.

        ``secret_env_vars`` are the variables that it does not get. The key of the result is the whole value of the
        header ``Authorization``.

        Raises:
            RequestFailed: it does not start; the message is a sentence without the provider's name.
        """
        ...

    def runs(self, program: ServerProgram) -> bool:
        """Whether a server of the program runs at this moment."""
        ...

    async def aclose(self) -> None:
        """Ends every server."""
        ...
