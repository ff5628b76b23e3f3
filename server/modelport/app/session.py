"""The engine as one client has it: its connections and everything that depends on them, over the shared parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from modelport.adapters.http.trust import stale_variable
from modelport.app import keys, models, operations
from modelport.app.core import Core
from modelport.domain.providers.connection import has_own_models
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.default_chain import DefaultChain
from modelport.engine.providers.health import ProviderHealth, forget_failures
from modelport.engine.providers.listing import Providers
from modelport.engine.providers.stand_ins import StandIns
from modelport.lazy import Lazy
from modelport.protocol.initialize import VERSION
from modelport.protocol.types import DiscoverProviderParams, LocalServer

if TYPE_CHECKING:
    from modelport.adapters.credential_stores.client import Vault
    from modelport.domain.completions.call import ModelCall
    from modelport.domain.errors import RequestFailed
    from modelport.domain.failover.fitness import ModelFacts
    from modelport.domain.providers.registry import Target
    from modelport.engine.completions.create import Completions
    from modelport.engine.local.model_files import Loading

QUICK_MS = 500
"""How long a request that names nothing looks for local servers."""


def load_app(loading: Loading, vault: Vault | None = None) -> App:
    """The use cases of the only client of a process, with the vault that it offers. Blocks.

    ``loading`` surrounds the start of a model server.
    """
    core = Core(loading)
    core.store.attach(vault)
    return App(core)


class App:
    """The use cases of one client, over the shared ``core``, which its creator closes."""

    def __init__(self, core: Core) -> None:
        self.core = core
        stand_ins = StandIns(core.registry, core.environment, core.credentials, core.programs)
        self.connections = Connections(
            core.registry,
            core.credentials,
            core.endpoints,
            core.dialects,
            core.guard,
            partial(forget_failures, core.circuits),
            stand_ins.answering,
        )
        self.health = ProviderHealth(core.registry, self.connections, core.circuits, core.clock)
        self.providers = Providers(
            core.registry, core.environment, core.credentials, self.connections, core.dialects, core.programs
        )
        self.defaults = DefaultChain(core.registry, core.credentials, self.connections, self._local_servers, core.log)
        self.diagnostics = Diagnostics(
            VERSION,
            core.environment,
            core.data_folder,
            core.credentials,
            core.store,
            core.ledger,
            core.configuration,
            core.local_models.check,
            core.price_lists.check,
            core.programs.check,
            core.check_telemetry,
            core.log,
            stale_variable,
            self.health.resting,
        )
        self.completions = Lazy(self._load_completions)
        self.keys = Lazy(lambda: keys.load_keys(core))
        self.models = Lazy(lambda: models.load_models(core, self.connections, self.providers))
        self.operations = Lazy(lambda: operations.load_operations(core, self.connections))

    def _load_completions(self) -> Completions:
        from modelport.engine.completions.create import Completions
        from modelport.engine.completions.parts import CompletionParts

        return Completions(
            CompletionParts(
                connections=self.connections,
                dialects=self.core.dialects,
                recorder=self.core.recorder,
                clock=self.core.clock,
                warnings=self.core.key_warnings,
                circuits=self.core.circuits,
                defaults=self.defaults,
                default_model=self._default_model,
                enrich=self._suggest_models,
                facts_of=self._model_facts,
            )
        )

    async def _local_servers(self) -> Sequence[LocalServer]:
        """The servers that answer at once where they usually are; a request that names nothing looks no further."""
        discovery = await self.core.discovery.get()
        params = DiscoverProviderParams(timeout_ms=QUICK_MS)
        return (await discovery.find(params, lambda _: None, open_ports=False)).servers

    async def _default_model(self, target: Target) -> str | None:
        row = target.provider
        if not has_own_models(row):
            return None
        return await (await self.models.get()).local_defaults.choose(row, target.connection)

    async def _model_facts(self, target: Target) -> ModelFacts:
        return await (await self.models.get()).facts.of(target)

    async def _suggest_models(self, error: RequestFailed, call: ModelCall) -> None:
        await (await self.models.get()).suggestions.enrich(error, call.endpoint)
