"""The parts that one process has once: data, configuration, keys, ledger, connections to providers, model servers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

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
from modelport.app import local
from modelport.engine.calls.recorder import CallRecorder
from modelport.engine.local.completions import LocalDialects
from modelport.engine.local.model_files import LocalModels, Status
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.secret_sources import SecretSources
from modelport.engine.usage.reports import UsageReports
from modelport.lazy import Lazy

if TYPE_CHECKING:
    from modelport.engine.agents.discovery import AgentDiscovery


class Core:
    """The parts of a process, shared by all its clients.

    Making one reads the provider data and the configuration, which takes some 20 ms: make it off the event loop.
    """

    def __init__(self) -> None:
        self.log = logging.getLogger("modelport.engine")
        self.clock = SystemClock()
        self.environment = ProcessEnvironment()
        variables = self.environment.variables()
        self.folder = data_folder(variables)
        self.registry = load_registry()
        self.configuration = ActiveConfiguration(self.registry, LocalConfigurationFile(config_folder(variables)))
        self.configuration.load()
        self._secrets = secrets = SecretSources(self.registry, self.environment, LocalCommands())
        self._pool = HttpPool()
        # One for all, so that the token of a log-in is requested once.
        self.provider_client = ProviderClient(self._pool)
        self.ledger = SqliteLedger(self.folder / "usage.sqlite3")
        self.usage = UsageReports(self.ledger)
        self.recorder = CallRecorder(self.ledger, self.clock, self.log)
        self.store = KeyringStore(self.folder / "keyring-providers.json")
        self._status_listeners: list[Status] = []
        self.local_models = LocalModels(
            self.registry, secrets.secret_env_vars, local.load_model_files, self._report_status
        )
        self.dialects = LocalDialects(DialectTable(self.provider_client), self.local_models)
        vendor_files = LocalVendorFiles(self.environment)
        self.credentials = Credentials(self.registry, self.environment, self.store, vendor_files, secrets)
        self.endpoints = Endpoints(
            self.environment, vendor_files, self.credentials, self.dialects, secrets, self.local_models
        )
        self.discovery = Lazy(lambda: local.load_discovery(self.registry, self.environment))
        self.agents = Lazy(self._load_agents)

    @property
    def data_folder(self) -> LocalFolder:
        """The folder for data, as diagnostics look at it."""
        return LocalFolder(self.folder)

    def add_status_listener(self, listener: Status) -> None:
        """Calls ``listener`` whenever servers for model files begin or end to be loaded."""
        self._status_listeners.append(listener)

    def _load_agents(self) -> AgentDiscovery:
        from modelport.app.agents import AgentCore

        return AgentCore(self._secrets.secret_env_vars).discovery()

    def _report_status(self, busy: bool, message: str) -> None:  # noqa: FBT001
        for listener in self._status_listeners:
            listener(busy, message)

    async def aclose(self) -> None:
        """Closes connections and files, and ends the model servers of this process."""
        await self.local_models.aclose()
        await self._pool.aclose()
        await self.ledger.aclose()
