"""The vault of a client."""

# ruff: noqa: ASYNC240  the loop has nothing else to do
from __future__ import annotations

from pathlib import Path

import pytest

from modelport.adapters.credential_stores import client as module
from modelport.adapters.credential_stores.client import ClientStore
from modelport.adapters.credential_stores.unusable import Unusable
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from support.builders import MemoryVault

KEY = StoredKey(Secret("gsk_canary-0123456789abcdef"), "https://mine.example", (Secret("more"),))


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def store(tmp_path: Path, vault: MemoryVault) -> ClientStore:
    owner = ClientStore(tmp_path)
    owner.attach(vault)
    return owner


async def test_an_entry_is_kept_under_its_provider_and_its_name(store: ClientStore, vault: MemoryVault) -> None:
    await store.set("groq", KEY)
    await store.set("groq/work", KEY)
    assert vault.texts.keys() == {("groq", None), ("groq", "work")}
    assert await store.get("groq/work") == KEY
    assert list(await store.providers()) == ["groq", "groq/work"]
    assert await store.delete("groq") is True
    assert await store.delete("groq") is False
    assert vault.texts.keys() == {("groq", "work")}
    assert list(await store.providers()) == ["groq/work"]
    assert store.location("groq") == "Memory Editor: groq"


async def test_the_list_is_that_of_this_client_and_holds_no_key(store: ClientStore, tmp_path: Path) -> None:
    await store.set("groq", KEY)
    (file,) = tmp_path.iterdir()
    assert file.name == "client-providers-memory-editor.json"
    assert file.read_text() == '["groq"]'
    other = MemoryVault()
    other.client = "../Ödd / Editor"
    owner = ClientStore(tmp_path)
    owner.attach(other)
    assert list(await owner.providers()) == []
    await owner.set("groq", KEY)
    assert {found.parent for found in tmp_path.rglob("*.json")} == {tmp_path}


async def test_without_a_vault_there_is_no_key_and_none_can_be_kept(tmp_path: Path) -> None:
    owner = ClientStore(tmp_path)
    assert not owner.is_offered
    owner.attach(None)
    assert owner.is_offered
    assert not owner.is_ready
    assert await owner.get("groq") is None
    assert await owner.delete("groq") is False
    assert list(await owner.providers()) == []
    status = await owner.status()
    assert (status.state, status.action) == ("unavailable", None)
    with pytest.raises(Unusable, match="offers no vault"):
        await owner.set("groq", KEY)


async def test_it_is_asked_once_a_second_and_the_last_key_outlives_its_trouble(
    store: ClientStore, vault: MemoryVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.set("groq", KEY)
    vault.requests.clear()
    for _ in range(5):
        assert await store.get("groq") == KEY
    assert vault.requests == [("load", "groq", None)]
    monkeypatch.setattr(module, "MAX_AGE_S", 0.0)
    vault.texts["groq", None] = "changed"
    assert await store.get("groq") == StoredKey(Secret("changed"))
    vault.trouble = RequestFailed("keyring_unavailable", "the window is gone")
    assert await store.get("groq") == StoredKey(Secret("changed"))
    with pytest.raises(Unusable, match="the window is gone"):
        await store.get("openai")


async def test_a_vault_that_does_not_give_a_key_back_is_noticed(store: ClientStore, vault: MemoryVault) -> None:
    async def forget(provider: str, name: str | None, text: Secret, timeout_s: float) -> None:
        return None

    vault.store = forget  # type: ignore[method-assign]
    with pytest.raises(Unusable, match="keeps nothing") as failed:
        await store.set("groq", KEY)
    assert "canary" not in failed.value.message
    assert list(await store.providers()) == []
