"""Keys in memory: read again once they are old, together, and kept where that fails."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from modelport.adapters.credential_stores.key_cache import KeyCache, Reading
from modelport.adapters.credential_stores.unusable import Unusable
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret

LOCKED = Unusable("locked", "It is locked.", "unlock it")


def key(text: str) -> StoredKey:
    return StoredKey(Secret(text))


class Source:
    """A store that is read; counts."""

    def __init__(self) -> None:
        self.key: StoredKey | None = key("first")
        self.reads = 0
        self.rereads: list[bool] = []
        self.trouble: Unusable | None = None
        self.answer: Callable[[bool], bool | None] = lambda _: True
        self.gate: anyio.Event | None = None

    async def read(self) -> StoredKey | None:
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return self.key

    async def reread(self, old: StoredKey | None, refused: bool) -> Reading:
        self.rereads.append(refused)
        if self.trouble is not None:
            raise self.trouble
        repeatable = self.answer(refused)
        return Reading(old, repeatable=False) if repeatable is None else Reading(self.key, repeatable)


class World:
    def __init__(self, max_age_s: float = 0.0) -> None:
        self.source = Source()
        self.cache = KeyCache(lambda: max_age_s)

    async def get(self, entry: str = "groq", *, unlock: bool = True) -> StoredKey | None:
        return await self.cache.get(entry, self.source.read, self.source.reread, unlock=unlock)


async def test_a_fresh_key_is_read_once_and_an_old_one_again() -> None:
    young = World(max_age_s=3600)
    for _ in range(3):
        assert await young.get() == key("first")
    assert (young.source.reads, young.source.rereads) == (1, [])
    old = World()
    await old.get()
    old.source.key = key("second")
    assert await old.get() == key("second")
    old.source.key = None
    assert await old.get() is None
    assert old.source.reads == 1, "and no further reading may ask the owner"


async def test_where_reading_might_ask_the_owner_a_key_counts_until_it_is_refused() -> None:
    world = World()
    world.source.answer = lambda refused: False if refused else None
    await world.get()
    world.source.key = key("second")
    for _ in range(3):
        assert await world.get() == key("first")
    assert world.source.rereads == [False]
    world.cache.refuse("groq")
    assert await world.get() == key("second")
    assert world.source.rereads == [False, True]
    world.source.key = key("third")
    assert await world.get() == key("second")
    assert world.source.rereads == [False, True], "once, and not at each use"


@pytest.mark.parametrize("entry", ["groq", "groq/work"])
async def test_refusing_a_providers_key_is_about_all_its_connections_and_no_other(entry: str) -> None:
    world = World()
    world.source.answer = lambda refused: False if refused else None
    for name in (entry, "groqcloud"):
        await world.get(name)
        await world.get(name)
    world.cache.refuse("groq")
    world.source.key = key("second")
    assert await world.get(entry) == key("second")
    assert await world.get("groqcloud") == key("first")


async def test_a_keyring_that_locks_or_ends_takes_no_key_away() -> None:
    world = World()
    await world.get()
    world.source.trouble = LOCKED
    assert await world.get() == key("first")
    world.cache.refuse("groq")
    assert await world.get() == key("first")
    world.source.trouble, world.source.key = None, key("second")
    assert await world.get() == key("second")


async def test_callers_share_one_reading_and_its_failure() -> None:
    world = World(max_age_s=3600)
    world.source.gate = anyio.Event()
    results: list[object] = []

    async def ask() -> None:
        try:
            results.append(await world.get())
        except Unusable as error:
            results.append(error.message)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        world.source.gate.set()
    assert results == [key("first")] * 5
    assert world.source.reads == 1
    world.cache.clear()
    results.clear()
    world.source.gate, world.source.trouble = anyio.Event(), LOCKED
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        world.source.gate.set()
    assert results == ["It is locked."] * 5
    assert world.source.reads == 2, "they do not wait one after the other for a dialog that nobody answers"
    with pytest.raises(Unusable):
        await world.get()
    assert world.source.reads == 3, "and a later caller asks anew"


async def test_a_caller_that_gives_up_leaves_the_reading_to_the_next() -> None:
    world = World(max_age_s=3600)
    world.source.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        async with anyio.create_task_group() as first:
            first.start_soon(world.get)
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(world.get)
            await anyio.wait_all_tasks_blocked()
            first.cancel_scope.cancel()
        world.source.gate.set()
    assert await world.get() == key("first")
    assert world.source.reads == 2


async def test_who_asks_nobody_does_not_wait_for_who_does() -> None:
    world = World(max_age_s=3600)
    world.source.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.get)
        await anyio.wait_all_tasks_blocked()
        world.source.gate, waiting = None, world.source.gate
        with anyio.fail_after(1):
            assert await world.get(unlock=False) == key("first")
        waiting.set()


async def test_a_fresh_reading_is_made_whatever_is_in_memory_and_its_failure_is_told() -> None:
    world = World(max_age_s=3600)
    await world.get()
    world.source.key = key("second")
    fresh = lambda: world.cache.get("groq", world.source.read, world.source.reread, unlock=True, fresh=True)  # noqa: E731
    assert await fresh() == key("second")
    assert await world.get() == key("second")
    world.source.trouble = LOCKED
    with pytest.raises(Unusable):
        await fresh()
    assert await world.get() == key("second"), "and the key in use stays"
