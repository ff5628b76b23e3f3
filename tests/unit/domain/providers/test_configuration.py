"""The configuration laid over the rows that ship: own providers, changed fields, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelport.domain.providers.configuration import Configuration, Document, ProviderEntry, ValueSource
from modelport.domain.providers.connection import Overrides, layered, wire_format
from modelport.domain.providers.pricing import OwnPrice
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.registry_builder import build_registry
from modelport.domain.providers.rows import DialectRule
from modelport.protocol.secret import Secret
from support.builders import row
from support.shipped import shipped_registry

SHIPPED = (
    row("openai", aliases=("gpt",), key_prefix="sk-", example_models=("gpt-x",), wire={"max_tokens_field": "max_completion_tokens"}),
    row("anthropic", aliases=("claude",), dialect="anthropic_messages", auth="key", key_header="x-api-key"),
    row("ruled", dialect_rules=(DialectRule(models="*-pro", dialect="openai_responses"),), wire={"client": "sdk"}),
)  # fmt: skip


def lay(
    providers: dict[str, Any] | None = None, default_model: str | None = None, keys: Any = None
) -> tuple[Registry, list[Any]]:
    document = msgspec.convert({"providers": providers or {}, "default_model": default_model}, Document)
    wire = {name: entry["wire"] for name, entry in (providers or {}).items() if "wire" in entry}
    return build_registry(Configuration(document=document, wire=wire, keys=keys or {}), SHIPPED)


def sound(providers: dict[str, Any], default_model: str | None = None) -> Registry:
    registry, findings = lay(providers, default_model)
    assert findings == []
    return registry


def wrong(name: str = "acme", /, **entry: Any) -> list[tuple[str, str]]:
    """The places and sentences of what is wrong with one provider."""
    base = {} if name in ("openai", "claude") or "base_url" in entry else {"base_url": "https://acme.example"}
    registry, findings = lay({name: base | entry})
    assert findings
    assert registry.find("openai") is not None
    return [(".".join(finding.key_path), finding.message) for finding in findings]


def test_a_provider_of_ones_own_is_found_by_its_name_its_aliases_and_its_models() -> None:
    registry = sound({"acme": {"base_url": "https://acme.example/v1/", "models": ["large", "small"], "aliases": ["ac"], "default_model": "large", "display_name": "Acme"}})  # fmt: skip
    acme = registry.get("ac")
    assert (acme.id, acme.display_name, acme.base_url, acme.dialect) == (
        "acme",
        "Acme",
        "https://acme.example/v1",
        "openai_chat",
    )
    assert registry.resolve(None, "small").provider is acme
    assert registry.all()[-1] is acme
    assert (acme.connection_type, acme.requires_api_key, acme.auth) == ("byok", False, "none")
    assert acme.adapter == "openai_compatible"


@pytest.mark.parametrize("keyed", [{"api_key_env": "ACME_KEY"}, {"api_key_command": ["pass", "acme"]}])
def test_who_names_a_place_for_the_key_needs_one(keyed: dict[str, Any]) -> None:
    registry = sound({"acme": {"base_url": "https://acme.example", **keyed}})
    acme = registry.get("acme")
    assert (acme.requires_api_key, acme.auth) == (True, "bearer")
    assert acme.api_key_env_vars == tuple(keyed.get("api_key_env", "").split())
    assert registry.defaults(acme).key_command == tuple(keyed.get("api_key_command", ()))


def test_several_variables_with_a_key_each() -> None:
    keyed = {"api_key_envs": ["ACME_A", "ACME_B"]}
    registry = sound({"acme": {"base_url": "https://acme.example", **keyed}, "gpt": keyed})
    for name in ("acme", "openai"):
        row_ = registry.get(name)
        assert (row_.api_key_env_vars, row_.requires_api_key) == (("ACME_A", "ACME_B"), True)
        assert registry.defaults(row_).several_keys
    assert not registry.defaults(registry.get("anthropic")).several_keys


def test_one_variable_or_several_is_one_setting() -> None:
    (found,) = wrong(api_key_env="ACME_A", api_key_envs=["ACME_B"])
    assert found == ("providers.acme.api_key_envs", "Name one of the two, api_key_env or api_key_envs.")


def test_the_key_in_the_configuration_folder_belongs_to_the_provider_of_its_table() -> None:
    tables = {"acme": {"base_url": "https://acme.example"}, "gpt": {"timeout_s": 9}, "claude": {"timeout_s": 9}}
    registry, _ = lay(tables, keys={"acme": Secret("key-of-acme"), "gpt": Secret("key-of-openai")})
    keys = {name: registry.defaults(registry.get(name)).file_key for name in ("acme", "openai", "anthropic")}
    assert keys == {"acme": Secret("key-of-acme"), "openai": Secret("key-of-openai"), "anthropic": None}


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (["llama-server", "{model}", "--port={port}"], None),
        (["llama-server", "{model}"], "{port}"),
        (["llama-server", "--port", "{port}"], "{model}"),
        ([" ", "{model}", "{port}"], "program"),
    ],
)
def test_the_command_for_model_files_has_a_program_a_model_and_a_port(command: list[str], word: str | None) -> None:
    document = msgspec.convert({"local_models": {"folder": "/m", "command": command}}, Document)
    _, findings = build_registry(Configuration(document=document), SHIPPED)
    assert [finding.key_path for finding in findings] == [("local_models", "command")] * (word is not None)
    assert all(word in finding.message for finding in findings if word)


@pytest.mark.parametrize("address", ["http://localhost:8080/v1", "127.0.0.1:8080", "http://[::1]:80"])
def test_a_provider_on_this_machine_is_local(address: str) -> None:
    acme = sound({"acme": {"base_url": address}}).get("acme")
    assert acme.connection_type == "local"
    assert (acme.base_url or "").startswith("http://")


def test_the_key_goes_where_the_dialect_has_it_unless_a_header_is_named() -> None:
    base = {"base_url": "https://acme.example", "dialect": "anthropic_messages"}
    assert wire_format(sound({"acme": base}).get("acme"), "m", None).key_header is None
    named = wire_format(sound({"acme": {**base, "key_header": "X-Key"}}).get("acme"), "m", None)
    assert (named.key_header, named.bearer) == ("X-Key", False)
    bearer = wire_format(sound({"acme": {**base, "key_header": "X-Key", "auth": "bearer"}}).get("acme"), "m", None)
    assert (bearer.key_header, bearer.bearer) == ("X-Key", True)


def test_a_row_is_changed_field_by_field_under_its_own_id() -> None:
    registry = sound({"gpt": {"default_model": "gpt-y", "base_url": "https://gate.example", "timeout_s": 9, "wire": {"seed_field": "random_seed"}}})  # fmt: skip
    openai = registry.get("openai")
    assert (openai.default_model, openai.display_name, openai.example_models) == ("gpt-y", "Openai", ("gpt-x",))
    assert (openai.wire.seed_field, openai.wire.max_tokens_field) == ("random_seed", "max_completion_tokens")
    assert openai.base_url == "https://openai.example/v1"
    defaults = registry.defaults(openai)
    assert (defaults.base_url, defaults.idle_timeout_s) == ("https://gate.example", 9)
    assert registry.get("claude") is SHIPPED[1]


def test_a_timeout_at_the_top_is_that_of_every_provider_without_one_of_its_own() -> None:
    document = Document(
        timeout_s=600,
        providers={
            "openai": ProviderEntry(timeout_s=9),
            "claude": ProviderEntry(default_model="c"),
            "acme": ProviderEntry(base_url="https://acme.example"),
        },
    )
    registry, findings = build_registry(Configuration(document=document), SHIPPED)
    assert findings == []
    limits = {row.id: registry.defaults(row).idle_timeout_s for row in registry.all()}
    assert limits == {"openai": 9} | dict.fromkeys(set(limits) - {"openai"}, 600)
    assert len(limits) >= 3
    before = Registry(SHIPPED)
    before.replace(registry)
    assert before.defaults(SHIPPED[-1]).idle_timeout_s == registry.defaults(SHIPPED[-1]).idle_timeout_s


def test_a_flag_given_as_it_is_by_default_takes_the_place_of_the_rows() -> None:
    assert (
        sound({"openai": {"wire": {"max_tokens_field": "max_tokens"}}}).get("gpt").wire.max_tokens_field == "max_tokens"
    )


def test_another_dialect_leaves_nothing_of_the_rows_wire() -> None:
    ruled = sound({"ruled": {"dialect": "ollama", "chat_path": "chat"}}).get("ruled")
    assert (ruled.dialect, ruled.dialect_rules, ruled.wire.client, ruled.wire.chat_path) == (
        "ollama",
        (),
        "http",
        "/chat",
    )


def test_the_default_model_is_the_target_of_a_request_that_names_nothing() -> None:
    registry = sound({"acme": {"base_url": "https://acme.example"}}, "acme/large")
    assert registry.default_target is not None
    assert (registry.default_target.provider.id, registry.default_target.model) == ("acme", "large")
    _, findings = lay({}, "no-such/model")
    assert [finding.key_path for finding in findings] == [("default_model",)]


def test_chains_and_what_follows_a_failure_are_kept() -> None:
    document = msgspec.convert(
        {"chains": {"default": ["openai/gpt-5"], "night": []}, "failover": {"on_auth": "stop"}}, Document
    )
    registry, findings = build_registry(Configuration(document=document), SHIPPED)
    assert registry.chains == {"default": ("openai/gpt-5",), "night": ()}
    assert (registry.failover.on_auth, registry.failover.after_commit) == ("stop", "fail")
    assert [(finding.key_path, finding.level) for finding in findings] == [(("chains", "night"), "warning")]
    other = Registry(SHIPPED)
    other.replace(registry)
    assert (other.chains, other.failover) == (registry.chains, registry.failover)


def test_a_name_in_a_chain_that_is_like_no_providers_may_be_a_connections() -> None:
    document = msgspec.convert({"chains": {"default": ["work/m", "two words/m", "opneai/x"]}}, Document)
    findings = build_registry(Configuration(document=document), SHIPPED)[1]
    assert ["two words" in finding.message or "opneai" in finding.message for finding in findings] == [True, True]


def test_a_model_of_a_chain_that_is_not_known_is_a_warning_and_the_file_is_used() -> None:
    document = msgspec.convert({"chains": {"inline": ["opneai/x", "openai/gpt-5"]}}, Document)
    registry, (finding,) = build_registry(Configuration(document=document), SHIPPED)
    assert (finding.key_path, finding.level) == (("chains", "inline"), "warning")
    assert "did you mean openai" in finding.message
    assert registry.chains["inline"] == ("opneai/x", "openai/gpt-5")


def test_headers_and_the_organisation_are_kept_for_the_call() -> None:
    registry = sound({"openai": {"organization": "org-1", "headers": {"X-Team": "core", "X-Token": {"env": "TEAM"}}}})
    assert registry.defaults(registry.get("openai")).header_sources == {
        "OpenAI-Organization": Secret("org-1"),
        "X-Team": Secret("core"),
        "X-Token": ValueSource(env="TEAM"),
    }


def test_a_name_that_is_nearly_a_providers_is_offered() -> None:
    _, findings = lay({"opneai": {"timeout_s": 3}})
    assert "did you mean openai?" in findings[0].message
    assert "base_url" in findings[0].message


@pytest.mark.parametrize(
    ("entry", "place", "word"),
    [
        ({"base_url": "https://user:canary@acme.example"}, "providers.acme.base_url", "address"),
        ({"base_url": "ftp://acme.example"}, "providers.acme.base_url", "address"),
        ({"aliases": ["GPT"]}, "providers.acme.aliases", "alias"),
        ({"aliases": ["a/b"]}, "providers.acme.aliases", "slash"),
        ({"headers": {"Content-Length": "3"}}, "providers.acme.headers.Content-Length", "header"),
        ({"headers": {"X Y": "3"}}, "providers.acme.headers.X Y", "header"),
        ({"headers": {"X-A": "a\nb"}}, "providers.acme.headers.X-A", "one line"),
        ({"headers": {"Authorization": "Bearer canary"}}, "providers.acme.headers.Authorization", "env"),
        ({"headers": {"X-Api-Key": "canary"}}, "providers.acme.headers.X-Api-Key", "env"),
        ({"headers": {"X-Thing": "sk-canary"}}, "providers.acme.headers.X-Thing", "env"),
        ({"headers": {"X-Thing": {}}}, "providers.acme.headers.X-Thing", "one of the two"),
        ({"headers": {"X-Thing": {"env": "A", "command": ["b"]}}}, "providers.acme.headers.X-Thing", "one of the two"),
        ({"proxy": "http://user:canary@proxy:80"}, "providers.acme.proxy", "password"),
        ({"proxy": "ftp://proxy:80"}, "providers.acme.proxy", "proxy"),
        ({"proxy": {}}, "providers.acme.proxy", "one of the two"),
    ],
)
def test_what_cannot_be_is_told_with_its_key_and_without_its_value(
    entry: dict[str, Any], place: str, word: str
) -> None:
    (found,) = wrong(**entry)
    assert found[0] == place
    assert word in found[1]
    assert "canary" not in found[1]


def test_names_that_would_not_be_found_are_refused() -> None:
    assert wrong("a/b")[0][0] == "providers.a/b"
    _, findings = lay({"openai": {"timeout_s": 1}, "gpt": {"timeout_s": 2}})
    assert [finding.key_path for finding in findings] == [("providers", "gpt")]
    _, findings = lay({"acme": {"base_url": "https://a.example"}, "ACME": {"base_url": "https://b.example"}})
    assert [finding.key_path for finding in findings] == [("providers", "ACME")]


def test_a_connections_own_choices_come_first() -> None:
    defaults = Overrides(
        base_url="https://gate.example", idle_timeout_s=5, verify_tls=False, ca_file="a.pem", proxy=Secret("")
    )
    both = layered(Overrides(idle_timeout_s=1, verify_tls=True), defaults, SHIPPED[0])
    assert (both.base_url, both.idle_timeout_s, both.verify_tls, both.ca_file) == (
        "https://gate.example",
        1,
        True,
        "a.pem",
    )
    assert layered(Overrides(), defaults, SHIPPED[0]).verify_tls is False


@pytest.mark.parametrize(
    ("configured_url", "own", "kept"),
    [
        ("https://gate.example", None, True),
        ("https://gate.example", "https://GATE.example/", True),
        ("https://gate.example", "https://other.example", False),
        (None, "https://openai.example/v1", True),
        (None, "https://other.example", False),
    ],
)
def test_the_files_secrets_do_not_go_to_another_address(
    configured_url: str | None, own: str | None, kept: bool
) -> None:
    defaults = Overrides(
        base_url=configured_url, key_command=("pass",), file_key=Secret("k"), header_sources={"A": Secret("b")}
    )
    both = layered(Overrides(base_url=own), defaults, SHIPPED[0])
    assert bool(both.key_command) is bool(both.file_key) is bool(both.header_sources) is kept


@pytest.mark.parametrize(
    ("name", "settings", "variables"),
    [
        ("bedrock", {"region": "eu-west-1", "profile": "work"}, {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "work"}),
        (
            "vertex",
            {"key_file": "/a.json", "project_id": "p", "location": "us-central1"},
            {
                "GOOGLE_APPLICATION_CREDENTIALS": "/a.json",
                "GOOGLE_CLOUD_PROJECT": "p",
                "GOOGLE_CLOUD_LOCATION": "us-central1",
            },
        ),
        ("copilot", {"token_path": "~/t"}, {"COPILOT_TOKEN_FILE": "~/t"}),
        ("qwen_oauth", {"credentials_path": "~/q"}, {"QWEN_CREDENTIALS_FILE": "~/q"}),
    ],
)
def test_settings_for_a_log_in_stand_in_place_of_variables(
    name: str, settings: dict[str, Any], variables: dict[str, str]
) -> None:
    document = msgspec.convert({"providers": {name: settings}}, Document)
    registry, findings = build_registry(Configuration(document=document), shipped_registry().all())
    assert findings == []
    assert registry.defaults(registry.get(name)).variables == variables


def test_settings_for_another_log_in_are_refused() -> None:
    document = msgspec.convert({"providers": {"openai": {"region": "eu-west-1"}}}, Document)
    _, findings = build_registry(Configuration(document=document), shipped_registry().all())
    assert [(one.key_path, one.message) for one in findings] == [
        (("providers", "openai", "region"), "This is a setting of bedrock only.")
    ]


def test_a_connection_keeps_what_only_the_configuration_can_say() -> None:
    """Every field that no connection has, such as the region and the user's prices."""
    own = {"model", "connection", "base_url", "api_key", "dialect", "headers", "idle_timeout_s", "verify_tls"}
    values = {
        "ca_file": "ca.pem",
        "proxy": Secret("http://proxy:3128"),
        "key_command": ("pass", "show"),
        "file_key": Secret("key-0123456789"),
        "file_name": "config.json",
        "header_sources": {"X-Team": Secret("harbour")},
        "variables": {"AWS_REGION": "eu-west-1"},
        "prices": {"*": OwnPrice(input=1, output=2)},
        "several_keys": True,
    }
    lost = set(Overrides.__struct_fields__) - own - set(values)
    assert not lost, "say here whether a connection keeps it"
    both = layered(Overrides(model="m"), Overrides(**values), SHIPPED[0])
    assert {name: getattr(both, name) for name in values} == values
