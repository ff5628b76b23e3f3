"""The async client."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from modelport.frontends.python.agents import AgentCalls
from modelport.frontends.python.completions import CompletionCalls
from modelport.frontends.python.credentials import CredentialCalls
from modelport.frontends.python.models import ModelCalls
from modelport.frontends.python.operations import OperationCalls
from modelport.frontends.python.providers import ProviderCalls
from modelport.frontends.python.usage import UsageCalls


class Client(ProviderCalls, ModelCalls, CompletionCalls, OperationCalls, UsageCalls, CredentialCalls, AgentCalls):
    """Modelport's engine in this process, for asyncio.

    ``async with Client() as client`` closes it at the end; elsewhere call ``aclose``. It belongs to the event loop it
    is first used in, where any number of tasks may share it. ``name`` and ``project`` are recorded with its calls
    in the ledger, which all editors of the user share.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes connections and files; a second time does nothing. Calls from then on raise ``RuntimeError``."""
        await self._session.aclose()
