"""Puts the engine and the adapters together; the only module that knows both."""

from __future__ import annotations

import logging

from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.adapters.dialects.table import DialectTable
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_data import load_registry
from modelport.adapters.system import LocalFolder, ProcessEnvironment, SystemClock, data_folder
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.engine.completions import Completions
from modelport.engine.connections import Connections
from modelport.engine.credentials import Credentials
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.endpoints import Endpoints
from modelport.engine.providers import Providers
from modelport.engine.usage import UsageReports
from modelport.protocol.initialize import VERSION


class App:
    """The engine of one process, ready to use.

    Making one reads the provider data, which takes some 20 ms: make it off the event loop.
    """

    def __init__(self) -> None:
        environment = ProcessEnvironment()
        folder = data_folder(environment.variables())
        self.registry = load_registry()
        self._pool = HttpPool()
        self._ledger = SqliteLedger(folder / "usage.sqlite3")
        store = KeyringStore(folder / "keyring-providers.json")
        dialects = DialectTable(self._pool)
        vendor_files = LocalVendorFiles(environment)
        self.credentials = Credentials(self.registry, environment, store, vendor_files)
        endpoints = Endpoints(environment, vendor_files, self.credentials, dialects)
        self.connections = Connections(self.registry, self.credentials, endpoints, dialects)
        self.providers = Providers(self.registry, environment, self.credentials, self.connections, dialects)
        self.completions = Completions(
            self.connections, dialects, self._ledger, SystemClock(), logging.getLogger("modelport.engine")
        )
        self.usage = UsageReports(self._ledger)
        self.diagnostics = Diagnostics(VERSION, environment, LocalFolder(folder), self.credentials, store, self._ledger)

    async def aclose(self) -> None:
        """Closes connections and files."""
        await self._pool.aclose()
        await self._ledger.aclose()
