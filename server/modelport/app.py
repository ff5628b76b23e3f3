"""Puts the engine and the adapters together; the only module that knows both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from modelport.adapters.configuration.commands import LocalCommands
from modelport.adapters.configuration.file import LocalConfigurationFile, config_folder
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.adapters.data.providers import load_registry
from modelport.adapters.dialects.table import DialectTable
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.system.clock import SystemClock
from modelport.adapters.system.data_folder import LocalFolder, data_folder
from modelport.adapters.system.environment import ProcessEnvironment
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.engine.completions.create import Completions
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.local.completions import LocalDialects
from modelport.engine.local.model_files import LocalModels, Status
from modelport.engine.providers.configuration import Configurations
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.default_chain import DefaultChain
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listing import Providers
from modelport.engine.providers.secret_sources import Values
from modelport.engine.usage.reports import UsageReports
from modelport.protocol.initialize import VERSION
from modelport.protocol.types import DiscoverProviderParams, LocalServer

if TYPE_CHECKING:
    from modelport.domain.completions.call import ModelCall
    from modelport.domain.errors import RequestFailed
    from modelport.domain.local.model_files import ModelFolder, ModelRunner
    from modelport.engine.agents.discovery import AgentDiscovery
    from modelport.engine.local.servers import Discovery
    from modelport.engine.models.downloads import ModelDownloads
    from modelport.engine.models.listing import Models
    from modelport.engine.models.suggestions import ModelAdvice
    from modelport.engine.operations.use_cases import OperationCases

QUICK_MS = 500
"""How long a request that names nothing looks for local servers."""


class App:
    """The engine of one process, ready to use.

    Making one reads the provider data and the configuration, which takes some 20 ms: make it off the event loop.
    """

    def __init__(self) -> None:
        environment = self._environment = ProcessEnvironment()
        folder = self._folder = data_folder(environment.variables())
        self.registry = load_registry()
        self.configuration = Configurations(
            self.registry, LocalConfigurationFile(config_folder(environment.variables()))
        )
        self.configuration.load()
        values = Values(self.registry, environment, LocalCommands())
        self._pool = HttpPool()
        # One for all, so that a log-in's token is asked for once.
        self._client = ProviderClient(self._pool)
        self._ledger = SqliteLedger(folder / "usage.sqlite3")
        store = KeyringStore(folder / "keyring-providers.json")
        self.on_status: Status = _nobody
        self.local_models = LocalModels(
            self.registry, values.withheld, self._load_local_models, lambda busy, text: self.on_status(busy, text)
        )
        dialects = LocalDialects(DialectTable(self._client), self.local_models)
        vendor_files = LocalVendorFiles(environment)
        self.credentials = Credentials(self.registry, environment, store, vendor_files, values)
        endpoints = Endpoints(environment, vendor_files, self.credentials, dialects, values, self.local_models)
        self.connections = Connections(self.registry, self.credentials, endpoints, dialects)
        self.providers = Providers(self.registry, environment, self.credentials, self.connections, dialects)
        log = logging.getLogger("modelport.engine")
        self.defaults = DefaultChain(self.registry, self.credentials, self.connections, self._local_servers, log)
        self.completions = Completions(
            self.connections, dialects, self._ledger, SystemClock(), log, self.defaults, self._advise
        )
        self.usage = UsageReports(self._ledger)
        self.diagnostics = Diagnostics(
            VERSION,
            environment,
            LocalFolder(folder),
            self.credentials,
            store,
            self._ledger,
            self.configuration,
            self.local_models.check,
        )
        self._withheld = values.withheld
        self._discovery: Discovery | None = None
        self._agents: AgentDiscovery | None = None
        self._models: tuple[Models, ModelDownloads, ModelAdvice] | None = None
        self._operations: OperationCases | None = None

    async def discovery(self) -> Discovery:
        """The search for local servers, loaded off the event loop by whoever asks first."""
        if self._discovery is None:
            self._discovery = await anyio.to_thread.run_sync(self._load_discovery)
        return self._discovery

    async def _local_servers(self) -> Sequence[LocalServer]:
        """The servers that answer at once where they usually are: nobody asked to look anywhere else."""
        discovery = await self.discovery()
        params = DiscoverProviderParams(timeout_ms=QUICK_MS)
        return (await discovery.find(params, lambda _: None, open_ports=False)).servers

    def _load_discovery(self) -> Discovery:
        from modelport.adapters.data.fingerprints import load_fingerprints
        from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
        from modelport.adapters.local_servers.prober import SocketProber
        from modelport.engine.local.servers import Discovery

        ports = SystemListeningPorts()
        return Discovery(self.registry, load_fingerprints(), self._environment, SocketProber(), ports)

    def _load_local_models(self) -> tuple[ModelFolder, ModelRunner]:
        from modelport.adapters.local_models.folder import DiskFolder
        from modelport.adapters.local_models.runner import LocalRunner
        from modelport.adapters.local_servers.prober import SocketProber

        return DiskFolder(), LocalRunner(SocketProber())

    async def agents(self) -> AgentDiscovery:
        """The search for agents, loaded likewise."""
        if self._agents is None:
            self._agents = await anyio.to_thread.run_sync(self._load_agents)
        return self._agents

    def _load_agents(self) -> AgentDiscovery:
        from modelport.agent_app import AgentApp

        return AgentApp(self._withheld).discovery()

    async def models(self) -> Models:
        """The lists of models, loaded off the event loop by whoever asks first."""
        return (await self._model_cases())[0]

    async def model_downloads(self) -> ModelDownloads:
        """Downloading and deleting models, loaded likewise."""
        return (await self._model_cases())[1]

    async def _advise(self, error: RequestFailed, call: ModelCall) -> None:
        await (await self._model_cases())[2].add(error, call.endpoint)

    async def _model_cases(self) -> tuple[Models, ModelDownloads, ModelAdvice]:
        if self._models is None:
            self._models = await anyio.to_thread.run_sync(self._load_models)
        return self._models

    def _load_models(self) -> tuple[Models, ModelDownloads, ModelAdvice]:
        from modelport.adapters.data.models import ShippedCatalog
        from modelport.adapters.model_caches.files import FileModelCache
        from modelport.adapters.models.host import ProviderModels
        from modelport.engine.local.operations import LocalHost
        from modelport.engine.models.downloads import ModelDownloads
        from modelport.engine.models.listing import Models
        from modelport.engine.models.provider_lists import ModelLists
        from modelport.engine.models.suggestions import ModelAdvice

        host = LocalHost(ProviderModels(self._client), self.local_models)
        cache = FileModelCache(self._folder / "models")
        lists = ModelLists(self.connections, host, cache, ShippedCatalog(), SystemClock())
        return (
            Models(self.registry, self.providers, lists),
            ModelDownloads(self.registry, self.connections, host, lists),
            ModelAdvice(self.connections, host, lists),
        )

    async def operations(self) -> OperationCases:
        """The use cases besides completions, loaded off the event loop by whoever asks first."""
        if self._operations is None:
            self._operations = await anyio.to_thread.run_sync(self._load_operations)
        return self._operations

    def _load_operations(self) -> OperationCases:
        from modelport.adapters.operations.sender import Sender
        from modelport.adapters.operations.table import HttpOperations
        from modelport.engine.calls.recorder import RecordedCalls
        from modelport.engine.local.operations import LocalOperations
        from modelport.engine.operations.balances import Balances
        from modelport.engine.operations.embeddings import Embeddings
        from modelport.engine.operations.images import Images
        from modelport.engine.operations.moderations import Moderations
        from modelport.engine.operations.token_counts import TokenCounts
        from modelport.engine.operations.use_cases import OperationCases

        operations = LocalOperations(HttpOperations(Sender(self._client)), self.local_models)
        log = logging.getLogger("modelport.engine")
        calls = RecordedCalls(self.registry, self.connections, self._ledger, SystemClock(), log)
        return OperationCases(
            embeddings=Embeddings(calls, operations),
            images=Images(calls, operations),
            moderations=Moderations(calls, operations),
            token_counts=TokenCounts(self.connections, operations),
            balances=Balances(self.registry, self.connections, operations),
        )

    async def aclose(self) -> None:
        """Closes connections and files, and ends the servers of this process."""
        await self.local_models.aclose()
        await self._pool.aclose()
        await self._ledger.aclose()


def _nobody(busy: bool, message: str) -> None:  # noqa: FBT001
    """Nobody is told what is being done."""


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file."""
    from modelport.adapters.configuration.schema import schema

    return schema()
