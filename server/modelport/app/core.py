"""The parts that one process has once: data, configuration, keys, ledger, connections to providers, model servers."""

from __future__ import annotations

import logging
import random
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from modelport.adapters.configuration.commands import LocalCommands
from modelport.adapters.configuration.file import LocalConfigurationFile, config_folder
from modelport.adapters.credential_stores.client import ClientStore
from modelport.adapters.credential_stores.file import FILE_NAME, FileStore
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.credential_stores.stores import CredentialStores
from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.adapters.data.providers import load_registry
from modelport.adapters.dialects.table import DialectTable
from modelport.adapters.failover.shared import SharedCircuits
from modelport.adapters.price_lists.kept import KeptPrices
from modelport.adapters.system.clock import SystemClock
from modelport.adapters.system.data_folder import LocalFolder, data_folder
from modelport.adapters.system.environment import ProcessEnvironment
from modelport.adapters.system.programs import Programs
from modelport.adapters.system.workspace import working_workspace
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.app import budgets, local
from modelport.engine.calls.price_lists import PriceLists
from modelport.engine.calls.pricing import CallPricing
from modelport.engine.calls.recorder import CallRecorder
from modelport.engine.completions.key_warnings import KeyWarnings
from modelport.engine.local.completions import LocalDialects
from modelport.engine.local.model_files import Loading, LocalModels
from modelport.engine.local.program_calls import ProgramDialects
from modelport.engine.local.programs import ProviderPrograms
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.engine.providers.passphrase import Passphrase
from modelport.engine.providers.secret_sources import SecretSources
from modelport.engine.usage.reports import UsageReports
from modelport.lazy import Lazy
from modelport.protocol.types import Check

if TYPE_CHECKING:
    from modelport.adapters.http.pool import HttpPool
    from modelport.adapters.log_ins.oauth.renewal import StoredTokens
    from modelport.adapters.provider_client.client import ProviderClient
    from modelport.adapters.telemetry.background import BackgroundTelemetry
    from modelport.engine.agents.discovery import AgentDiscovery
    from modelport.engine.calls.meter import Hold
    from modelport.engine.calls.recorder import Admission, PlannedCall
    from modelport.engine.log_ins.logging_in import LoggingIn


class Core:
    """The parts of a process, shared by all its clients.

    ``loading`` surrounds the start of a model server, with a text for the user. Making one reads the provider data and
    the configuration, which takes some 20 ms: make it off the event loop.
    """

    def __init__(self, loading: Loading = nullcontext) -> None:
        self.log = logging.getLogger("modelport.engine")
        self.clock = SystemClock()
        self.environment = ProcessEnvironment()
        variables = self.environment.variables()
        self.folder = data_folder(variables)
        self.workspace = working_workspace(str(Path.home()))
        programs = Programs(self.workspace)
        self.registry = load_registry()
        self.configuration = ActiveConfiguration(self.registry, LocalConfigurationFile(config_folder(variables)))
        self.configuration.load()
        commands = LocalCommands(programs=programs)
        self._secrets = secrets = SecretSources(self.registry, self.environment, commands)
        self.guard = ListenerGuard(Lazy(local.load_port_listeners))
        self._pool = Lazy(self._load_pool)
        # One for all, so that the token of a log-in is requested once.
        self.passphrase = Passphrase(self.registry, self.environment, commands, secrets.secret_env_vars)
        self.store = CredentialStores(
            KeyringStore(self.folder / "keyring-providers.json"),
            ClientStore(self.folder),
            FileStore(config_folder(variables) / FILE_NAME, self.passphrase),
        )
        self.provider_client = Lazy(partial(self._load_client, programs))
        self.ledger = SqliteLedger(self.folder / "usage.sqlite3", self.log)
        self.circuits = SharedCircuits(self.ledger, self.clock, self.log, random.random)
        self.usage = UsageReports(self.ledger)
        kept_prices = KeptPrices(self.folder / "prices.json", self._download_prices, self.log)
        self.pricing, self.price_lists = CallPricing(kept_prices), PriceLists(kept_prices)
        began_ms = self.clock.now_ms()
        self.budgets = Lazy(
            lambda: budgets.load_budgets(self.registry, self.ledger, self.pricing, self.clock, self.log, began_ms)
        )
        self.recorder = CallRecorder(self.ledger, self.pricing, self.clock, self.log, self._admission, self._telemetry)
        self.key_warnings = KeyWarnings(self.clock)
        self._background_telemetry: BackgroundTelemetry | None = None
        self._load_telemetry = partial(self._new_telemetry, programs)
        self.local_models = LocalModels(
            self.registry, secrets.secret_env_vars, partial(local.load_model_files, self.environment, programs), loading
        )
        self.programs = ProviderPrograms(
            self.registry,
            programs.find,
            secrets.secret_env_vars,
            Lazy(partial(local.load_program_servers, programs)),
            loading,
        )
        dialects = LocalDialects(DialectTable(self.provider_client.get_now), self.local_models)
        self.dialects = ProgramDialects(dialects, self.programs)
        vendor_files = LocalVendorFiles(self.environment)
        self.credentials = Credentials(self.registry, self.environment, self.store, vendor_files, secrets)
        self.endpoints = Endpoints(
            self.environment, vendor_files, self.credentials, self.dialects, secrets, self.local_models
        )
        self._tokens: StoredTokens | None = None
        self.log_ins = Lazy(self._load_log_ins)
        self.discovery = Lazy(lambda: local.load_discovery(self.registry, self.environment))
        self.agents = Lazy(self._load_agents)

    @property
    def data_folder(self) -> LocalFolder:
        """The folder for data, as diagnostics look at it."""
        return LocalFolder(self.folder)

    def _load_pool(self) -> HttpPool:
        from modelport.adapters.http.pool import HttpPool

        return HttpPool(self.guard.admit)

    def _load_client(self, programs: Programs) -> ProviderClient:
        from modelport.adapters.child_processes.running import run_for_library
        from modelport.adapters.provider_client.client import ProviderClient

        start = partial(run_for_library, programs, self._secrets.secret_env_vars)
        return ProviderClient(self._pool.get_now(), start, self._load_tokens)

    async def _download_prices(self, url: str) -> bytes:
        from modelport.adapters.http.download import Download

        return await Download(await self._pool.get(), "a price list")(url)

    def _admission(self) -> Admission | None:
        return self._admit if self.registry.budgets else None

    async def _admit(self, call: PlannedCall) -> Hold | None:
        return await (await self.budgets.get()).guard.admit(call)

    def _telemetry(self) -> BackgroundTelemetry | None:
        """Telemetry while the configuration has it; loading it here takes a millisecond, and its thread the rest."""
        if self.registry.telemetry is None:
            return None
        if self._background_telemetry is None:
            self._background_telemetry = self._load_telemetry()
        return self._background_telemetry

    def _new_telemetry(self, programs: Programs) -> BackgroundTelemetry:
        from modelport.app.telemetry import load_telemetry

        return load_telemetry(self.registry, self.environment, programs, self._secrets.secret_env_vars, self.log)

    async def check_telemetry(self) -> Check:
        """The check of telemetry, for diagnostics."""
        from modelport.engine.telemetry.settings import check

        telemetry = self._background_telemetry
        return check(self.registry, self.environment, telemetry.status if telemetry is not None else None)

    def _load_tokens(self) -> StoredTokens:
        from modelport.adapters.log_ins.oauth.refresh import Refresher
        from modelport.adapters.log_ins.oauth.renewal import StoredTokens

        self._tokens = StoredTokens(Refresher(self._pool.get_now()), self.store, self.folder / "log-ins")
        return self._tokens

    def _load_log_ins(self) -> LoggingIn:
        from modelport.adapters.log_ins.oauth.flows import OAuthFlows
        from modelport.engine.log_ins.logging_in import LoggingIn

        flows = OAuthFlows(self._pool.get_now())
        return LoggingIn(self.registry, self.credentials, self.store, self._secrets, flows, self.clock)

    def _load_agents(self) -> AgentDiscovery:
        from modelport.app.agents import AgentCore

        return AgentCore(self._secrets.secret_env_vars, self.workspace).discovery()

    async def open_page(self, uri: str) -> None:
        """Opens a page in the user's browser, which gets no key."""
        from modelport.adapters.child_processes.browser import open_page

        work = partial(open_page, uri, dict(self.environment.variables()), self._secrets.secret_env_vars())
        await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    async def aclose(self) -> None:
        """Closes connections and files, ends the model servers of this process, and has telemetry send the rest."""
        telemetry = self._background_telemetry
        if telemetry is not None:
            telemetry.close()
        await self.local_models.aclose()
        await self.programs.aclose()
        if self._tokens is not None:
            await self._tokens.settled()
        if (pool := await self._pool.settled()) is not None:
            await pool.aclose()
        await self.circuits.aclose()
        await self.ledger.aclose()
        if telemetry is not None:
            await anyio.to_thread.run_sync(telemetry.join, abandon_on_cancel=True)
