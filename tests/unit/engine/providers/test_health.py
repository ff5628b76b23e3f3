"""The health of providers: this session's calls beside what rests for all editors."""

from __future__ import annotations

import pytest

from modelport.adapters.failover.memory import MemoryCircuits
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.failover.circuits import Route
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.health import ProviderHealth, forget_failures, problem
from modelport.protocol.types import AttemptError, Circuit, ConnectProviderParams, ErrorKind, Health
from support.builders import MemoryStore, Scripted, Variables, connections, row

T0 = 1_800_000_000_000
ROUTE = Route(provider="acme", address="https://acme.example/v1", key="k1", model="m", client="Zed")
REGISTRY = Registry([row("acme"), row("beta")])


class Time:
    ms = T0

    def now_ms(self) -> int:
        return self.ms


class World:
    def __init__(self) -> None:
        self.clock = Time()
        self.circuits = MemoryCircuits(self.clock, lambda: 0.5)
        environment = Variables(ACME_API_KEY="key-0123456789", BETA_API_KEY="key-0123456789")
        _, self.connections = connections(REGISTRY, environment, MemoryStore(), Scripted())
        self.health = ProviderHealth(REGISTRY, self.connections, self.circuits, self.clock)

    async def fail(self, kind: ErrorKind = "rate_limited", on: Route = ROUTE) -> None:
        await self.circuits.failed(on, RequestFailed(kind, "Slow down.", retry_after_ms=30_000))


async def test_without_a_failure_there_is_nothing_to_see() -> None:
    world = World()
    world.connections.record_health("acme", 5, None)
    assert (await world.health.status()) == world.connections.status()
    assert await world.health.resting() == []
    assert problem(await world.health.resting()) is None


async def test_what_another_editor_has_met_is_shown_beside_the_calls_of_this_session() -> None:
    world = World()
    world.connections.record_health("acme", 5, None)
    await world.fail()
    await world.fail("network", Route(provider="beta", address="https://beta.example/v1", key="", model="b"))
    acme, beta = (await world.health.status()).health
    assert (acme.ok, acme.calls) == (True, 1)
    assert acme.circuits == (
        Circuit(
            state="open",
            base_url="https://acme.example/v1",
            model="m",
            one_key=True,
            background=False,
            until="2027-01-15T08:00:30.000Z",
            retry_after_ms=30_000,
            error=AttemptError(kind="rate_limited", message="Slow down."),
            failures=1,
            client="Zed",
        ),
    )
    assert (beta.provider, beta.ok, beta.calls) == ("beta", False, 0)
    (circuit,) = beta.circuits or ()
    assert (circuit.model, circuit.one_key, circuit.client) == (None, False, None)


async def test_after_the_rest_the_next_call_tries_and_then_it_waits_for_that_call() -> None:
    world = World()
    await world.fail()
    world.clock.ms += 31_000
    (health,) = await world.health.resting()
    (circuit,) = health.circuits or ()
    assert (circuit.state, circuit.retry_after_ms, circuit.until) == ("halfOpen", 0, "2027-01-15T08:00:30.000Z")
    assert "is tried by the next call" in (problem([health]) or "")
    await world.circuits.admit(ROUTE)
    (circuit,) = (await world.health.resting())[0].circuits or ()
    assert (circuit.state, circuit.retry_after_ms) == ("open", 30_000)


async def test_a_connection_of_its_own_shows_what_rests_at_its_address() -> None:
    world = World()
    for name, host in (("work", "work"), ("home", "home")):
        params = ConnectProviderParams(provider="acme", name=name, base_url=f"https://{host}.example/v1", model="m")
        await world.connections.connect(params)
        world.connections.record_health("acme", 5, None, name)
    await world.fail(on=Route(provider="acme", address="https://work.example/v1", key="k1", model="m"))
    found = {one.connection: one.circuits for one in (await world.health.status()).health}
    assert found["home"] is None
    assert [circuit.base_url for circuit in found["work"] or ()] == ["https://work.example/v1"]


async def test_a_reset_takes_a_name_or_an_alias_and_refuses_what_is_none() -> None:
    world = World()
    await world.fail()
    assert await world.health.reset("ACME") == 1
    assert await world.health.resting() == []
    with pytest.raises(InvalidParams, match="No provider is called"):
        await world.health.reset("gamma")


async def test_a_check_that_is_passed_ends_a_rest_but_for_rate_limits() -> None:
    world = World()
    await world.fail()
    await world.fail("auth_rejected")
    await forget_failures(world.circuits, "acme")
    (health,) = await world.health.resting()
    assert [circuit.error.kind for circuit in health.circuits or ()] == ["rate_limited"]


async def test_a_check_is_passed_although_the_others_cannot_learn_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def refuse(*_: object, **__: object) -> int:
        raise RequestFailed("provider_unavailable", "No.")

    monkeypatch.setattr(world.circuits, "reset", refuse)
    await forget_failures(world.circuits, "acme")


async def test_a_connection_that_is_checked_says_so_and_one_that_is_not_does_not() -> None:
    answered: list[str] = []

    async def note(provider: str) -> None:
        answered.append(provider)

    world = World()
    world.connections._answered = note
    await world.connections.connect(ConnectProviderParams(provider="acme", model="m", verify=False))
    assert answered == []
    await world.connections.connect(ConnectProviderParams(provider="acme", model="m"))
    assert answered == ["acme"]


def test_nothing_of_a_health_without_circuits_is_a_problem() -> None:
    assert problem([Health(provider="acme", ok=True, calls=1, failures=0)]) is None
