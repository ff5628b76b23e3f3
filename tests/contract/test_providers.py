"""The provider data: every row is whole, can be found, and can build a request."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, load_wire_format
from modelport.adapters.provider_client.auth_headers import request_headers
from modelport.adapters.usage_ledgers.database import VERSION
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import CHECKS
from modelport.domain.errors import InvalidParams
from modelport.domain.providers import address as addresses
from modelport.domain.providers.address import base_url, other_host
from modelport.domain.providers.connection import Endpoint, wire_format
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.registry import listed_models
from modelport.domain.providers.rows import BaseUrlRule, DialectRule, Provider, Setting, TurnHeader, Wire, WithKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectProviderParams, Message
from support.builders import MemoryStore, Scripted, Variables, json_form, tool, user
from support.builders import connections as session
from support.checks import Checks
from support.shipped import shipped_registry

REGISTRY = shipped_registry()
ROWS = REGISTRY.all()
WIRES: dict[str, Any] = {dialect: load_wire_format(dialect) for dialect in MODULES.keys() - OWN_COMPLETERS}
row_checks = Checks[[Provider], None]()
# 302.AI names its variable with a digit first: no shell can set it by an assignment, but a process can have it.
ENV_NAME = re.compile(r"[A-Z0-9][A-Z0-9_]*")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def placeholders(template: str) -> dict[str, str]:
    """A value for each environment variable an address is made of."""
    return {name: name.lower().replace("_", "-") for name in re.findall(r"\{([A-Z0-9_]+)\}", template)}


def test_there_are_all_the_providers_there_were() -> None:
    assert len(ROWS) >= 126


def test_no_two_rows_share_a_name_in_any_case() -> None:
    names = Counter(name.casefold() for row in ROWS for name in {row.id, *row.aliases})
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "id"),
    [
        # The ids and aliases that the systems before this one used.
        ("ollama", "ollama"), ("local-ollama", "ollama"), ("lmstudio", "lmstudio"), ("lm-studio", "lmstudio"),
        ("vllm", "vllm"), ("vllm-server", "vllm"), ("sglang", "sglang"), ("sg-lang", "sglang"), ("tgi", "tgi"),
        ("text-generation-inference", "tgi"), ("mlx", "mlx"), ("mlx-lm", "mlx"), ("llama-cpp", "llama-cpp"),
        ("llamacpp", "llama-cpp"), ("llama_cpp", "llama-cpp"), ("openai-compatible", "openai-compatible"),
        ("openai_compatible", "openai-compatible"), ("compatible", "openai-compatible"), ("openai", "openai"),
        ("gpt", "openai"), ("anthropic", "anthropic"), ("claude", "anthropic"), ("gemini", "gemini"),
        ("google", "gemini"), ("xai", "xai"), ("perplexity", "perplexity"), ("deepseek", "deepseek"),
        ("moonshot", "moonshot"), ("kimi", "moonshot"), ("alibaba", "alibaba"), ("qwen", "alibaba"),
        ("dashscope", "alibaba"), ("openrouter", "openrouter"), ("opencode", "opencode"),
        ("opencode-zen", "opencode"), ("groq", "groq"), ("together", "together"), ("togetherai", "together"),
        ("siliconflow", "siliconflow"), ("silicon-flow", "siliconflow"), ("fireworks", "fireworks"),
        ("cerebras", "cerebras"), ("mistral", "mistral"), ("sambanova", "sambanova"), ("hyperbolic", "hyperbolic"),
        ("novita", "novita"), ("lepton", "lepton"), ("corethink", "corethink"), ("featherless", "featherless"),
        ("requesty", "requesty"), ("glama", "glama"), ("chutes", "chutes"), ("cohere", "cohere"), ("glm", "glm"),
        ("doubao", "doubao"), ("zai", "zai"), ("yi", "yi"), ("minimax", "minimax"), ("hunyuan", "hunyuan"),
        ("stepfun", "stepfun"), ("localai", "localai"), ("litellm", "litellm"), ("copilot", "copilot"),
        ("qwen_oauth", "qwen-oauth"), ("bedrock", "bedrock"), ("vertex", "vertex"), ("mock", "mock"),
    ],
)  # fmt: skip
def test_every_name_of_the_reference_systems_works_in_any_case(name: str, id: str) -> None:
    for written in (name, name.upper(), f" {name.title()} "):
        assert REGISTRY.get(written).id == id


@pytest.mark.parametrize(
    ("provider", "model", "sent"),
    [
        ("openai", "openai/gpt-4o", "gpt-4o"),
        ("openrouter", "anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"),
        ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("openrouter", "openrouter/auto", "openrouter/auto"),
        ("perplexity", "perplexity/sonar", "perplexity/sonar"),
        ("poolside", "poolside/laguna-m.1", "poolside/laguna-m.1"),
        ("anthropic", "claude/claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("ollama", "ollama/qwen3:8b", "qwen3:8b"),
    ],
)
def test_prefixes_are_removed_where_they_are_redundant_only(provider: str, model: str, sent: str) -> None:
    assert REGISTRY.resolve(provider, model).model == sent


@pytest.mark.parametrize(
    ("model", "provider"),
    [("gpt-4o", "openai"), ("claude-sonnet-4-6", "anthropic"), ("deepseek-chat", "deepseek"), ("gemini-2.0-flash", "gemini"), ("qwen2.5:0.5b", "ollama"), ("sonar-pro", "perplexity"), ("mock", "mock")],
)  # fmt: skip
def test_a_bare_model_name_means_its_makers_own_service(model: str, provider: str) -> None:
    assert REGISTRY.resolve(None, model).provider.id == provider


@row_checks
def it_is_found_by_its_id_and_every_alias(row: Provider) -> None:
    for name in (row.id, *row.aliases):
        assert REGISTRY.get(name) is row
        assert REGISTRY.get(name.upper()) is row
        assert REGISTRY.resolve(None, f"{name}/some-model").provider is row
        assert NAME.fullmatch(name.lower())


@row_checks
def each_of_its_own_models_reaches_it_unchanged(row: Provider) -> None:
    for model in listed_models(row):
        assert REGISTRY.resolve(row.id, model).model == model


@row_checks
def its_facts_are_dated_and_have_a_source(row: Provider) -> None:
    assert date(2024, 1, 1) <= date.fromisoformat(row.checked) <= date(2030, 1, 1)
    assert row.source.strip()
    assert row.display_name.strip()
    assert row.category != "Custom"


@row_checks
def its_environment_variables_are_well_formed_and_named_once(row: Provider) -> None:
    names = (*row.api_key_env_vars, *row.base_url_env_vars)
    settings = [name for setting in row.settings.values() for name in setting.env_vars]
    assert all(ENV_NAME.fullmatch(name) for name in (*settings, *row.settings, *row.timeout_env_vars))
    assert all(ENV_NAME.fullmatch(name) for name in names)
    assert len(set(names)) == len(names)


@row_checks
def a_key_that_is_required_can_be_set(row: Provider) -> None:
    assert not row.requires_api_key or row.api_key_env_vars
    assert not (row.auth == "none" and row.requires_api_key)


@row_checks
def its_addresses_are_https_unless_they_are_on_this_machine(row: Provider) -> None:
    for url in filter(None, (row.base_url, row.docs_url, row.key_url)):
        parts = urlsplit(url)
        here = parts.hostname in ("localhost", "127.0.0.1")
        assert parts.scheme == "https" or (here and row.connection_type == "local")
        assert parts.hostname
        assert not parts.username
        assert not parts.query
    assert not (row.base_url or "").endswith("/")


@row_checks
def it_has_an_address_or_says_why_not(row: Provider) -> None:
    if row.base_url is None and row.dialect != "mock":
        assert row.status == "retired" or row.program is not None
        with pytest.raises(InvalidParams, match="baseUrl"):
            base_url(row, None, {})
    else:
        address = base_url(row, None, placeholders(row.base_url or ""))
        assert address.startswith(("https://", "http://localhost")) or row.id == "mock"
        assert "{" not in address
    assert base_url(row, "https://mine.example/team", {}) == "https://mine.example/team"


@row_checks
def what_became_of_a_service_that_changed_is_told(row: Provider) -> None:
    if row.status != "active":
        assert row.notice
    if row.notice:
        assert row.notice.endswith(".")
        assert "\n" not in row.notice
        assert "  " not in row.notice


@row_checks
def its_flags_name_parameters_that_exist(row: Provider) -> None:
    assert set(row.wire.extra_parameters) <= set(CHECKS)
    assert not set(row.wire.extra_parameters) & set(row.wire.refused_parameters)
    for path in (row.wire.chat_path, row.wire.verify_path):
        assert path is None or path.startswith("/")
    assert not row.wire.models_path or row.wire.models_path.startswith("/")


@row_checks
def its_models_are_listed_on_a_host_that_is_known_from_its_own(row: Provider) -> None:
    if not row.wire.models_hosts:
        return
    assert row.wire.models_path
    assert row.base_url
    for template in (row.base_url, *(rule.base_url for rule in row.base_url_rules)):
        address = addresses.fill(template, row, placeholders(template))
        other = other_host(address, row.wire.models_hosts)
        assert other is not None
        assert other.partition(".")[2] == address.partition(".")[2]
        assert other != address
    for pattern, label in row.wire.models_hosts.items():
        # No star where another owner's name could stand: the last two labels are the vendor's own.
        assert "*" not in pattern.split(".")[0]
        assert not any("*" in part for part in pattern.split(".")[-2:])
        assert re.fullmatch(r"[a-z0-9-]+", label)


@row_checks
def its_default_model_is_listed_once_and_nothing_is_blank(row: Provider) -> None:
    assert len(set(row.example_models)) == len(row.example_models)
    assert all(model.strip() == model != "" for model in listed_models(row))


def built_calls(row: Provider) -> list[ModelCall]:
    """A plain call for each wire format of this build that the row speaks."""
    models = [row.default_model or "some-model", *(rule.models.replace("*", "x") for rule in row.dialect_rules)]
    calls: list[ModelCall] = []
    for model in models:
        wire = wire_format(row, model, None)
        if wire.dialect in WIRES:
            variables = placeholders(f"{row.base_url} {wire.path}")
            address = base_url(row, None if row.base_url else "https://mine.example", variables)
            key = Credential(provider=row.id, source="session", secret=Secret("key-0123456789abcdef"))
            path = addresses.fill(wire.path, row, variables) if wire.path else None
            place = Endpoint(provider=row, dialect=wire.dialect, base_url=address, credential=key, chat_path=path, key_header=wire.key_header, bearer=wire.bearer)  # fmt: skip
            calls.append(ModelCall(endpoint=place, model=model, messages=(Message(role="system", content="Be brief."), user())))  # fmt: skip
    return calls


@row_checks
def it_can_build_a_request_in_its_dialect(row: Provider) -> None:
    calls = built_calls(row)
    assert calls or row.dialect in OWN_COMPLETERS
    for call in calls:
        request = WIRES[call.endpoint.dialect].request(call)
        assert request.body.get("model", call.model) == call.model
        assert "model" in request.body or call.model in unquote(request.path)
        # Gemini and Bedrock are asked for a stream by the path.
        by_path = "alt=sse" in request.path or request.path.endswith("-stream")
        assert request.body.get("stream", by_path) is True
        assert request.path.startswith("/")
        assert "{" not in call.endpoint.base_url + request.path
        headers = request_headers(call.endpoint, own_key_header="Authorization", more={})
        assert any("key-0123456789abcdef" in value for value in headers.values())
        assert len({name.casefold() for name in headers}) == len(headers)


def sent_or_refused(call: ModelCall) -> tuple[dict[str, Any], str | None]:
    """The body of a request, or the field that it was refused for."""
    try:
        return WIRES[call.endpoint.dialect].request(call).body, None
    except InvalidParams as refused:
        return {}, refused.field


@row_checks
def every_parameter_is_sent_or_refused_by_name(row: Provider) -> None:
    values: dict[str, Any] = {
        "stop": ["END"],
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
        "keep_alive": "5m",
        "user": "me",
    }
    for call in built_calls(row):
        plain = msgspec.structs.replace(call, tools=(tool(),))
        for name in CHECKS:
            sent = msgspec.structs.replace(plain, parameters={name: values.get(name, 1)})
            body, refused = sent_or_refused(sent)
            assert refused in (None, f"parameters.{name}")
            assert body != sent_or_refused(plain)[0]


@row_checks
def every_tool_choice_is_sent_or_refused_by_name(row: Provider) -> None:
    for call in built_calls(row):
        for choice in ("auto", "none", "required", "named"):
            named = "get_weather" if choice == "named" else None
            sent = msgspec.structs.replace(call, tools=(tool(),), tool_choice=choice, named_tool=named)
            body, refused = sent_or_refused(sent)
            if choice in ("auto", "none"):
                assert refused is None
                assert "tools" in body or "toolConfig" in body or choice == "none"
            else:
                assert refused == "toolChoice" or body.get("tool_choice") or body["toolConfig"]


@row_checks
def every_form_is_sent_or_refused_by_name(row: Provider) -> None:
    for call in built_calls(row):
        for form in (json_form(), json_form(schema=None)):
            body, refused = sent_or_refused(msgspec.structs.replace(call, answer_format=form))
            assert refused in (None, "responseFormat")
            assert body != sent_or_refused(call)[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole(row: Provider) -> None:
    row_checks.run(row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.dialect in MODULES], ids=lambda row: row.id)  # fmt: skip
async def test_it_can_be_connected_without_a_request_when_it_is_built(row: Provider) -> None:
    environment = Variables(**placeholders(f"{row.base_url} {row.wire.chat_path}"))
    dialects = Scripted()
    dialects.spoken = tuple(MODULES)
    _, connections = session(REGISTRY, environment, MemoryStore(), dialects)
    params = ConnectProviderParams(
        provider=row.id,
        api_key=Secret(f"{row.key_prefix or ''}0123456789"),
        base_url=None if row.base_url else "https://mine.example",
        verify=False,
    )
    view = await connections.connect(params)
    assert (view.provider, view.notice, view.model) == (row.id, row.notice, row.default_model)


def test_the_mock_is_always_there() -> None:
    mock = REGISTRY.get("mock")
    assert (mock.dialect, mock.default_model, mock.requires_api_key) == ("mock", "mock", False)


def test_a_key_prefix_is_told_only_where_it_distinguishes() -> None:
    for row in ROWS:
        if row.key_prefix:
            assert len(row.key_prefix) >= 3
            assert row.requires_api_key


def test_every_environment_variable_in_an_address_may_be_written_as_people_have_it_set() -> None:
    # Databricks' own tools want DATABRICKS_HOST with its scheme.
    row = REGISTRY.get("databricks")
    for written in (
        "adb-1.azuredatabricks.net",
        "https://adb-1.azuredatabricks.net",
        "https://adb-1.azuredatabricks.net/",
    ):
        address = base_url(row, None, {"DATABRICKS_HOST": written})
        assert address == "https://adb-1.azuredatabricks.net/serving-endpoints"


def test_the_data_ships_with_the_package() -> None:
    assert files("modelport.data").joinpath("providers.json").is_file()
    assert files("modelport.data").joinpath("prices.json").is_file()
    assert files("modelport.adapters.usage_ledgers").joinpath(f"schema_{VERSION}.sql").is_file()


@pytest.mark.parametrize(
    "kind", [Provider, Wire, DialectRule, WithKey, TurnHeader, Setting, BaseUrlRule], ids=lambda kind: kind.__name__
)
def test_no_field_of_a_row_is_read_and_ignored(kind: Any) -> None:
    package = Path(str(files("modelport")))
    own = package / "domain" / "providers" / "rows.py"
    assert own.is_file()
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py") if path != own)
    # These say how well a row is known, and are for its readers.
    facts = {"checked", "source", "tested"} if kind is Provider else set()
    unread = {name for name in kind.__struct_fields__ if not re.search(rf"\.{name}\b", code)}
    assert not unread - facts, f"no module reads these fields of {kind.__name__}: {sorted(unread - facts)}"
