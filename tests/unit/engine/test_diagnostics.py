"""The checks of an installation: each finds its trouble, and none is stopped by another's."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

import pytest

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.configuration import Configuration, FileRead, Problem
from modelport.domain.providers.registry import Registry
from modelport.engine.diagnostics import Diagnostics
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.types import AttemptError, Check, Circuit, CredentialStoreStatus, Health
from support.builders import KeptByVendors, MemoryLedger, MemoryStore, Variables, row, values

REGISTRY = Registry([row("acme"), row("beta")])
KEY = "key-0123456789abcdef"
IDS = [
    "program",
    "configuration",
    "dataFolder",
    "usageLedger",
    "keyring",
    "keyStores",
    "credentials",
    "health",
    "localModels",
    "prices",
    "programs",
    "telemetry",
    "proxy",
    "certificates",
]
LOCKED = RequestFailed("keyring_unavailable", "The keyring refused (no): unlock it.", action="unlock the keyring")


class Folder:
    """A data folder in whatever state."""

    path = "/home/me/data"

    def __init__(self, problem: str | None = None, openness: str | None = None) -> None:
        self._problem = problem
        self._openness = openness

    async def problem(self) -> str | None:
        return self._problem

    async def openness(self) -> str | None:
        return self._openness


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


async def prices() -> Check:
    return Check(id="prices", status="ok", detail="lists of today")


async def no_programs() -> Check:
    return Check(id="programs", status="ok", detail="none")


async def telemetry() -> Check:
    return Check(id="telemetry", status="ok", detail="off")


async def checks(
    store: MemoryStore | None = None,
    ledger: MemoryLedger | None = None,
    problem: str | None = None,
    file: File | None = None,
    local_models: Callable[[], Awaitable[Check]] = no_folder,
    stale: tuple[str, str] | None = None,
    resting: Sequence[Health] = (),
    **variables: str,
) -> dict[str, Check]:
    store, environment = store or MemoryStore(), Variables(**variables)
    credentials = Credentials(REGISTRY, environment, store, KeptByVendors(), values(REGISTRY, environment))
    configuration = ActiveConfiguration(Registry(REGISTRY.all()), file or File())
    configuration.load()

    async def rests() -> Sequence[Health]:
        return resting

    diagnostics = Diagnostics("1.2.3", environment, Folder(problem), credentials, store, ledger or MemoryLedger(), configuration, local_models, prices, no_programs, telemetry, logging.getLogger(), lambda: stale, rests)  # type: ignore[arg-type]  # fmt: skip
    return {check.id: check for check in (await diagnostics.run()).checks}


async def test_an_installation_in_order() -> None:
    found = await checks(MemoryStore(beta=KEY), ACME_API_KEY=KEY)
    assert list(found) == IDS
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


class Stores(MemoryStore):
    """A keyring, a client's vault and a file of keys in any state."""

    def __init__(self, *states: CredentialStoreStatus) -> None:
        super().__init__()
        self._states = states

    async def statuses(self, *, prompting: bool = False) -> Sequence[CredentialStoreStatus]:
        return [*await super().statuses(), *self._states]


async def test_each_store_of_keys_is_shown_with_what_to_do() -> None:
    vault = CredentialStoreStatus(id="client", state="unavailable", name="client", detail="It offers no vault.")
    file = CredentialStoreStatus(id="file", state="disabled", name="~/keys.json", detail="No key is in it.")
    check = (await checks(Stores(vault, file)))["keyStores"]
    assert (check.status, check.action) == ("ok", None)
    assert check.detail == "client (unavailable): It offers no vault.; ~/keys.json (disabled): No key is in it."
    file = CredentialStoreStatus(
        id="file", state="locked", name="~/keys.json", detail="No passphrase.", action="set it"
    )
    check = (await checks(Stores(vault, file)))["keyStores"]
    assert (check.status, check.action) == ("warn", "set it")


async def test_a_keyring_that_does_not_open_stops_no_other_check() -> None:
    store = MemoryStore(beta=KEY)
    store.trouble = LOCKED
    found = await checks(store, ACME_API_KEY=KEY)
    assert list(found) == IDS
    assert "acme (environment)" in found["credentials"].detail


@pytest.mark.parametrize("part", ["statuses", "providers", "get", "totals", "problem", "folder", "local_models"])
@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ValueError("Empty module name"), "this could not be checked (ValueError)"),
        (OSError("secret text"), "this could not be checked (OSError)"),
        (RequestFailed("keyring_unavailable", "It is locked."), "It is locked."),
    ],
)
async def test_a_check_that_raises_has_failed_and_stops_no_other(
    part: str, error: Exception, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> Check:
        raise error

    owners = {"statuses": MemoryStore, "providers": MemoryStore, "get": MemoryStore, "folder": Folder}
    if part != "local_models":
        monkeypatch.setattr(owners.get(part, MemoryLedger), "problem" if part == "folder" else part, fail)
    found = await checks(MemoryStore(beta=KEY), local_models=fail if part == "local_models" else no_folder)
    assert list(found) == IDS
    raised, *_ = [check for check in found.values() if check.status != "ok"] or [found["credentials"]]
    if part != "get" or not isinstance(error, RequestFailed):
        assert detail in raised.detail
    assert "secret text" not in str(found)


async def test_no_key_at_all_is_a_warning_with_a_way_out() -> None:
    check = (await checks())["credentials"]
    assert check.status == "warn"
    assert "modelport keys set" in (check.action or "")


async def test_what_rests_is_named_with_its_end_and_a_way_out() -> None:
    circuit = Circuit(
        state="open",
        base_url="https://acme.example",
        model="m",
        one_key=True,
        background=False,
        until="2026-11-30T16:45:07.000Z",
        retry_after_ms=7000,
        error=AttemptError(kind="rate_limited", message="Slow down."),
        failures=2,
        client="Zed",
    )
    check = (await checks(resting=[Health(provider="acme", ok=False, calls=0, failures=0, circuits=(circuit,))]))[
        "health"
    ]
    assert check.status == "warn"
    assert check.detail == (
        "acme/m with one of its keys rests until 2026-11-30T16:45:07.000Z (rate_limited, 2 in a row, called by Zed)"
    )
    assert "modelport providers --reset" in (check.action or "")


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


async def test_a_variable_that_names_certificates_which_are_not_there() -> None:
    check = (await checks(stale=("SSL_CERT_FILE", "/gone/ca.pem")))["certificates"]
    assert (check.status, check.action) == ("fail", "correct or unset SSL_CERT_FILE")
    assert "/gone/ca.pem" in check.detail
