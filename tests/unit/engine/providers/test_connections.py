"""A session's connections: what is active, what was set, how each has been doing."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import DialectRule
from modelport.protocol.secret import Secret
from modelport.protocol.types import Connection, ConnectProviderParams, Health
from support.builders import MemoryStore, Scripted, Variables, connections, row

KEY = "key-0123456789abcdef"
ACME = row("acme", default_model="acme-large", example_models=("acme-small",))
BETA = row("beta", aliases=("bee",), status="renamed", notice="It is called Beta now.")
OLLAMA = row(
    "ollama",
    connection_type="local",
    requires_api_key=False,
    auth="none",
    base_url="http://localhost:11434",
    base_url_env_vars=("OLLAMA_HOST",),
    default_model="qwen3:8b",
)
GEMINI = row("gemini", dialect="gemini")
BEDROCK = row("bedrock", auth="sigv4", requires_api_key=False)
ZEN = row("zen", dialect_rules=(DialectRule(models="claude-*", dialect="anthropic_messages", chat_path="/messages"), DialectRule(models="gemini-*", dialect="gemini")))  # fmt: skip
OPENAI = row("openai", key_prefix="sk-")
GROQ = row("groq", key_prefix="gsk_")
REGISTRY = Registry([ACME, BETA, OLLAMA, GEMINI, BEDROCK, ZEN, OPENAI, GROQ])


class World:
    """Connections with everything around them in memory."""

    def __init__(self, store: MemoryStore | None = None, **variables: str) -> None:
        self.dialects = Scripted()
        self.store = store or MemoryStore()
        self.environment = Variables(**variables)
        _, self.connections = connections(REGISTRY, self.environment, self.store, self.dialects)

    async def connect(self, provider: str | None = None, **params: Any) -> Connection:
        for name in ("api_key",):
            if isinstance(params.get(name), str):
                params[name] = Secret(params[name])
        if "headers" in params:
            params["headers"] = {name: Secret(text) for name, text in params["headers"].items()}
        return await self.connections.connect(ConnectProviderParams(provider=provider, **params))

    def status(self) -> tuple[str | None, list[str]]:
        """The active provider and all connected ones."""
        status = self.connections.status()
        return status.active.provider if status.active else None, [c.provider for c in status.connections]


# Connecting.


async def test_connecting_checks_the_provider_and_makes_it_active() -> None:
    world = World(ACME_API_KEY=KEY)
    world.dialects.served = ("acme-large",)
    view = await world.connect("Acme")
    assert (view.provider, view.model, view.dialect, view.verified) == ("acme", "acme-large", "openai_chat", True)
    assert (view.base_url, view.credential.source) == ("https://acme.example/v1", "environment")
    assert view.latency_ms is not None
    assert world.status() == ("acme", ["acme"])
    assert [endpoint.base_url for endpoint in world.dialects.verified] == ["https://acme.example/v1"]


async def test_connecting_without_a_check_sends_nothing() -> None:
    world = World(ACME_API_KEY=KEY)
    view = await world.connect("acme", verify=False)
    assert (view.verified, view.latency_ms) == (False, None)
    assert world.dialects.verified == []


async def test_connecting_without_a_check_leaves_a_locked_keyring_alone() -> None:
    store = MemoryStore(acme=StoredKey(Secret(KEY), None))
    store.locked = True
    world = World(store)
    view = await world.connect("acme", model="acme-small", verify=False)
    assert (view.model, view.credential.source, view.credential.last4) == ("acme-small", "keyring", None)
    assert store.locked
    # Nothing is known of a key of another provider.
    with pytest.raises(RequestFailed, match="needs an API key"):
        await world.connect("beta", verify=False)
    assert (await world.connections.endpoint(ACME, "m")).credential.secret == Secret(KEY)
    assert not store.locked


async def test_a_failed_check_changes_nothing() -> None:
    world = World(ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    await world.connect("acme", model="acme-small", timeout_ms=1000)
    before = world.connections.status()
    world.dialects.trouble = RequestFailed("auth_rejected", "No.")
    for params in ({"provider": "beta"}, {"provider": "acme", "model": "other", "timeout_ms": 5}):
        with pytest.raises(RequestFailed):
            await world.connect(**params)
    assert world.connections.status() == before
    assert (await world.connections.endpoint(ACME, None)).idle_timeout_s == 1.0


async def test_connecting_by_model_alone() -> None:
    view = await World(ACME_API_KEY=KEY).connect(model="acme-small", verify=False)
    assert (view.provider, view.model) == ("acme", "acme-small")
    view = await World(BETA_API_KEY=KEY).connect(model="bee/some-model", verify=False)
    assert (view.provider, view.model) == ("beta", "some-model")


async def test_what_became_of_a_service_is_told() -> None:
    assert (await World(BETA_API_KEY=KEY).connect("beta", verify=False)).notice == "It is called Beta now."


@pytest.mark.parametrize(
    ("served", "model"),
    [
        # The models of a local server come from its list; its row only guesses.
        (("qwen3:8b", "other"), "qwen3:8b"),
        (("other", "more"), "other"),
        ((), "qwen3:8b"),
    ],
)
async def test_the_model_of_a_local_server_is_one_it_has(served: tuple[str, ...], model: str) -> None:
    world = World()
    world.dialects.served = served
    assert (await world.connect("ollama")).model == model


async def test_the_default_of_a_cloud_provider_stays_although_its_list_lacks_it() -> None:
    world = World(ACME_API_KEY=KEY)
    world.dialects.served = ("something-new",)
    assert (await world.connect("acme")).model == "acme-large"


async def test_a_provider_without_a_default_gets_the_first_it_serves_or_none() -> None:
    world = World(BETA_API_KEY=KEY)
    world.dialects.served = ("b1", "b2")
    assert (await world.connect("beta")).model == "b1"
    assert (await world.connect("beta", verify=False)).model is None


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "model"),
        ({"provider": "unknown"}, "provider"),
        ({"provider": "acme", "timeout_ms": 0}, "timeoutMs"),
        ({"provider": "acme", "timeout_ms": -5}, "timeoutMs"),
        ({"provider": "acme", "base_url": "ftp://x"}, "baseUrl"),
        ({"provider": "acme", "base_url": "https://x/v 1"}, "baseUrl"),
        ({"provider": "acme", "base_url": "https://x/v1?api_key=b"}, "baseUrl"),
        ({"provider": "openai", "api_key": "gsk_0123456789"}, "apiKey"),
        ({"provider": "acme", "api_key": "sk-é0123456789"}, "apiKey"),
        ({"provider": "acme", "api_key": "sk-012345\n6789"}, "apiKey"),
        ({"provider": "acme", "headers": {"X Own": "a"}}, "headers"),
        ({"provider": "acme", "headers": {"": "a"}}, "headers"),
        ({"provider": "acme", "headers": {"X-Own": "a\r\nX-Other: b"}}, "headers"),
        ({"provider": "acme", "headers": {"X-Own": "東京"}}, "headers"),
        ({"provider": "acme", "headers": {"Content-Length": "5"}}, "headers"),
        ({"provider": "acme", "headers": {"transfer-encoding": "chunked"}}, "headers"),
    ],
)
async def test_wrong_params_are_named_and_change_nothing(params: dict[str, Any], field: str) -> None:
    world = World(ACME_API_KEY=KEY)
    with pytest.raises(InvalidParams) as refused:
        await world.connect(**params)
    assert refused.value.field == field
    assert world.status() == (None, [])


async def test_white_space_around_a_pasted_key_is_no_part_of_it() -> None:
    world = World()
    await world.connect("acme", api_key=f" {KEY}\n", verify=False)
    credential = (await world.connections.endpoint(ACME, "m")).credential
    assert credential.secret == Secret(KEY)


async def test_a_key_in_the_environment_that_cannot_be_sent_says_where_it_is() -> None:
    with pytest.raises(RequestFailed, match="ACME_API_KEY") as failed:
        await World(ACME_API_KEY="sk-\u200b0123456789").connections.endpoint(ACME, "m")
    assert failed.value.kind == "invalid_key_format"
    assert "0123456789" not in failed.value.message


async def test_a_key_for_an_endpoint_of_the_users_own_may_look_like_anything() -> None:
    view = await World().connect("openai", api_key="gsk_0123456789", base_url="https://mine.example", verify=False)
    assert view.credential.source == "session"


# Endpoints and overrides.


async def test_overrides_last_until_connected_again_or_disconnected() -> None:
    world = World()
    await world.connect("acme", api_key=KEY, base_url="https://mine.example", dialect="anthropic_messages", headers={"X-Team": "blue"}, timeout_ms=1500, verify_tls=False, verify=False)  # fmt: skip
    endpoint = await world.connections.endpoint(ACME, "m")
    assert (endpoint.base_url, endpoint.dialect, endpoint.idle_timeout_s) == (
        "https://mine.example",
        "anthropic_messages",
        1.5,
    )
    assert endpoint.headers["X-Team"].reveal() == "blue"
    assert not endpoint.verify_tls
    assert endpoint.credential.secret == Secret(KEY)
    await world.connect("acme", api_key="other-0123456789", verify=False)
    endpoint = await world.connections.endpoint(ACME, "m")
    assert (endpoint.base_url, endpoint.dialect, endpoint.idle_timeout_s) == (
        "https://acme.example/v1",
        "openai_chat",
        None,
    )
    assert endpoint.headers == {}
    assert endpoint.verify_tls
    world.connections.disconnect("acme")
    with pytest.raises(RequestFailed):
        await world.connections.endpoint(ACME, "m")


async def test_overrides_can_be_kept_when_connected_again() -> None:
    world = World()
    await world.connect("acme", api_key=KEY, base_url="https://mine.example/", dialect="anthropic_messages", headers={"X-Team": "blue"}, timeout_ms=1500, verify_tls=False, verify=False)  # fmt: skip
    view = await world.connect("acme", model="acme-small", verify=False, keep_overrides=True)
    assert (view.model, view.base_url, view.credential.source) == ("acme-small", "https://mine.example", "session")
    endpoint = await world.connections.endpoint(ACME, "m")
    assert (endpoint.base_url, endpoint.dialect, endpoint.idle_timeout_s) == ("https://mine.example", "anthropic_messages", 1.5)  # fmt: skip
    assert endpoint.headers["X-Team"].reveal() == "blue"
    assert not endpoint.verify_tls
    assert endpoint.credential.secret == Secret(KEY)
    # The same address counts as none, a new value counts, and the model stays, too.
    changes = {"base_url": "https://MINE.example", "api_key": "other-0123456789", "verify_tls": True}
    view = await world.connect("acme", verify=False, keep_overrides=True, **changes)
    endpoint = await world.connections.endpoint(ACME, "m")
    assert view.model == "acme-small"
    assert endpoint.credential.secret == Secret("other-0123456789")
    assert (endpoint.verify_tls, endpoint.idle_timeout_s) == (True, 1.5)


async def test_the_model_that_was_found_is_kept_too() -> None:
    world = World()
    world.dialects.served = ("gemma3:4b",)
    assert (await world.connect("ollama")).model == "gemma3:4b"
    assert (await world.connect("ollama", verify=False, keep_overrides=True)).model == "gemma3:4b"


@pytest.mark.parametrize("first", ["https://mine.example", None])
async def test_nothing_is_kept_for_another_address(first: str | None) -> None:
    world = World(BETA_API_KEY=KEY)
    await world.connect("beta", api_key="own-0123456789", base_url=first, headers={"X-Team": "blue"}, verify=False)
    with pytest.raises(RequestFailed, match="needs an API key"):
        await World().connect("beta", base_url="https://other.example", verify=False, keep_overrides=True)
    await world.connect("beta", base_url="https://other.example", verify=False, keep_overrides=True)
    endpoint = await world.connections.endpoint(BETA, "m")
    assert endpoint.headers == {}
    assert endpoint.credential.secret != Secret("own-0123456789")


async def test_keeping_needs_no_connection_before() -> None:
    world = World(ACME_API_KEY=KEY)
    view = await world.connect("acme", model="acme-small", verify=False, keep_overrides=True)
    assert (view.model, view.credential.source) == ("acme-small", "environment")


async def test_one_providers_overrides_do_not_touch_anothers() -> None:
    world = World(BETA_API_KEY=KEY)
    await world.connect("acme", api_key=KEY, base_url="https://mine.example", verify=False)
    assert (await world.connections.endpoint(BETA, "m")).base_url == "https://beta.example/v1"


async def test_a_provider_whose_key_can_be_found_needs_no_connection() -> None:
    endpoint = await World(ACME_API_KEY=KEY).connections.endpoint(ACME, "m")
    assert (endpoint.base_url, endpoint.credential.source) == ("https://acme.example/v1", "environment")
    assert (
        await World(OLLAMA_HOST="server.lan").connections.endpoint(OLLAMA, "m")
    ).base_url == "http://server.lan:11434"


async def test_a_missing_key_says_what_to_set() -> None:
    with pytest.raises(RequestFailed) as failed:
        await World().connections.endpoint(BETA, "m")
    error = failed.value
    assert (error.kind, error.provider, error.action) == ("auth_required", "beta", "set BETA_API_KEY")
    assert "modelport keys set beta" in error.message
    assert "It is called Beta now." in error.message


async def test_a_key_kept_for_another_address_says_so() -> None:
    world = World(MemoryStore(acme=StoredKey(Secret(KEY), "https://mine.example")))
    with pytest.raises(RequestFailed, match=r"https://mine\.example only") as failed:
        await world.connections.endpoint(ACME, "m")
    assert KEY not in failed.value.message


async def test_a_header_of_the_users_own_may_stand_for_a_key() -> None:
    world = World()
    await world.connect("acme", headers={"Authorization": "Basic mine"}, verify=False)
    assert (await world.connections.endpoint(ACME, "m")).credential.secret is None


@pytest.mark.parametrize(
    ("model", "dialect", "path"), [("claude-4", "anthropic_messages", "/messages"), ("other", "openai_chat", None)]
)
async def test_a_row_may_choose_the_dialect_by_model(model: str, dialect: str, path: str | None) -> None:
    endpoint = await World(ZEN_API_KEY=KEY).connections.endpoint(ZEN, model)
    assert (endpoint.dialect, endpoint.chat_path) == (dialect, path)


@pytest.mark.parametrize(("provider", "model"), [(GEMINI, "m"), (ZEN, "gemini-3")])
async def test_what_this_build_cannot_call_says_so(provider: Any, model: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        await World(ZEN_API_KEY=KEY).connections.endpoint(provider, model)
    assert (failed.value.kind, failed.value.provider) == ("unsupported", provider.id)


async def test_an_address_of_the_users_own_needs_no_special_log_in() -> None:
    world = World()
    await world.connect("bedrock", base_url="https://proxy.example", api_key=KEY, verify=False)
    assert (await world.connections.endpoint(BEDROCK, "m")).base_url == "https://proxy.example"
    await world.connect("gemini", dialect="openai_chat", base_url="https://proxy.example", api_key=KEY, verify=False)
    assert (await world.connections.endpoint(GEMINI, "m")).dialect == "openai_chat"


# Targets.


async def test_without_a_name_the_active_connection_is_meant() -> None:
    world = World(ACME_API_KEY=KEY)
    with pytest.raises(InvalidParams, match="connect a provider first"):
        await world.connections.target(None, None)
    await world.connect("acme", model="acme-small", verify=False)
    target = await world.connections.target(None, None)
    assert (target.provider, target.model) == (ACME, "acme-small")


async def test_a_name_that_no_provider_has_is_a_model_of_the_active_connection() -> None:
    world = World(BETA_API_KEY=KEY)
    with pytest.raises(InvalidParams) as refused:
        await world.connections.target(None, "my-own-model")
    assert refused.value.kind == "unknown_model"
    await world.connect("beta", verify=False)
    assert (await world.connections.target(None, "my-own-model")).provider is BETA
    # A provider's name without a model behind it means that provider: the prompt goes to no other company.
    assert (await world.connections.target(None, "acme")).provider is ACME
    # A name that a provider lists, or that has its prefix, keeps its meaning.
    assert (await world.connections.target(None, "acme-small")).provider is ACME
    assert (await world.connections.target(None, "acme/anything")).provider is ACME


async def test_a_prefix_that_is_no_providers_is_refused_with_the_nearest_names() -> None:
    """Else a mistyped name would send the prompt to another company, with success."""
    world = World(BETA_API_KEY=KEY, ACME_API_KEY=KEY)
    for connected in (False, True):
        if connected:
            await world.connect("beta", verify=False)
        for name, near in (("acne/acme-small", "did you mean acme"), ("nobody/x", 'No provider is called "nobody"')):
            with pytest.raises(InvalidParams, match=near) as refused:
                await world.connections.target(None, name)
            assert (refused.value.kind, refused.value.field) == ("unknown_provider", "model")


async def test_a_model_with_a_slash_is_meant_where_the_connection_lists_exactly_that() -> None:
    world = World(BETA_API_KEY=KEY)
    world.dialects.served = ("me/my-own",)
    await world.connect("beta")
    listed = await world.connections.target(None, "me/my-own")
    assert (listed.provider, listed.model, listed.resolved_by) == (BETA, "me/my-own", "connection")
    with pytest.raises(InvalidParams, match='No provider is called "me"'):
        await world.connections.target(None, "me/my-other")
    # The provider may always be named.
    assert await world.connections.target(None, "beta/me/my-other") == Target(BETA, "me/my-other", connection="beta")
    assert await world.connections.target("beta", "me/my-other") == Target(BETA, "me/my-other", connection="beta")
    # And the model that a connection was made with is its own.
    await world.connect("beta", model="me/mine", verify=False)
    own = await world.connections.target(None, "me/mine")
    assert (own.provider, own.model, own.resolved_by) == (BETA, "me/mine", "connection")


async def test_a_model_is_meant_where_the_newest_connection_lists_it() -> None:
    world = World(ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    world.dialects.served = ("both", "first")
    await world.connect("acme")
    world.dialects.served = ("both", "second")
    await world.connect("beta")
    world.dialects.served = ("third",)
    await world.connect("ollama")
    met = {
        name: (await world.connections.target(None, name)).provider.id for name in ("first", "second", "both", "third")
    }
    assert met == {"first": "acme", "second": "beta", "both": "beta", "third": "ollama"}
    await world.connect("acme", model="both", verify=False)
    assert (await world.connections.target(None, "both")).provider.id == "acme"


async def test_a_model_that_the_active_connection_lists_is_meant_there() -> None:
    world = World(ACME_API_KEY=KEY)
    rows = Registry([ACME, row("beta", example_models=("acme-small",))])
    _, world.connections = connections(rows, world.environment, world.store, world.dialects)
    await world.connect("acme", verify=False)
    assert (await world.connections.target(None, "acme-small")).provider.id == "acme"
    await world.connect("beta", api_key=KEY, verify=False)
    assert (await world.connections.target(None, "acme-small")).provider.id == "beta"


async def test_a_provider_alone_means_the_model_it_is_connected_with() -> None:
    world = World(ACME_API_KEY=KEY)
    assert (await world.connections.target("acme", None)).model is None
    await world.connect("acme", model="acme-small", verify=False)
    assert (await world.connections.target("acme", None)).model == "acme-small"
    assert (await world.connections.target("acme", "other")).model == "other"


# Disconnecting.


async def test_the_newest_of_the_rest_becomes_active() -> None:
    world = World(ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    for name in ("acme", "beta", "ollama"):
        await world.connect(name, verify=False)
    assert world.status() == ("ollama", ["acme", "beta", "ollama"])
    # Connecting again makes it the newest.
    await world.connect("acme", verify=False)
    assert world.status() == ("acme", ["beta", "ollama", "acme"])
    world.connections.disconnect("acme")
    assert world.status() == ("ollama", ["beta", "ollama"])
    # Taking away another than the active one changes nothing about it.
    world.connections.disconnect("bee")
    assert world.status() == ("ollama", ["ollama"])
    world.connections.disconnect("ollama")
    assert world.status() == (None, [])


async def test_disconnecting_all() -> None:
    world = World(ACME_API_KEY=KEY)
    await world.connect("acme", verify=False)
    await world.connect("ollama", verify=False)
    world.connections.disconnect(None)
    assert world.status() == (None, [])
    assert not world.connections.connected(ACME)


def test_disconnecting_what_is_not_connected_is_no_error_and_an_unknown_name_is_one() -> None:
    world = World()
    world.connections.disconnect("acme")
    with pytest.raises(InvalidParams) as refused:
        world.connections.disconnect("unknown")
    assert refused.value.kind == "unknown_provider"


# Health.


def test_health_counts_calls_and_remembers_the_last_failure() -> None:
    world = World()
    world.connections.record_health("acme", 10.0, None)
    world.connections.record_health("acme", 20.0, RequestFailed("timeout", "Late."))
    world.connections.record_health("beta", 5.0, None)
    acme, beta = world.connections.status().health
    assert (acme.ok, acme.calls, acme.failures, acme.last_latency_ms) == (False, 2, 1, 20.0)
    assert acme.last_error is not None
    assert (acme.last_error.kind, acme.last_error.message) == ("timeout", "Late.")
    assert beta == Health(provider="beta", ok=True, calls=1, failures=0, last_latency_ms=5.0)
    world.connections.record_health("acme", 1.0, None)
    acme = world.connections.status().health[0]
    assert (acme.ok, acme.failures) == (True, 1)
    assert acme.last_error is not None


# Several connections to one provider.


async def two_servers() -> World:
    world = World()
    world.dialects.served = ("a", "both")
    await world.connect("ollama")
    world.dialects.served = ("b", "both")
    await world.connect("ollama", name="Big", base_url="http://big.example:11434")
    return world


async def test_a_name_puts_a_connection_beside_the_others() -> None:
    world = await two_servers()
    status = world.connections.status()
    assert [(c.name, c.provider) for c in status.connections] == [("ollama", "ollama"), ("Big", "ollama")]
    assert status.active is not None
    assert status.active.name == "Big"


@pytest.mark.parametrize(
    ("provider", "model", "name", "sent"),
    [
        (None, "a", "ollama", "a"),
        (None, "b", "Big", "b"),
        (None, "both", "Big", "both"),
        ("ollama", "a", "ollama", "a"),
        ("ollama", "b", "Big", "b"),
        ("ollama", "both", "Big", "both"),
        ("ollama", "other", "ollama", "other"),
        (None, "ollama/b", "Big", "b"),
        (None, "big/a", "Big", "a"),
        (None, "BIG/hf.co/x", "Big", "hf.co/x"),
        ("big", "a", "Big", "a"),
        ("big", "big/a", "Big", "a"),
        ("big", None, "Big", "b"),
        (None, "big", "Big", "b"),
        (None, None, "Big", "b"),
    ],
)
async def test_a_model_goes_to_the_server_that_has_it_or_to_the_one_that_is_named(
    provider: str | None, model: str | None, name: str, sent: str
) -> None:
    world = await two_servers()
    target = await world.connections.target(provider, model)
    assert (target.provider.id, target.connection, target.model) == ("ollama", name, sent)
    endpoint = await world.connections.endpoint(target.provider, target.model, connection=target.connection)
    expected = "http://big.example:11434" if name == "Big" else "http://localhost:11434"
    assert endpoint.base_url == expected


async def test_two_accounts_have_a_key_each() -> None:
    world = World()
    await world.connect("acme", api_key=KEY, verify=False)
    await world.connect("acme", name="work", api_key="other-0123456789", verify=False)
    for name, key in (("acme", KEY), ("work", "other-0123456789")):
        target = await world.connections.target(name, "m")
        endpoint = await world.connections.endpoint(target.provider, "m", connection=target.connection)
        assert endpoint.credential.secret == Secret(key)


async def stored_names(*entries: str, **variables: str) -> World:
    """A session without a connection, over keys that are stored for names."""
    store = MemoryStore(**{entry: f"{entry.replace('/', '-')}-0123456789" for entry in entries})
    return World(store, **variables)


@pytest.mark.parametrize(
    ("provider", "model", "sent"),
    [
        (None, "work/m", "m"),
        (None, "WORK/m", "m"),
        ("work", "m", "m"),
        ("work", "work/m", "m"),
        ("Acme", "work/m", "m"),
    ],
)
async def test_a_name_that_a_key_is_stored_for_needs_no_connection(provider: str | None, model: str, sent: str) -> None:
    world = await stored_names("acme", "acme/work", ACME_API_KEY=KEY)
    target = await world.connections.target(provider, model)
    assert (target.provider, target.connection, target.model) == (ACME, "work", sent)
    endpoint = await world.connections.endpoint(target.provider, sent, connection=target.connection)
    assert endpoint.credential.secret == Secret("acme-work-0123456789")
    assert endpoint.connection == "work"


async def test_a_stored_name_alone_means_the_default_model() -> None:
    world = await stored_names("acme/work")
    for provider, model in (("work", None), (None, "work")):
        target = await world.connections.target(provider, model)
        assert (target.connection, target.model) == ("work", None)


async def test_a_stored_name_takes_nothing_of_the_sessions_other_connection() -> None:
    world = await stored_names("acme/work")
    await world.connect("acme", base_url="https://other.example/v1", api_key=KEY, verify=False)
    target = await world.connections.target(None, "work/m")
    endpoint = await world.connections.endpoint(target.provider, "m", connection=target.connection)
    assert (endpoint.base_url, endpoint.credential.secret) == (
        "https://acme.example/v1",
        Secret("acme-work-0123456789"),
    )


async def test_a_stored_name_is_called_where_its_key_is_bound_to() -> None:
    store = MemoryStore()
    store.keys["acme/work"] = StoredKey(Secret(KEY), "https://work.example/v1")
    world = World(store)
    endpoint = await world.connections.endpoint(ACME, "m", connection="work")
    assert (endpoint.base_url, endpoint.credential.secret) == ("https://work.example/v1", Secret(KEY))


async def test_a_connection_of_the_session_comes_before_a_stored_name() -> None:
    world = await stored_names("beta/work")
    await world.connect("acme", name="Work", api_key=KEY, verify=False)
    assert (await world.connections.target(None, "work/m")).provider is ACME


async def test_a_name_of_keys_of_two_providers_needs_the_provider() -> None:
    world = await stored_names("acme/work", "beta/work")
    with pytest.raises(InvalidParams, match="Keys of acme and beta are stored for work: give provider too"):
        await world.connections.target(None, "work/m")
    target = await world.connections.target("beta", "work/m")
    assert (target.provider.id, target.connection, target.model) == ("beta", "work", "m")


async def test_a_name_of_another_provider_or_of_none_is_no_stored_name() -> None:
    world = await stored_names("acme/work")
    assert (await world.connections.target("beta", "work/m")).connection is None
    assert (await world.connections.target("beta", "work/m")).model == "work/m"
    with pytest.raises(InvalidParams) as caught:
        await world.connections.target(None, "home/m")
    assert caught.value.kind == "unknown_provider"


async def test_known_names_look_into_no_store() -> None:
    world = World(ACME_API_KEY=KEY)

    async def unlisted() -> list[str]:
        raise AssertionError("a request with a known name waits for nothing")

    world.store.providers = unlisted  # type: ignore[method-assign]
    for provider, model in (("acme", "m"), (None, "acme/m"), ("acme", None)):
        assert (await world.connections.target(provider, model)).provider is ACME


async def test_a_stored_name_is_looked_for_with_explicit_resolution_too() -> None:
    world = await stored_names("acme/work")
    assert (await world.connections.target(None, "work/m", "explicit")).connection == "work"


async def test_a_named_connection_is_closed_by_its_name() -> None:
    world = await two_servers()
    world.connections.disconnect("big")
    assert [c.name for c in world.connections.status().connections] == ["ollama"]
    world.connections.disconnect("ollama")
    assert world.status() == (None, [])


async def test_connecting_again_under_a_name_replaces_that_connection() -> None:
    world = await two_servers()
    await world.connect("ollama", name="big", base_url="http://other.example:11434")
    connections = world.connections.status().connections
    assert [(c.name, c.base_url) for c in connections][1] == ("Big", "http://other.example:11434")
    assert (await world.connect("ollama", name="OLLAMA")).name == "ollama"


@pytest.mark.parametrize("name", ["groq", "a/b", "", " x", "-x", "x" * 65])
async def test_a_name_that_is_anothers_or_none_is_refused(name: str) -> None:
    world = World()
    with pytest.raises(InvalidParams) as refused:
        await world.connect("ollama", name=name)
    assert refused.value.field == "name"
    assert world.status() == (None, [])


async def test_a_connection_with_a_key_of_its_own_finds_it_by_its_name() -> None:
    store = MemoryStore()
    await store.set("acme", StoredKey(Secret("home-0123456789")))
    await store.set("acme/work", StoredKey(Secret("work-0123456789")))
    world = World(store)
    assert (await world.connect("acme")).credential.last4 == "6789"
    at_work = await world.connect("acme", name="work")
    assert (at_work.credential.name, at_work.credential.location) == ("work", "memory/acme/work")
    endpoint = await world.connections.endpoint(ACME, None, connection="work")
    assert endpoint.credential.secret == Secret("work-0123456789")
    assert (await world.connections.endpoint(ACME, None)).credential.secret == Secret("home-0123456789")


async def test_the_health_of_each_connection_is_its_own() -> None:
    world = World()
    world.connections.record_health("acme", 5.0, None, "acme")
    world.connections.record_health("acme", 6.0, RequestFailed("timeout", "It is silent."), "work")
    world.connections.record_health("acme", 7.0, None)
    health = [(one.provider, one.connection, one.ok, one.calls) for one in world.connections.status().health]
    assert health == [("acme", None, True, 2), ("acme", "work", False, 1)]
