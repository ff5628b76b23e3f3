"""Listing providers with what is known of each in this session."""

from __future__ import annotations

from typing import Any, cast

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Wire
from modelport.domain.providers.wire.operations import CreditsWire
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.listing import Providers
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectProviderParams, ListProviderParams
from support.builders import MemoryStore, Scripted, Variables, row
from support.builders import connections as session

ROWS = [
    row("local", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url="http://localhost:1", base_url_env_vars=("LOCAL_HOST", "OTHER")),
    row("mock", dialect="mock", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url=None, default_model="mock"),
    row("acme", category="US Labs", aliases=("ace",), default_model="acme-1", notice="News.", status="renamed"),
    row("beta", category="China Labs", default_model="beta-1"),
    row("gone", category="Model Hosts", status="retired", notice="Ended.", base_url=None, default_model="g"),
    row("gemini", category="US Labs", dialect="gemini", default_model="gemini-1"),
    row("cloudy", connection_type="cloud", category="Model Hosts", base_url="https://{CLOUDY_REGION}.example", default_model="c"),
]  # fmt: skip
REGISTRY = Registry(ROWS)
KEY = "key-0123456789abcdef"


def world(store: MemoryStore | None = None, **variables: str) -> tuple[Providers, Connections]:
    environment = Variables(**variables)
    dialects: Any = Scripted()
    credentials, connections = session(REGISTRY, environment, store or MemoryStore(), dialects)
    return Providers(REGISTRY, environment, credentials, connections, dialects), connections


async def ids(providers: Providers, **params: Any) -> list[str]:
    return [p.id for p in (await providers.list(ListProviderParams(**params))).providers]


async def test_the_variable_for_the_address_is_the_rows_first() -> None:
    listed = (await world()[0].list(ListProviderParams())).providers
    variables = {provider.id: provider.base_url_env_var for provider in listed}
    assert (variables["local"], variables["acme"]) == ("LOCAL_HOST", None)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["local", "mock", "acme", "beta", "gone", "gemini", "cloudy"]),
        ({"connection_type": "local"}, ["local", "mock"]),
        ({"connection_type": "cloud"}, ["cloudy"]),
        ({"connection_type": "oauth"}, []),
        ({"category": "US Labs"}, ["acme", "gemini"]),
        ({"category": "us labs"}, ["acme", "gemini"]),
        ({"category": "Nowhere"}, []),
        ({"connection_type": "byok", "category": "China Labs"}, ["beta"]),
        ({"configured_only": True}, ["local", "mock", "acme"]),
        ({"configured_only": False}, ["local", "mock", "acme", "beta", "gone", "gemini", "cloudy"]),
        ({"configured_only": True, "category": "US Labs"}, ["acme"]),
    ],
)
async def test_filters_keep_the_order_of_the_registry(params: dict[str, Any], found: list[str]) -> None:
    # gemini has a key, but this build cannot call it.
    providers, _ = world(ACME_API_KEY=KEY, GEMINI_API_KEY=KEY)
    assert await ids(providers, **params) == found


async def test_a_provider_tells_what_its_row_says() -> None:
    providers, _ = world(ACME_API_KEY=KEY)
    (acme,) = (await providers.list(ListProviderParams(category="US Labs", configured_only=True))).providers
    assert (acme.display_name, acme.aliases, acme.adapter, acme.dialect) == ("Acme", ("ace",), "openai_compatible", "openai_chat")  # fmt: skip
    assert (acme.status, acme.notice, acme.default_model, acme.requires_api_key) == ("renamed", "News.", "acme-1", True)
    assert (acme.base_url, acme.api_key_env_vars) == ("https://acme.example/v1", ("ACME_API_KEY",))
    assert (acme.credential.source, acme.credential.location, acme.credential.last4) == ("environment", "ACME_API_KEY", "cdef")  # fmt: skip
    assert acme.supported
    assert not acme.connected


async def test_the_address_is_the_one_in_force() -> None:
    providers, connections = world(LOCAL_HOST="server.lan:8080", CLOUDY_REGION="eu")
    await connections.connect(ConnectProviderParams(provider="acme", base_url="https://mine.example", api_key=Secret(KEY), verify=False))  # fmt: skip
    addresses = {p.id: p.base_url for p in (await providers.list(ListProviderParams())).providers}
    assert addresses["local"] == "http://server.lan:8080"
    assert addresses["cloudy"] == "https://eu.example"
    assert addresses["acme"] == "https://mine.example"
    assert addresses["mock"] is None


async def test_an_address_that_cannot_be_filled_yet_is_shown_as_it_is() -> None:
    providers, _ = world()
    addresses = {p.id: p.base_url for p in (await providers.list(ListProviderParams())).providers}
    assert addresses["cloudy"] == "https://{CLOUDY_REGION}.example"
    assert addresses["gone"] is None


async def test_a_connection_shows_and_so_does_its_key() -> None:
    providers, connections = world()
    await connections.connect(ConnectProviderParams(provider="beta", api_key=Secret(KEY), verify=False))
    (beta,) = (await providers.list(ListProviderParams(category="China Labs"))).providers
    assert beta.connected
    assert beta.credential.source == "session"


async def test_what_this_build_cannot_call_is_listed_as_that() -> None:
    providers, _ = world()
    supported = {p.id: p.supported for p in (await providers.list(ListProviderParams())).providers}
    assert [name for name, yes in supported.items() if not yes] == ["gemini"]


async def test_listing_wakes_the_keyring_for_those_it_holds_only() -> None:
    store = MemoryStore(beta=KEY)
    providers, _ = world(store)
    await ids(providers)
    assert store.asked == ["beta"]


async def test_a_locked_keyring_does_not_stop_the_listing() -> None:
    store = MemoryStore(beta=KEY)
    store.trouble = RequestFailed("keyring_unavailable", "Unlock it.")
    providers, _ = world(store)
    assert await ids(providers) == [r.id for r in ROWS]


@pytest.mark.parametrize("name", ["acme", "ACE", " ace "])
async def test_one_provider_by_any_of_its_names(name: str) -> None:
    providers, _ = world(ACME_API_KEY=KEY)
    found = await providers.get(name)
    assert (found.id, found.notice, found.credential.source) == ("acme", "News.", "environment")


async def test_an_unknown_name() -> None:
    providers, _ = world()
    with pytest.raises(InvalidParams, match="acme"):
        await providers.get("acmee")


async def test_a_provider_says_whether_it_can_be_asked_for_its_credit() -> None:
    paths = (CreditsWire(path="/credits", remaining="balance"),)
    rows = [row("plain"), row("paid", wire=Wire(credits=paths)), row("mock", dialect="mock", base_url=None)]
    registry, dialects = Registry(rows), cast("Any", Scripted())
    credentials, connections = session(registry, Variables(), MemoryStore(), dialects)
    listed = await Providers(registry, Variables(), credentials, connections, dialects).list(ListProviderParams())
    assert {one.id: one.reports_credits for one in listed.providers} == {"plain": None, "paid": True, "mock": True}
