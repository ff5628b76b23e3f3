"""Checks this installation; each failed check has an action that mends it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
import anyio.to_thread

from modelport.domain.errors import ModelportError, RequestFailed
from modelport.domain.ports import CredentialStore, DataFolder, Environment, Log, UsageLedger
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.health import problem
from modelport.protocol.types import Check, Health, RunDiagnosticsResult


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
        prices: Callable[[], Awaitable[Check]],
        programs: Callable[[], Awaitable[Check]],
        telemetry: Callable[[], Awaitable[Check]],
        log: Log,
        stale_certificates: Callable[[], tuple[str, str] | None],
        resting: Callable[[], Awaitable[Sequence[Health]]],
    ) -> None:
        self._version = version
        self._environment = environment
        self._folder = folder
        self._credentials = credentials
        self._store = store
        self._ledger = ledger
        self._configuration = configuration
        self._local_models = local_models
        self._prices = prices
        self._programs = programs
        self._telemetry = telemetry
        self._log = log
        self._stale_certificates = stale_certificates
        self._resting = resting

    async def run(self) -> RunDiagnosticsResult:
        """All checks, in a fixed order; a check that raises has failed, and stops no other."""
        checks: Mapping[str, Callable[[], Awaitable[Check]]] = {
            "program": self._program,
            "configuration": self._config_file,
            "dataFolder": self._data_folder,
            "usageLedger": self._usage_ledger,
            "keyring": self._keyring,
            "keyStores": self._key_stores,
            "credentials": self._providers,
            "health": self._health,
            "localModels": self._local_models,
            "prices": self._prices,
            "programs": self._programs,
            "telemetry": self._telemetry,
            "proxy": self._proxy,
            "certificates": self._certificates,
        }
        return RunDiagnosticsResult(checks=tuple([await self._guarded(name, check) for name, check in checks.items()]))

    async def _guarded(self, name: str, check: Callable[[], Awaitable[Check]]) -> Check:
        """The check, or a failed one in its place: what diagnoses an installation has to survive its state."""
        try:
            return await check()
        except ModelportError as error:
            return Check(id=name, status="fail", detail=error.message, action=error.action)
        except Exception as error:  # noqa: BLE001  a check may meet anything, and the others are still made
            self._log.info("The check %s raised.", name, exc_info=True)
            return Check(
                id=name,
                status="fail",
                detail=f"this could not be checked ({type(error).__name__})",
                action="set MODELPORT_LOG=info, and report the lines that are logged",
            )

    async def _program(self) -> Check:
        python = ".".join(map(str, sys.version_info[:3]))
        return Check(id="program", status="ok", detail=f"modelport {self._version}, Python {python}, {sys.platform}")

    async def _config_file(self) -> Check:
        return self._configuration.check()

    async def _data_folder(self) -> Check:
        problem = await self._folder.problem()
        if problem is None:
            openness = await self._folder.openness()
            if openness is not None:
                return Check(
                    id="dataFolder",
                    status="warn",
                    detail=f"{self._folder.path}: {openness}",
                    action=f"close it to them: chmod 700 {self._folder.path}",
                )
            return Check(id="dataFolder", status="ok", detail=str(self._folder.path))
        return Check(
            id="dataFolder",
            status="fail",
            detail=f"{self._folder.path}: {problem}",
            action="make the folder writable and its disk not full, or set MODELPORT_DATA_DIR",
        )

    async def _usage_ledger(self) -> Check:
        try:
            totals = await self._ledger.totals()
            problem = await self._ledger.problem()
        except RequestFailed as error:
            return Check(id="usageLedger", status="fail", detail=error.message, action=error.action)
        if problem is not None:
            return Check(id="usageLedger", status="warn", detail=problem, action="check the data folder")
        return Check(id="usageLedger", status="ok", detail=f"{totals.total_calls} calls recorded")

    async def _keyring(self) -> Check:
        (keyring,) = [one for one in await self._store.statuses(prompting=True) if one.id == "keyring"]
        if keyring.state == "available":
            return Check(id="keyring", status="ok", detail=keyring.name)
        return Check(id="keyring", status="warn", detail=keyring.detail, action=keyring.action)

    async def _key_stores(self) -> Check:
        """The stores besides the keyring. One that is not in use is in order."""
        others = [one for one in await self._store.statuses() if one.id not in ("keyring", "session")]
        detail = "; ".join(f"{one.name} ({one.state}): {one.detail}" for one in others)
        action = next((one.action for one in others if one.action is not None), None)
        return Check(id="keyStores", status="warn" if action else "ok", detail=detail or "none", action=action)

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

    async def _health(self) -> Check:
        found = problem(await self._resting())
        if found is None:
            return Check(id="health", status="ok", detail="no provider rests after a failure")
        action = "wait, or call again at once with modelport providers --reset PROVIDER"
        return Check(id="health", status="warn", detail=found, action=action)

    async def _proxy(self) -> Check:
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
        variables = self._environment.variables()
        used = [name for name in names if variables.get(name)]
        detail = f"taken from {used[0]}; this machine's own servers are reached directly" if used else "none"
        return Check(id="proxy", status="ok", detail=detail)

    async def _certificates(self) -> Check:
        stale = await anyio.to_thread.run_sync(self._stale_certificates)
        if stale is None:
            return Check(id="certificates", status="ok", detail="every file that the environment names is there")
        name, path = stale
        return Check(
            id="certificates",
            status="fail",
            detail=f"{name} names {path}, which does not exist",
            action=f"correct or unset {name}",
        )
