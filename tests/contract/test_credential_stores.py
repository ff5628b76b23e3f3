"""The credential stores side by side: their order, where a key goes, and what one in trouble does to the others."""

# ruff: noqa: ASYNC240  the loop has nothing else to do
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest

from modelport.adapters.credential_stores import client as client_module
from modelport.adapters.credential_stores import file as file_module
from modelport.adapters.credential_stores import keyring as keyring_module
from modelport.adapters.credential_stores.client import ClientStore
from modelport.adapters.credential_stores.file import FileStore
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.credential_stores.keyrings import access
from modelport.adapters.credential_stores.stores import CredentialStores
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from support.builders import MemoryVault, TypedPassphrase
from support.file_keyring import FileKeyring, LockedKeyring

PLACES = ("keyring", "client", "file")


def key(secret: str = "gsk_canary-0123456789abcdef") -> StoredKey:
    return StoredKey(Secret(secret))


class World:
    """The three stores, over a keyring in a file and a vault in memory."""

    def __init__(self, folder: Path, *, vault: bool = True) -> None:
        self.keyring = KeyringStore(folder / "keyring-providers.json")
        self.client = ClientStore(folder)
        self.vault = MemoryVault()
        self.client.attach(self.vault if vault else None)
        self.file = FileStore(folder / "private" / "credentials.json", TypedPassphrase())
        self.stores = CredentialStores(self.keyring, self.client, self.file)
        self.parts: dict[str, Any] = {"keyring": self.keyring, "client": self.client, "file": self.file}

    async def holders(self, entry: str = "groq") -> list[str]:
        """The stores that have a key."""
        return [name for name, part in self.parts.items() if await part.get(entry) is not None]

    async def states(self) -> dict[str, str]:
        return {status.id: status.state for status in await self.stores.statuses()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setattr(keyring_module, "RECHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(client_module, "MAX_AGE_S", 0.0)
    monkeypatch.setattr(file_module, "MAX_AGE_S", 0.0)
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield tmp_path / "data"
    keyring.set_keyring(before)


@pytest.fixture
def world(folder: Path) -> World:
    return World(folder)


@pytest.fixture
def none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    keyring.set_keyring(keyring.backends.fail.Keyring())


async def test_they_are_read_in_their_order(world: World) -> None:
    for place in reversed(PLACES):
        await world.parts[place].set("groq", key(place))
        assert await world.stores.get("groq") == key(place)
        assert world.stores.source("groq") == place
        assert place in world.stores.location("groq") or place in ("keyring", "client", "file")
    for place, next_place in zip(PLACES, (*PLACES[1:], None), strict=True):
        await world.parts[place].delete("groq")
        assert await world.stores.get("groq") == (key(next_place) if next_place else None)


async def test_a_list_names_the_store_of_each_entry_without_reading_a_key(world: World) -> None:
    for place in PLACES:
        await world.parts[place].set(f"in-{place}", key())
    again = World(world.keyring._index._path.parent)
    again.client.attach(world.vault)
    world.vault.requests.clear()
    assert list(await again.stores.providers()) == ["in-client", "in-file", "in-keyring"]
    assert [again.stores.source(f"in-{place}") for place in PLACES] == list(PLACES)
    assert world.vault.requests == []


@pytest.mark.parametrize("vault", [True, False])
async def test_a_new_key_goes_into_the_keyring(folder: Path, vault: bool) -> None:
    world = World(folder, vault=vault)
    await world.stores.set("groq", key())
    assert await world.holders() == ["keyring"]


@pytest.mark.usefixtures("none")
async def test_without_a_keyring_it_goes_into_the_clients_vault(world: World) -> None:
    await world.stores.set("groq", key())
    assert await world.holders() == ["client"]


async def test_with_a_keyring_that_keeps_nothing_it_goes_into_the_clients_vault(world: World) -> None:
    keyring.set_keyring(keyring.backends.null.Keyring())
    await world.stores.set("groq", key())
    assert await world.holders() == ["client"]
    assert (await world.states())["keyring"] == "disabled"


@pytest.mark.usefixtures("none")
async def test_it_never_goes_into_a_file_that_was_not_named(folder: Path) -> None:
    world = World(folder, vault=False)
    with pytest.raises(RequestFailed, match="--file"):
        await world.stores.set("groq", key())
    assert not folder.exists() or not (folder / "private").exists()
    # Nor once there is a file with another key.
    await world.stores.set("openai", key(), "file")
    with pytest.raises(RequestFailed, match="--file"):
        await world.stores.set("groq", key())
    assert await world.holders() == []


async def test_a_locked_keyring_is_not_passed_over_for_the_vault(world: World) -> None:
    keyring.set_keyring(LockedKeyring())
    with pytest.raises(RequestFailed, match="unlock"):
        await world.stores.set("groq", key())
    assert world.vault.texts == {}


@pytest.mark.parametrize("place", PLACES)
async def test_a_key_is_replaced_where_it_is(world: World, place: Any) -> None:
    await world.stores.set("groq", key("old"), place)
    await world.stores.set("groq", key("new"))
    assert await world.holders() == [place]
    assert await world.stores.get("groq") == key("new")


@pytest.mark.parametrize("target", PLACES)
async def test_a_key_that_is_stored_elsewhere_leaves_no_other_behind(world: World, target: Any) -> None:
    for place in PLACES:
        await world.parts[place].set("groq", key("old"))
    await world.stores.set("groq", key("new"), target)
    assert await world.holders() == [target]
    assert await world.stores.get("groq") == key("new")


async def test_a_key_is_not_stored_behind_a_locked_one_that_would_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.stores.set("groq", key("old"))

    def locked(*, prompting: bool) -> str:
        raise access.KeyringIsLocked("it is locked")

    monkeypatch.setattr(access, "describe", locked)
    with pytest.raises(RequestFailed, match="modelport/groq holds another key") as failed:
        await world.stores.set("groq", key("new"), "file")
    assert failed.value.action == "unlock the keyring"
    assert await world.holders() == ["keyring"]


async def test_a_session_is_no_place_to_store_a_key(world: World) -> None:
    with pytest.raises(InvalidParams, match="store must be"):
        await world.stores.set("groq", key(), "session")


async def test_a_key_is_deleted_wherever_it_is(world: World) -> None:
    for place in PLACES:
        await world.parts[place].set("groq", key(place))
        await world.parts[place].set("openai", key(place))
    assert await world.stores.delete("groq") is True
    assert await world.holders() == []
    assert await world.holders("openai") == list(PLACES)
    assert await world.stores.delete("groq") is False


@pytest.mark.usefixtures("none")
async def test_a_file_works_without_a_keyring(folder: Path) -> None:
    world = World(folder, vault=False)
    await world.stores.set("groq", key(), "file")
    assert await world.stores.get("groq", unlock=False) == key()
    assert await world.stores.get("openai") is None
    assert await world.stores.delete("openai") is False
    assert await world.stores.delete("groq") is True


async def test_a_keyring_that_cannot_be_read_lets_no_other_account_pay(world: World) -> None:
    await world.keyring.set("groq", key("mine"))
    await world.client.set("groq", key("another account's"))
    keyring.set_keyring(LockedKeyring())
    again = World(world.keyring._index._path.parent)
    again.client.attach(world.vault)
    with pytest.raises(RequestFailed, match="unlock"):
        await again.stores.get("groq")


async def test_a_keyring_that_cannot_be_read_is_not_needed_for_a_key_that_is_elsewhere(world: World) -> None:
    await world.stores.set("groq", key(), "file")
    keyring.set_keyring(LockedKeyring())
    again = World(world.keyring._index._path.parent)
    for unlock in (True, False):
        assert await again.stores.get("groq", unlock=unlock) == key()
    with pytest.raises(RequestFailed, match="unlock"):
        await again.stores.get("openai")


async def test_each_store_says_in_which_state_it_is(folder: Path) -> None:
    world = World(folder)
    statuses = await world.stores.statuses()
    assert [status.id for status in statuses] == ["keyring", "client", "file", "session"]
    assert [status.state for status in statuses] == ["available", "available", "disabled", "available"]
    assert not any(status.action for status in statuses), "nothing needs to be done"
    assert [status.name for status in statuses][:2] == ["file for tests", "Memory Editor"]
    bare = World(folder, vault=False)
    keyring.set_keyring(LockedKeyring())
    found = {status.id: status for status in await bare.stores.statuses(prompting=True)}
    assert (found["keyring"].state, found["keyring"].action) == ("locked", "unlock the keyring")
    assert found["client"].state == "unavailable"


async def test_a_process_that_serves_no_client_does_not_speak_of_its_vault(folder: Path) -> None:
    stores = CredentialStores(
        KeyringStore(folder / "index.json"), ClientStore(folder), FileStore(folder / "c.json", TypedPassphrase())
    )
    assert [status.id for status in await stores.statuses()] == ["keyring", "file", "session"]


async def test_a_refused_key_is_read_again_from_every_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_module, "RECHECK_INTERVAL_S", 3600.0)
    await world.stores.set("groq", key("first"))
    assert await world.stores.get("groq") == key("first")
    keyring.set_password("modelport", "groq", "second")
    assert await world.stores.get("groq") == key("first")
    world.stores.invalidate("groq")
    assert await world.stores.get("groq") == key("second")
