"""Checks this installation; each failed check has an action that mends it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import CredentialStore, DataFolder, Environment, UsageLedger
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.types import Check, RunDiagnosticsResult


class Diagnostics:
    """The use case of ``diagnostics/run``. Makes no network request."""

    def __init__(
        self,
        version: str,
        environment: Environment,
        folder: DataFolder,
        credentials: Credentials,
        store: CredentialStore,
        ledger: UsageLedger,
        configuration: ActiveConfiguration,
        local_models: Callable[[], Awaitable[Check]],
    ) -> None:
        self._version = version
        self._environment = environment
        self._folder = folder
        self._credentials = credentials
        self._store = store
        self._ledger = ledger
        self._configuration = configuration
        self._local_models = local_models

    async def run(self) -> RunDiagnosticsResult:
        """All checks, in a fixed order; a check that cannot be made has failed."""
        checks: tuple[Callable[[], Awaitable[Check]], ...] = (
            self._program,
            self._config_file,
            self._data_folder,
            self._usage_ledger,
            self._keyring,
            self._providers,
            self._local_models,
            self._proxy,
        )
        return RunDiagnosticsResult(checks=tuple([await check() for check in checks]))

    async def _program(self) -> Check:
        python = ".".join(map(str, sys.version_info[:3]))
        return Check(id="program", status="ok", detail=f"modelport {self._version}, Python {python}, {sys.platform}")

    async def _config_file(self) -> Check:
        return self._configuration.check()

    async def _data_folder(self) -> Check:
        problem = await self._folder.problem()
        if problem is None:
            return Check(id="dataFolder", status="ok", detail=str(self._folder.path))
        return Check(
            id="dataFolder",
            status="fail",
            detail=f"{self._folder.path}: {problem}",
            action="make the folder writable, or set MODELPORT_DATA_DIR",
        )

    async def _usage_ledger(self) -> Check:
        try:
            totals = await self._ledger.totals()
        except RequestFailed as error:
            return Check(id="usageLedger", status="fail", detail=error.message, action=error.action)
        return Check(id="usageLedger", status="ok", detail=f"{totals.total_calls} calls recorded")

    async def _keyring(self) -> Check:
        try:
            name = await self._store.describe()
        except RequestFailed as error:
            hint = "set keys in the environment, or install a keyring such as gnome-keyring"
            action = hint if error.kind == "unsupported" else error.action
            return Check(id="keyring", status="warn", detail=error.message, action=action)
        return Check(id="keyring", status="ok", detail=name)

    async def _providers(self) -> Check:
        statuses = await self._credentials.list()
        if not statuses:
            return Check(
                id="credentials",
                status="warn",
                detail="no key was found for any provider",
                action="set a provider's environment variable, or run modelport keys set PROVIDER",
            )
        detail = ", ".join(f"{status.provider} ({status.source})" for status in statuses)
        return Check(id="credentials", status="ok", detail=detail)

    async def _proxy(self) -> Check:
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
        variables = self._environment.variables()
        used = [name for name in names if variables.get(name)]
        detail = f"taken from {used[0]}; this machine's own servers are reached directly" if used else "none"
        return Check(id="proxy", status="ok", detail=detail)
