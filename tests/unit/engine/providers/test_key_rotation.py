"""Several keys of one provider: which is sent, and which one after it."""

from __future__ import annotations

import pytest

from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.connections import Connections
from modelport.protocol.secret import Secret
from support.builders import MemoryStore, Scripted, Variables, connections, row

A, B, C = "key-a-0123456789", "key-b-0123456789", "key-c-0123456789"
NAMES = ("ACME_KEY_A", "ACME_KEY_B", "ACME_KEY_C")
ACME = row("acme", api_key_env_vars=NAMES)
SEVERAL = {"acme": Overrides(several_keys=True)}


def world(
    store: MemoryStore | None = None, overrides: dict[str, Overrides] | None = None, **variables: str
) -> Connections:
    registry = Registry([ACME, row("free", auth="none", requires_api_key=False)], overrides or {})
    return connections(registry, Variables(**variables), store or MemoryStore(), Scripted())[1]


async def keys(owner: Connections, provider: str = "acme", *, until: int = 9) -> list[str]:
    """The keys of one request that goes on to the next until there is none, or ``until`` are tried."""
    found: list[str] = []
    tried: list[str] = []
    target = (await owner.target(provider, None)).provider
    while len(found) < until and (endpoint := await owner.next_endpoint(target, "m", tried)) is not None:
        tried.append(endpoint.credential.fingerprint)
        found.append(endpoint.credential.secret.reveal() if endpoint.credential.secret else "")
    return found


async def test_the_keys_come_in_their_order_and_each_once() -> None:
    owner = world(None, SEVERAL, ACME_KEY_A=A, ACME_KEY_B=B, ACME_KEY_C=C)
    assert await keys(owner) == [A, B, C]


async def test_a_key_stays_in_use_until_it_fails() -> None:
    owner = world(None, SEVERAL, ACME_KEY_A=A, ACME_KEY_B=B, ACME_KEY_C=C)
    assert await keys(owner, until=1) == [A]
    assert await keys(owner, until=1) == [A]
    # The first one fails: the second answers, and the next request begins with it.
    assert await keys(owner, until=2) == [A, B]
    assert await keys(owner, until=1) == [B]
    assert await keys(owner, until=3) == [B, C, A]
    assert await keys(owner, until=1) == [A]


async def test_after_all_of_them_failed_the_first_is_in_use_again() -> None:
    owner = world(None, SEVERAL, ACME_KEY_A=A, ACME_KEY_B=B)
    assert await keys(owner, until=2) == [A, B]
    assert await keys(owner) == [B, A]
    assert await keys(owner, until=1) == [A]


async def test_a_key_that_is_set_twice_is_one_key_and_an_empty_variable_is_none() -> None:
    assert await keys(world(None, SEVERAL, ACME_KEY_A=A, ACME_KEY_B=" ", ACME_KEY_C=A)) == [A]
    assert await keys(world(None, SEVERAL, ACME_KEY_B=B, ACME_KEY_C=C)) == [B, C]


async def test_other_names_for_a_key_in_a_shipped_row_are_not_several_keys() -> None:
    assert await keys(world(ACME_KEY_A=A, ACME_KEY_B=B)) == [A]


async def test_several_stored_keys_follow_each_other() -> None:
    store = MemoryStore(acme=StoredKey(Secret(A), None, (Secret(B), Secret(C))))
    assert await keys(world(store)) == [A, B, C]
    assert await keys(world(store, SEVERAL, ACME_KEY_A="key-d-0123456789")) == ["key-d-0123456789"]


async def test_a_provider_without_a_key_has_one_endpoint() -> None:
    assert await keys(world(), "free") == [""]


async def test_a_key_that_is_in_use_and_gone_gives_way_to_the_first() -> None:
    environment = Variables(ACME_KEY_A=A, ACME_KEY_B=B)
    owner = connections(Registry([ACME], SEVERAL), environment, MemoryStore(), Scripted())[1]
    assert await keys(owner, until=2) == [A, B]
    environment.values.update(ACME_KEY_B=C)
    assert await keys(owner) == [A, C]


async def test_operations_without_a_loop_use_the_key_in_use() -> None:
    owner = world(None, SEVERAL, ACME_KEY_A=A, ACME_KEY_B=B)
    await keys(owner, until=2)
    assert (await owner.endpoint(ACME, "m")).credential.secret == Secret(B)


@pytest.mark.parametrize("secret", [A, "x", "ключ"])
async def test_a_fingerprint_is_no_part_of_the_key(secret: str) -> None:
    endpoint = await world(ACME_KEY_A=A).endpoint(ACME, "m")
    fingerprint = endpoint.credential.fingerprint
    assert len(fingerprint) == 16
    assert fingerprint not in A
    assert A not in repr(endpoint.credential)
