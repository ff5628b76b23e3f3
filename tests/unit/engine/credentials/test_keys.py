"""Keys as a whole: which shadow which, what keeps them from being used, what providers say to them, and their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.failover.memory import MemoryCircuits
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.failover.circuits import Route
from modelport.domain.providers.connection import Endpoint, Overrides, Verification
from modelport.domain.providers.credential import Credential, StoredKey
from modelport.domain.providers.registry import Registry
from modelport.engine.credentials.checks import KeyChecks
from modelport.engine.credentials.deletion import KeyDeletion
from modelport.engine.credentials.key_endpoints import KeyEndpoints
from modelport.engine.credentials.listing import CredentialList
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.engine.providers.stored_connections import StoredConnections
from modelport.lazy import Lazy
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, DeleteCredentialParams, KeyCheck
from support.builders import (
    FixedClock,
    KeptByVendors,
    Listeners,
    MemoryStore,
    Printing,
    Scripted,
    Variables,
    row,
    values,
)

KEY, OTHER, THIRD = "key-0123456789abcd", "key-0123456789wxyz", "key-0123456789ijkl"
ACME = row("acme", api_key_env_vars=("ACME_API_KEY", "ACME_TOKEN"), default_model="large")
BETA = row("beta")
LOCAL = row("local", requires_api_key=False)
COPILOT = row("copilot", auth="copilot", requires_api_key=False)
NOW = 1_800_000_000_000


class Uses:
    """A ``KeyUses`` in memory."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], int] = {}
        self.trouble: RequestFailed | None = None

    async def last_used_ms(self) -> Mapping[tuple[str, str], int]:
        if self.trouble is not None:
            raise self.trouble
        return self.found


class Judge(Scripted):
    """Verifies by key: what is in ``refusals`` is raised for it, what is in ``unproved`` proves nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: dict[str, Exception] = {}
        self.unproved: set[str] = set()
        self.asked: list[tuple[str, str, str]] = []
        self.slow_s = 0.0
        self.running = self.most = 0

    async def get(self, endpoint: Endpoint) -> Judge:
        return self

    async def verify(self, endpoint: Endpoint) -> Verification:
        key = endpoint.credential.secret.reveal() if endpoint.credential.secret else ""
        self.asked.append((endpoint.provider.id, endpoint.base_url, key))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await anyio.sleep(self.slow_s)
        finally:
            self.running -= 1
        if key in self.refusals:
            raise self.refusals[key]
        return Verification(verified=key not in self.unproved, models=())


class World:
    """The use cases with everything around them in memory."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        overrides: Mapping[str, Overrides] | None = None,
        kept: KeptByVendors | None = None,
        rows: Any = (ACME, BETA, LOCAL, COPILOT),
        **variables: str,
    ) -> None:
        self.store = store or MemoryStore()
        self.registry = Registry(rows, overrides or {})
        self.environment = Variables(**variables)
        self.commands = Printing()
        self.clock = FixedClock(NOW)
        self.circuits = MemoryCircuits(self.clock, lambda: 0.5)
        self.uses = Uses()
        self.judge = Judge()
        kept = kept or KeptByVendors()
        secrets = values(self.registry, self.environment, self.commands)
        self.credentials = Credentials(self.registry, self.environment, self.store, kept, secrets)
        self.listing = CredentialList(self.registry, self.credentials, self.circuits, self.uses, self.clock)
        endpoints = Endpoints(self.environment, kept, self.credentials, self.judge, secrets)
        guard = ListenerGuard(Lazy(Listeners))
        stored = StoredConnections(self.registry, self.credentials)
        found = KeyEndpoints(self.registry, self.listing, stored, endpoints, guard)
        self.checks = KeyChecks(found, self.judge, self.circuits, timeout_s=0.2)
        self.deletion = KeyDeletion(self.registry, self.credentials, self.store, self.listing)

    async def listed(self) -> list[CredentialStatus]:
        return list(await self.listing.list())

    async def test(
        self, provider: str | None = None, name: str | None = None
    ) -> list[tuple[str, str | None, bool | None]]:
        """The outcomes by owner."""
        return [(one.provider, one.name, one.ok) for one in await self.checks.test(provider, name)]


def fingerprint(key: str) -> str:
    return Credential(provider="acme", source="keyring", secret=Secret(key)).fingerprint


def route(key: str = KEY, model: str = "large") -> Route:
    return Route(provider="acme", address="https://acme.example/v1", key=fingerprint(key), model=model)


def refusal(kind: Any = "auth_rejected") -> RequestFailed:
    return RequestFailed(kind, "No.")


# Lists.


async def test_each_source_is_listed_with_those_that_it_shadows() -> None:
    store = MemoryStore(acme=StoredKey(Secret(OTHER), "https://mine.example/v1", (Secret(THIRD),)))
    overrides = {
        "acme": Overrides(key_command=("pass", "acme"), file_key=Secret("key-in-a-file-0123"), file_name="litellm.yaml")
    }
    world = World(store, overrides, ACME_API_KEY=KEY, ACME_TOKEN="key-of-another-name-4567")
    (status,) = await world.listed()
    assert (status.source, status.location, status.last4) == ("environment", "ACME_API_KEY", "abcd")
    assert [(one.source, one.location, one.last4, one.base_url) for one in status.others or ()] == [
        ("environment", "ACME_TOKEN", "4567", None),
        ("command", "pass", None, None),
        ("keyring", "memory/acme", "wxyz", "https://mine.example/v1"),
        ("keyring", "memory/acme", "ijkl", "https://mine.example/v1"),
        ("file", "litellm.yaml", "0123", None),
    ]
    assert world.commands.runs == [], "a list runs no command"


async def test_the_first_of_the_sources_is_the_one_that_is_used() -> None:
    stored = {"acme": OTHER, "acme/work": THIRD, "local": KEY, "copilot": KEY}
    kept = KeptByVendors(
        copilot=Credential(provider="copilot", source="file", secret=Secret(OTHER), location="~/apps.json")
    )
    for variables in ({}, {"ACME_API_KEY": KEY}, {"ACME_TOKEN": KEY, "LOCAL_API_KEY": OTHER}):
        world = World(MemoryStore(**stored), kept=kept, **variables)
        used = await world.credentials.list()
        plain = [msgspec.structs.replace(one, others=None, health=None) for one in await world.listed()]
        assert plain == list(used)
    copilot = next(one for one in await world.listed() if one.provider == "copilot")
    assert [(one.source, one.location) for one in copilot.others or ()] == [("file", "~/apps.json")]


async def test_one_key_under_two_names_shadows_nothing() -> None:
    (status,) = await World(ACME_API_KEY=KEY, ACME_TOKEN=KEY).listed()
    assert status.others is None


async def test_several_keys_of_the_environment_are_used_one_after_the_other() -> None:
    world = World(overrides={"acme": Overrides(several_keys=True)}, ACME_API_KEY=KEY, ACME_TOKEN=OTHER)
    (status,) = await world.listed()
    assert [one.location for one in status.more_keys or ()] == ["ACME_TOKEN"]
    assert status.others is None


async def test_a_list_asks_for_no_password() -> None:
    store = MemoryStore(acme=KEY, beta=KEY)
    await store.set("acme/work", StoredKey(Secret(OTHER)))
    store.locked = True
    world = World(store, ACME_API_KEY=KEY)
    # What was called without a key says nothing about one that cannot be read.
    keyless = Route(provider="beta", address="https://beta.example/v1", key="", model="m")
    await world.circuits.failed(keyless, RequestFailed("rate_limited", "Slow.", retry_after_ms=60_000))
    acme, beta, work = await world.listed()
    assert [(one.source, one.last4) for one in acme.others or ()] == [("keyring", None)]
    assert (beta.source, beta.last4, beta.health, work.name, work.last4) == ("keyring", None, None, "work", None)
    assert store.locked


async def test_a_refused_key_is_marked_and_no_other() -> None:
    store = MemoryStore(acme=StoredKey(Secret(KEY), None, (Secret(OTHER),)))
    await store.set("acme/work", StoredKey(Secret(THIRD)))
    world = World(store)
    await world.circuits.failed(route(), refusal())
    await world.circuits.failed(route(OTHER), RequestFailed("rate_limited", "Slow down.", retry_after_ms=60_000))
    own, work = await world.listed()
    assert own.health is not None
    assert (own.health.state, own.health.until, own.health.model) == ("refused", "2027-01-16T08:00:00.000Z", None)
    assert (own.health.error.kind, own.health.error.message) == ("auth_rejected", "No.")
    (more,) = own.more_keys or ()
    assert more.health is not None
    assert (more.health.state, more.health.until, more.health.model) == ("resting", "2027-01-15T08:01:00.000Z", "large")
    assert work.health is None
    world.clock.now += 61_000
    (again, _) = await world.listed()
    assert again.more_keys is not None
    assert again.more_keys[0].health is not None
    assert again.more_keys[0].health.until is None, "the next call tries"


async def test_of_several_things_a_refusal_is_shown() -> None:
    world = World(ACME_API_KEY=KEY)
    await world.circuits.failed(route(model="a"), RequestFailed("rate_limited", "Slow.", retry_after_ms=7_200_000))
    await world.circuits.failed(route(model="b"), refusal("forbidden"))
    health = (await world.listed())[0].health
    assert health is not None
    assert (health.state, health.model, health.error.kind) == ("refused", "b", "forbidden")


async def test_an_entry_that_another_program_has_deleted_is_no_key() -> None:
    class Stale(MemoryStore):
        async def providers(self, *, quick: bool = False) -> list[str]:
            return ["acme", "acme/work", "beta"]

    world = World(Stale(), ACME_API_KEY=KEY)
    assert [(one.provider, one.name, one.source, one.others) for one in await world.listed()] == [
        ("acme", None, "environment", None)
    ]


async def test_what_rests_for_all_keys_is_said_of_no_key() -> None:
    world = World(ACME_API_KEY=KEY)
    await world.circuits.failed(route(), RequestFailed("network", "Gone."))
    assert (await world.listed())[0].health is None


async def test_the_last_use_is_that_of_each_key() -> None:
    world = World(MemoryStore(acme=OTHER), ACME_API_KEY=KEY)
    world.uses.found = {("acme", fingerprint(KEY)): NOW, ("beta", fingerprint(OTHER)): NOW}
    (status,) = await world.listed()
    assert status.last_used_at == "2027-01-15T08:00:00.000Z"
    assert [one.last_used_at for one in status.others or ()] == [None]
    world.uses.trouble = RequestFailed("provider_unavailable", "The ledger is locked.")
    assert (await world.listed())[0].last_used_at is None


# Checks.


async def test_every_key_is_checked_where_it_is_sent() -> None:
    store = MemoryStore(acme=StoredKey(Secret(KEY), "https://mine.example/v1", (Secret(OTHER),)), beta=KEY)
    await store.set("acme/work", StoredKey(Secret(THIRD), "https://work.example/v1"))
    world = World(store)
    world.judge.refusals = {OTHER: refusal()}
    results = await world.checks.test(None, None)
    assert [(one.provider, one.name, one.last4, one.ok) for one in results] == [
        ("acme", None, "abcd", True),
        ("acme", None, "wxyz", False),
        ("beta", None, "abcd", True),
        ("acme", "work", "ijkl", True),
    ]
    assert sorted(world.judge.asked) == sorted(
        [
            ("acme", "https://mine.example/v1", KEY),
            ("acme", "https://mine.example/v1", OTHER),
            ("beta", "https://beta.example/v1", KEY),
            ("acme", "https://work.example/v1", THIRD),
        ]
    )
    assert results[1].error is not None
    assert (results[1].error.kind, results[1].error.message) == ("auth_rejected", "No.")


async def test_a_check_may_be_of_one_provider_or_of_one_name() -> None:
    store = MemoryStore(acme=KEY, beta=KEY)
    await store.set("acme/work", StoredKey(Secret(OTHER)))
    world = World(store)
    assert await world.test("ACME") == [("acme", None, True), ("acme", "work", True)]
    assert await world.test("acme", "Work") == [("acme", "work", True)]
    # The provider's id is the name of its own connection.
    assert await world.test("acme", "acme") == [("acme", None, True)]


async def test_a_name_without_a_key_is_not_checked_with_another_key() -> None:
    world = World(ACME_API_KEY=KEY)
    (result,) = await world.checks.test("acme", "work")
    assert (result.ok, result.source) == (False, "none")
    assert result.error is not None
    assert "keys set acme --name work" in result.error.message
    assert world.judge.asked == []


@pytest.mark.parametrize(
    ("provider", "name", "field"), [("unknown", None, "provider"), (None, "work", "provider"), ("acme", "a/b", "name")]
)
async def test_what_names_no_key_is_refused(provider: str | None, name: str | None, field: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        await World().checks.test(provider, name)
    assert caught.value.field == field


async def test_a_provider_without_a_key_is_told_how_to_give_one() -> None:
    (result,) = await World().checks.test("acme", None)
    assert result.error is not None
    assert (result.ok, result.error.kind) == (False, "auth_required")
    assert await World().checks.test("local", None) == [KeyCheck(provider="local", source="notRequired")]


async def test_what_cannot_be_checked_for_free_is_neither_good_nor_bad() -> None:
    world = World(ACME_API_KEY=KEY)
    world.judge.unproved = {KEY}
    (result,) = await world.checks.test("acme", None)
    assert (result.ok, result.error, result.latency_ms) == (None, None, None)
    assert await world.circuits.admit(route()) is None


async def test_a_key_that_is_taken_is_no_longer_marked_and_its_rate_limits_stay() -> None:
    world = World(MemoryStore(acme=StoredKey(Secret(KEY), None, (Secret(OTHER),))))
    for key in (KEY, OTHER):
        await world.circuits.failed(route(key), refusal())
    await world.circuits.failed(route(model="small"), RequestFailed("rate_limited", "Slow.", retry_after_ms=60_000))
    world.judge.refusals = {OTHER: refusal()}
    assert await world.test("acme") == [("acme", None, True), ("acme", None, False)]
    assert await world.circuits.admit(route()) is None
    assert await world.circuits.admit(route(OTHER)) is not None, "the other key is still refused"
    assert await world.circuits.admit(route(model="small")) is not None


async def test_a_key_that_is_refused_is_marked_for_all_editors_and_an_outage_is_not() -> None:
    world = World(ACME_API_KEY=KEY)
    world.judge.refusals = {KEY: refusal("network")}
    assert await world.test("acme") == [("acme", None, False)]
    assert await world.circuits.open() == []
    world.judge.refusals = {KEY: refusal()}
    assert await world.test("acme") == [("acme", None, False)]
    assert await world.circuits.admit(route()) is not None


async def test_a_provider_that_does_not_answer_is_given_up() -> None:
    world = World(ACME_API_KEY=KEY)
    world.judge.slow_s = 60
    (result,) = await world.checks.test("acme", None)
    assert result.error is not None
    assert (result.ok, result.error.kind) == (False, "timeout")


async def test_at_most_four_are_asked_at_once() -> None:
    rows = [row(f"p{n}") for n in range(10)]
    world = World(MemoryStore(**{one.id: KEY for one in rows}), rows=rows)
    world.judge.slow_s = 0.02
    assert await world.test() == [(one.id, None, True) for one in rows]
    assert world.judge.most == 4


async def test_a_command_that_fails_spoils_no_other_check() -> None:
    world = World(overrides={"acme": Overrides(key_command=("pass", "acme"))}, BETA_API_KEY=KEY)
    results = await world.checks.test(None, None)
    assert [(one.provider, one.ok) for one in results] == [("acme", False), ("beta", True)]


# Deletion.


async def test_everywhere_is_the_provider_with_all_its_names_and_no_other() -> None:
    others = {"beta": KEY, "beta/acme": KEY, "acme-2": KEY, "acme-2/work": KEY}
    store = MemoryStore(**{"acme": KEY, "acme/work": KEY, "acme/home": KEY, **others})
    world = World(store, {"acme": Overrides(key_command=("pass", "acme"))}, ACME_API_KEY=KEY)
    status = await world.deletion.delete(DeleteCredentialParams(provider="Acme", everywhere=True))
    assert store.keys.keys() == others.keys()
    assert (status.source, status.location) == ("environment", "ACME_API_KEY")
    assert [(one.source, one.location) for one in status.others or ()] == [("command", "pass")]


async def test_everywhere_finds_nothing_left() -> None:
    world = World(MemoryStore(acme=KEY))
    status = await world.deletion.delete(DeleteCredentialParams(provider="acme", everywhere=True))
    assert status == CredentialStatus(provider="acme", source="none")


async def test_everywhere_goes_with_no_name() -> None:
    store = MemoryStore(acme=KEY)
    with pytest.raises(InvalidParams) as caught:
        await World(store).deletion.delete(DeleteCredentialParams(provider="acme", name="work", everywhere=True))
    assert caught.value.field == "name"
    assert list(store.keys) == ["acme"]


async def test_one_key_is_deleted_by_its_name() -> None:
    store = MemoryStore(**{"acme": KEY, "acme/work": KEY})
    await World(store).deletion.delete(DeleteCredentialParams(provider="acme", name="work"))
    assert list(store.keys) == ["acme"]


async def test_all_are_those_of_providers_that_are_no_more_too_and_those_that_no_list_has() -> None:
    class Listed(MemoryStore):
        async def providers(self, *, quick: bool = False) -> list[str]:
            return [name for name in self.keys if name != "beta"]

    store = Listed(**{"acme": KEY, "gone": KEY, "gone/work": KEY, "beta": KEY})
    assert await World(store).deletion.delete_all() == ["acme", "gone", "gone/work", "beta"]
    assert store.keys == {}
