"""Which credential is used, where it came from, and where it may go."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import Credential, StoredKey
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus
from support.builders import KeptByVendors, MemoryStore, Variables, row, values

KEY = "key-0123456789abcdef"
ACME = row("acme", api_key_env_vars=("ACME_API_KEY", "ACME_TOKEN"))
LOCAL = row("local", requires_api_key=False, api_key_env_vars=("LOCAL_API_KEY",))
OPENAI = row("openai", key_prefix="sk-")
ANTHROPIC = row("anthropic", key_prefix="sk-ant-", aliases=("claude",))
DEEPSEEK = row("deepseek", key_prefix="sk-")
GROQ = row("groq", key_prefix="gsk_")
REGISTRY = Registry([ACME, LOCAL, OPENAI, ANTHROPIC, DEEPSEEK, GROQ])
ADDRESS = "https://acme.example/v1"


def credentials(store: MemoryStore | None = None, **variables: str) -> Credentials:
    environment = Variables(**variables)
    return Credentials(REGISTRY, environment, store or MemoryStore(), KeptByVendors(), values(REGISTRY, environment))


async def found(
    owner: Credentials, provider: Any = ACME, base_url: str | None = ADDRESS, **overrides: Any
) -> tuple[str, str | None, str | None]:
    """The source, the secret and the location of the credential for calls to an address."""
    credential = await owner.find(provider, Overrides(**overrides), base_url)
    return credential.source, credential.secret.reveal() if credential.secret else None, credential.location


async def test_the_order_is_explicit_then_environment_then_keyring() -> None:
    owner = credentials(MemoryStore(acme="stored"), ACME_API_KEY="first", ACME_TOKEN="second")
    assert await found(owner, api_key=Secret("given")) == ("session", "given", None)
    assert await found(owner) == ("environment", "first", "ACME_API_KEY")
    owner = credentials(MemoryStore(acme="stored"), ACME_TOKEN="second")
    assert await found(owner) == ("environment", "second", "ACME_TOKEN")
    assert await found(credentials(MemoryStore(acme="stored"))) == ("keyring", "stored", "memory/acme")
    assert await found(credentials()) == ("none", None, None)


async def test_a_key_that_is_stored_for_a_connection_is_used_before_those_that_are_found() -> None:
    store = MemoryStore(acme="stored-0123456789")
    owner = credentials(store, ACME_API_KEY="found-0123456789")
    status = await owner.store("acme", Secret("work-0123456789"), None, "work")
    assert (status.name, status.source, status.location) == ("work", "keyring", "memory/acme/work")
    assert await found(owner, connection="work") == ("keyring", "work-0123456789", "memory/acme/work")
    assert await found(owner, connection="work", api_key=Secret("given")) == ("session", "given", None)
    assert await found(owner, connection="home") == ("environment", "found-0123456789", "ACME_API_KEY")
    assert await found(owner) == ("environment", "found-0123456789", "ACME_API_KEY")
    assert [(one.name, one.source) for one in await owner.list()] == [(None, "environment"), ("work", "keyring")]
    store.locked = True
    shown = await owner.find(ACME, Overrides(connection="work"), ADDRESS, unlock=False)
    assert (shown.source, shown.secret, shown.location) == ("keyring", None, "memory/acme/work")
    store.locked = False
    assert (await owner.delete("acme", "work")).source == "environment"
    assert await found(owner, connection="work") == ("environment", "found-0123456789", "ACME_API_KEY")
    assert (await store.get("acme")) is not None, "the provider's own key stays"


async def test_a_connections_key_is_found_where_the_list_of_keys_was_lost() -> None:
    """Or the provider's own would be used without a word, and another account pay."""

    class Unlisted(MemoryStore):
        async def providers(self, *, quick: bool = False) -> list[str]:
            return []

    store = Unlisted(acme="own-0123456789")
    owner = credentials(store, LOCAL_API_KEY="found-0123456789")
    await owner.store("acme", Secret("work-0123456789"), None, "work")
    assert await found(owner, connection="work") == ("keyring", "work-0123456789", "memory/acme/work")
    assert await found(owner, connection="home") == ("keyring", "own-0123456789", "memory/acme")
    # The keyring is not opened for a provider that needs no key.
    store.locked = True
    assert await found(owner, LOCAL, connection="work") == ("environment", "found-0123456789", "LOCAL_API_KEY")


async def test_a_connections_key_is_found_by_its_name_in_any_case() -> None:
    owner = credentials(MemoryStore())
    await owner.store("acme", Secret("work-0123456789"), None, "Work")
    assert await found(owner, connection="work") == ("keyring", "work-0123456789", "memory/acme/work")
    assert await found(owner, connection="WORK") == ("keyring", "work-0123456789", "memory/acme/work")
    await owner.delete("acme", "woRK")
    assert await found(owner, connection="Work") == ("none", None, None)


@pytest.mark.parametrize("name", ["", "a/b", "-", "x" * 65, "é", "openai"])
async def test_a_key_is_stored_for_no_name_that_a_connection_cannot_have(name: str) -> None:
    store = MemoryStore(acme="stored-0123456789")
    owner = credentials(store)
    for call in (owner.store("acme", Secret("work-0123456789"), None, name), owner.delete("acme", name)):
        with pytest.raises(InvalidParams) as caught:
            await call
        assert caught.value.field == "name"
    assert list(await store.providers()) == ["acme"]


async def test_a_connections_key_with_an_address_goes_there_only() -> None:
    owner = credentials(MemoryStore(acme="stored-0123456789"))
    await owner.store("acme", Secret("work-0123456789"), "https://work.example/v1", "work")
    at_work = await found(owner, base_url="https://work.example/v1", connection="work")
    assert at_work == ("keyring", "work-0123456789", "memory/acme/work")
    assert await found(owner, connection="work") == ("keyring", "stored-0123456789", "memory/acme")


async def test_a_keyring_is_unlocked_for_calls_only() -> None:
    store = MemoryStore(acme="stored-0123456789")
    store.locked = True
    owner = credentials(store)
    # A list shows that there is a key, without asking the user for a password.
    assert await owner.list() == [CredentialStatus(provider="acme", source="keyring", location="memory/acme")]
    shown = await owner.find(ACME, Overrides(), ADDRESS, unlock=False)
    assert (shown.source, shown.secret, shown.location) == ("keyring", None, "memory/acme")
    assert (await owner.find(OPENAI, Overrides(), ADDRESS, unlock=False)).source == "none"
    assert store.locked
    assert await found(owner) == ("keyring", "stored-0123456789", "memory/acme")
    (status,) = await owner.list()
    assert status.last4 == "6789"
    assert (await owner.find(ACME, Overrides(), ADDRESS, unlock=False)).secret == Secret("stored-0123456789")


async def test_a_locked_keyring_does_not_hide_a_key_in_a_file() -> None:
    store = MemoryStore(openai="stored-0123456789")
    store.locked = True
    owner = credentials(store)
    in_file = Overrides(file_key=Secret("key-in-file-0123"))
    shown = await owner.find(ACME, in_file, ADDRESS, unlock=False)
    assert (shown.source, shown.secret) == ("file", Secret("key-in-file-0123"))
    (listed,) = await owner.statuses([(ACME, in_file, ADDRESS)])
    assert (listed.source, listed.last4) == ("file", "0123")
    # One that is known to be in the keyring comes first, whatever it is.
    assert (await owner.find(OPENAI, in_file, ADDRESS, unlock=False)).source == "keyring"
    assert store.locked


async def test_a_variable_is_trimmed_and_a_blank_one_is_none() -> None:
    assert await found(credentials(ACME_API_KEY="  padded\n")) == ("environment", "padded", "ACME_API_KEY")
    assert await found(credentials(ACME_API_KEY="  ", ACME_TOKEN="t")) == ("environment", "t", "ACME_TOKEN")


async def test_the_environment_is_read_at_the_moment_of_use() -> None:
    variables = Variables()
    owner = Credentials(REGISTRY, variables, MemoryStore(), KeptByVendors(), values(REGISTRY, variables))
    assert (await found(owner))[0] == "none"
    variables.values["ACME_API_KEY"] = "late"
    assert (await found(owner))[1] == "late"


async def test_an_explicit_key_belongs_to_the_address_it_was_given_with() -> None:
    credential = await credentials().find(ACME, Overrides(api_key=Secret(KEY), base_url="https://mine"), "https://mine")
    assert credential.base_url == "https://mine"


async def test_a_stored_key_goes_to_its_own_address_only() -> None:
    owner = credentials(MemoryStore(acme=StoredKey(Secret(KEY), "https://mine.example/v1")))
    assert await found(owner, base_url="https://mine.example/v1/") == ("keyring", KEY, "memory/acme")
    assert await found(owner, base_url=ADDRESS) == ("none", None, None)
    # The status names the address that it is stored for.
    assert (await owner.find(ACME, Overrides(), ADDRESS)).status(ACME, ADDRESS).base_url == "https://mine.example/v1"


async def test_a_stored_key_without_an_address_goes_anywhere() -> None:
    owner = credentials(MemoryStore(acme=KEY))
    assert (await found(owner, base_url="https://anywhere.example"))[1] == KEY


async def test_a_provider_that_needs_no_key_does_not_wake_the_keyring_unless_one_is_there() -> None:
    store = MemoryStore()
    assert await found(credentials(store), LOCAL) == ("notRequired", None, None)
    assert store.asked == []
    store = MemoryStore(local=KEY)
    assert (await found(credentials(store), LOCAL))[1] == KEY


async def test_a_keyring_in_trouble_is_a_failure_only_for_those_who_need_it() -> None:
    store = MemoryStore()
    store.trouble = RequestFailed("keyring_unavailable", "Unlock it.")
    owner = credentials(store, GROQ_API_KEY="gsk_x")
    with pytest.raises(RequestFailed, match="Unlock"):
        await owner.find(ACME, Overrides(), ADDRESS)
    assert (await found(owner, GROQ))[0] == "environment"
    assert (await found(owner, LOCAL))[0] == "notRequired"


async def test_a_stored_key_counts_before_what_a_vendors_tool_keeps() -> None:
    copilot = row("copilot", auth="copilot", requires_api_key=False)
    registry, environment = Registry([copilot]), Variables()
    kept = KeptByVendors(copilot=Credential(provider="copilot", source="file", secret=Secret("kept"), location="~/a"))
    store = MemoryStore(copilot="stored")
    owner = Credentials(registry, environment, store, kept, values(registry, environment))
    assert await found(owner, copilot) == ("keyring", "stored", "memory/copilot")
    await owner.delete("copilot")
    assert await found(owner, copilot) == ("file", "kept", "~/a")


# Statuses.


async def test_statuses_ask_the_keyring_only_for_what_it_holds() -> None:
    store = MemoryStore(groq="gsk_0123456789ab")
    owner = credentials(store, ACME_API_KEY=KEY)
    statuses = await owner.statuses([(r, Overrides(), None) for r in REGISTRY.all()])
    assert {s.provider: s.source for s in statuses} == {
        "acme": "environment",
        "local": "notRequired",
        "openai": "none",
        "anthropic": "none",
        "deepseek": "none",
        "groq": "keyring",
    }
    assert store.asked == ["groq"]


async def test_found_are_those_that_hold_a_key() -> None:
    owner = credentials(MemoryStore(groq="gsk_0123456789ab"), ACME_API_KEY=KEY)
    assert [status.provider for status in await owner.list()] == ["acme", "groq"]


async def test_a_locked_keyring_does_not_hide_the_other_credentials() -> None:
    store = MemoryStore(groq="gsk_0123456789ab")
    store.trouble = RequestFailed("keyring_unavailable", "Unlock it.")
    statuses = await credentials(store, ACME_API_KEY=KEY).statuses(
        [(ACME, Overrides(), None), (GROQ, Overrides(), None)]
    )
    assert statuses[0] == CredentialStatus(provider="acme", source="environment", location="ACME_API_KEY", last4="cdef")
    assert statuses[1].provider == "groq"


# Keeping and forgetting.


async def test_a_key_is_kept_under_the_providers_id_and_its_status_is_told() -> None:
    store = MemoryStore()
    status = await credentials(store).store("Claude", Secret("  sk-ant-0123456789ab "), None)
    assert status == CredentialStatus(provider="anthropic", source="keyring", location="memory/anthropic", last4="89ab")
    assert store.keys["anthropic"].secret.reveal() == "sk-ant-0123456789ab"


async def test_a_stored_key_is_shown_by_its_end_also_where_the_keyring_was_locked() -> None:
    store = MemoryStore()
    store.locked = True
    status = await credentials(store).store("acme", Secret(KEY), None)
    assert (status.source, status.last4) == ("keyring", KEY[-4:])


async def test_a_key_is_kept_with_its_address() -> None:
    store = MemoryStore()
    status = await credentials(store).store("acme", Secret(KEY), "https://mine.example")
    assert status.base_url == "https://mine.example"
    assert store.keys["acme"].base_url == "https://mine.example"


@pytest.mark.parametrize("secret", ["", "   ", "two\nlines", "carriage\rreturn", "nul\0", "zero\u200bwidth", "accént"])
async def test_what_is_no_key_is_refused(secret: str) -> None:
    store = MemoryStore()
    with pytest.raises(InvalidParams) as refused:
        await credentials(store).store("acme", Secret(secret), None)
    assert (refused.value.field, refused.value.provider) == ("secret", "acme")
    assert store.keys == {}


async def test_an_unknown_provider_is_refused() -> None:
    for request in (lambda o: o.store("unknown", Secret(KEY), None), lambda o: o.delete("unknown")):
        with pytest.raises(InvalidParams) as refused:
            await request(credentials())
        assert (refused.value.kind, refused.value.field) == ("unknown_provider", "provider")


async def test_forgetting_tells_what_is_left() -> None:
    store = MemoryStore(acme="stored", local="stored")
    owner = credentials(store, ACME_API_KEY=KEY)
    assert (await owner.delete("acme")).location == "ACME_API_KEY"
    assert (await owner.delete("local")).source == "notRequired"
    assert (await owner.delete("groq")).source == "none"
    assert store.keys == {}


# Keys of other providers.


@pytest.mark.parametrize(
    ("provider", "key", "owner"),
    [
        (OPENAI, "sk-ant-api03-x", "Anthropic"),
        (GROQ, "sk-ant-api03-x", "Anthropic"),
        (OPENAI, "gsk_x", "Groq"),
        (ANTHROPIC, "sk-proj-x", "Openai"),
    ],
)
async def test_a_key_that_is_known_to_be_anothers_is_stopped_and_explained(provider: Any, key: str, owner: str) -> None:
    with pytest.raises(InvalidParams, match=f"a key of {owner}") as refused:
        await credentials().store(provider.id, Secret(key), None)
    assert (refused.value.kind, refused.value.field) == ("invalid_key_format", "secret")
    assert key not in refused.value.message


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        (OPENAI, "sk-proj-x"),
        (DEEPSEEK, "sk-x"),
        (ANTHROPIC, "sk-ant-x"),
        # An unknown prefix may be a new one.
        (OPENAI, "new-format-x"),
        (GROQ, "x"),
        # Where a provider's own prefix is not known, anything may be right.
        (ACME, "sk-ant-x"),
    ],
)
async def test_a_key_that_may_be_right_is_never_stopped(provider: Any, key: str) -> None:
    assert (await credentials().store(provider.id, Secret(key), None)).source == "keyring"


async def test_a_key_for_an_address_of_the_users_own_is_not_checked() -> None:
    assert (await credentials().store("openai", Secret("gsk_x"), "https://mine.example")).source == "keyring"
