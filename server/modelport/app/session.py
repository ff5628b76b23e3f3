"""The engine as one client has it: its connections and everything that depends on them, over the shared parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelport.app import models, operations
from modelport.app.core import Core
from modelport.engine.completions.create import Completions
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.default_chain import DefaultChain
from modelport.engine.providers.listing import Providers
from modelport.lazy import Lazy
from modelport.protocol.initialize import VERSION
from modelport.protocol.types import DiscoverProviderParams, LocalServer

if TYPE_CHECKING:
    from modelport.domain.completions.call import ModelCall
    from modelport.domain.errors import RequestFailed

QUICK_MS = 500
"""How long a request that names nothing looks for local servers."""


class App:
    """The use cases of one client, over the shared ``core``, which its creator closes."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.connections = Connections(core.registry, core.credentials, core.endpoints, core.dialects)
        self.providers = Providers(core.registry, core.environment, core.credentials, self.connections, core.dialects)
        self.defaults = DefaultChain(core.registry, core.credentials, self.connections, self._local_servers, core.log)
        self.completions = Completions(
            self.connections, core.dialects, core.recorder, self.defaults, self._suggest_models
        )
        self.diagnostics = Diagnostics(
            VERSION,
            core.environment,
            core.data_folder,
            core.credentials,
            core.store,
            core.ledger,
            core.configuration,
            core.local_models.check,
        )
        self.models = Lazy(lambda: models.load_models(core, self.connections, self.providers))
        self.operations = Lazy(lambda: operations.load_operations(core, self.connections))

    async def _local_servers(self) -> Sequence[LocalServer]:
        """The servers that answer at once where they usually are; a request that names nothing looks no further."""
        discovery = await self.core.discovery.get()
        params = DiscoverProviderParams(timeout_ms=QUICK_MS)
        return (await discovery.find(params, lambda _: None, open_ports=False)).servers

    async def _suggest_models(self, error: RequestFailed, call: ModelCall) -> None:
        await (await self.models.get()).suggestions.enrich(error, call.endpoint)
