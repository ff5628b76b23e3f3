"""The checks of an installation: each finds its trouble, and none is stopped by another's."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.configuration import Configuration, FileRead, Problem
from modelport.domain.providers.registry import Registry
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.types import Check
from support.builders import KeptByVendors, MemoryLedger, MemoryStore, Variables, row, values

REGISTRY = Registry([row("acme"), row("beta")])
KEY = "key-0123456789abcdef"
LOCKED = RequestFailed("auth_required", "The keyring refused (no): unlock it.", action="unlock the keyring")


class Folder:
    """A data folder in whatever state."""

    path = "/home/me/data"

    def __init__(self, problem: str | None = None) -> None:
        self._problem = problem

    async def problem(self) -> str | None:
        return self._problem


class File:
    """A configuration file in whatever state."""

    def __init__(self, *problems: Problem, exists: bool = False) -> None:
        broken = any(problem.level == "error" for problem in problems)
        configuration = None if broken else Configuration()
        self._read = FileRead(
            path="/home/me/config.toml", exists=exists, configuration=configuration, problems=problems
        )

    def stamp(self) -> object:
        return "unchanged"

    def read(self) -> FileRead:
        return self._read


async def no_folder() -> Check:
    return Check(id="localModels", status="ok", detail="none")


async def checks(
    store: MemoryStore | None = None,
    ledger: MemoryLedger | None = None,
    problem: str | None = None,
    file: File | None = None,
    **variables: str,
) -> dict[str, Check]:
    store, environment = store or MemoryStore(), Variables(**variables)
    credentials = Credentials(REGISTRY, environment, store, KeptByVendors(), values(REGISTRY, environment))
    configuration = ActiveConfiguration(Registry(REGISTRY.all()), file or File())
    configuration.load()
    diagnostics = Diagnostics("1.2.3", environment, Folder(problem), credentials, store, ledger or MemoryLedger(), configuration, no_folder)  # type: ignore[arg-type]  # fmt: skip
    return {check.id: check for check in (await diagnostics.run()).checks}


async def test_an_installation_in_order() -> None:
    found = await checks(MemoryStore(beta=KEY), ACME_API_KEY=KEY)
    assert list(found) == [
        "program",
        "configuration",
        "dataFolder",
        "usageLedger",
        "keyring",
        "credentials",
        "localModels",
        "proxy",
    ]
    assert {check.status for check in found.values()} == {"ok"}
    assert "modelport 1.2.3, Python 3." in found["program"].detail
    assert found["credentials"].detail == "acme (environment), beta (keyring)"
    assert found["proxy"].detail == "none"
    assert KEY not in str(found)


async def test_a_folder_that_cannot_be_written_fails_and_says_what_to_do() -> None:
    check = (await checks(problem="Read-only file system"))["dataFolder"]
    assert check.status == "fail"
    assert "Read-only file system" in check.detail
    assert "MODELPORT_DATA_DIR" in (check.action or "")


async def test_a_ledger_in_trouble_fails() -> None:
    ledger = MemoryLedger()
    ledger.trouble = RequestFailed("provider_unavailable", "The ledger is broken.", action="mend it")
    check = (await checks(ledger=ledger))["usageLedger"]
    assert (check.status, check.detail, check.action) == ("fail", "The ledger is broken.", "mend it")


async def test_a_keyring_in_trouble_is_a_warning() -> None:
    store = MemoryStore()
    store.trouble = LOCKED
    check = (await checks(store))["keyring"]
    assert check.status == "warn"
    assert "unlock" in check.detail
    assert check.action


async def test_a_keyring_that_does_not_open_stops_no_other_check() -> None:
    store = MemoryStore(beta=KEY)
    store.trouble = LOCKED
    found = await checks(store, ACME_API_KEY=KEY)
    assert list(found) == [
        "program",
        "configuration",
        "dataFolder",
        "usageLedger",
        "keyring",
        "credentials",
        "localModels",
        "proxy",
    ]
    assert "acme (environment)" in found["credentials"].detail


async def test_no_key_at_all_is_a_warning_with_a_way_out() -> None:
    check = (await checks())["credentials"]
    assert check.status == "warn"
    assert "modelport keys set" in (check.action or "")


async def test_a_proxy_is_named() -> None:
    assert "HTTPS_PROXY" in (await checks(HTTPS_PROXY="http://proxy:8080"))["proxy"].detail
    assert "http_proxy" in (await checks(http_proxy="http://user:word@proxy:8080"))["proxy"].detail
    assert "word" not in (await checks(http_proxy="http://user:word@proxy:8080"))["proxy"].detail


async def test_a_broken_configuration_fails_with_its_lines_and_a_warning_warns() -> None:
    mistake = Problem(message="There is no such setting.", key="providers.acme.x", line=3)
    check = (await checks(file=File(mistake, exists=True)))["configuration"]
    assert check.status == "fail"
    assert "/home/me/config.toml: Line 3, providers.acme.x: There is no such setting." in check.detail
    assert check.action
    remark = Problem(message="A key in a file.", level="warning")
    check = (await checks(file=File(remark, exists=True)))["configuration"]
    assert (check.status, check.detail) == ("warn", "/home/me/config.toml: A key in a file.")
