"""How a provider is called, from everything that has a say in it."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.connection import Endpoint, Overrides
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Setting, WithKey
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.protocol.secret import Secret
from support.builders import KeptByVendors, MemoryStore, Scripted, Variables, row, values

KEY = "key-0123456789abcdef"
VERTEX = row(
    "vertex",
    auth="google",
    requires_api_key=False,
    base_url="https://{LOCATION}.example",
    api_key_env_vars=("VERTEX_API_KEY",),
    settings={"LOCATION": Setting(default="global"), "PROJECT": Setting(env_vars=("PROJECT", "KEPT_PROJECT"))},
    wire={"chat_path": "/{PROJECT}/{model}"},
    with_key=WithKey(base_url="https://express.example", chat_path="/{model}", auth="key", key_header="x-key"),
)
COPILOT = row("copilot", auth="copilot", requires_api_key=False)
OLLAMA = row("ollama", connection_type="local", auth="none", requires_api_key=False, timeout_env_vars=("SLOW",))
ORG = row("org", headers={"Organization": "{ORG}"}, settings={"ORG": Setting()})


async def make(provider: Any, overrides: Overrides | None = None, kept: KeptByVendors | None = None, **variables: str) -> Endpoint:  # fmt: skip
    environment, kept = Variables(**variables), kept or KeptByVendors()
    dialects: Any = Scripted()
    registry = Registry([provider])
    found = values(registry, environment)
    credentials = Credentials(registry, environment, MemoryStore(), kept, found)
    return await Endpoints(environment, kept, credentials, dialects, found).make(
        provider, "m", overrides or Overrides()
    )


async def test_a_clouds_settings_come_from_its_tools_too_but_a_variable_counts_first() -> None:
    kept = KeptByVendors({"KEPT_PROJECT": "from-a-file", "LOCATION": "from-a-file"})
    place = await make(VERTEX, kept=kept, LOCATION="eu")
    assert (place.base_url, place.chat_path) == ("https://eu.example", "/from-a-file/{model}")
    assert place.settings == {"LOCATION": "eu", "PROJECT": "from-a-file"}
    assert (await make(VERTEX, kept=kept, PROJECT="mine")).chat_path == "/mine/{model}"


async def test_a_missing_setting_is_named() -> None:
    with pytest.raises(InvalidParams, match="PROJECT"):
        await make(VERTEX)


async def test_an_api_key_in_place_of_a_log_in_goes_another_way() -> None:
    place = await make(VERTEX, VERTEX_API_KEY=KEY)
    assert (place.base_url, place.chat_path) == ("https://express.example", "/{model}")
    assert (place.key_header, place.bearer) == ("x-key", False)
    own = await make(VERTEX, Overrides(base_url="https://mine.example", api_key=Secret(KEY)))
    assert (own.base_url, own.chat_path) == ("https://mine.example", "/{model}")


async def test_a_cloud_whose_credentials_are_not_in_sight_is_tried_all_the_same() -> None:
    place = await make(VERTEX, PROJECT="p")
    assert (place.credential.source, place.credential.secret) == ("none", None)


async def test_what_a_vendors_tool_keeps_is_used_after_everything_else() -> None:
    stored = Credential(provider="copilot", source="file", secret=Secret(KEY), location="~/apps.json")
    place = await make(COPILOT, kept=KeptByVendors(copilot=stored))
    assert (place.credential.source, place.credential.location) == ("file", "~/apps.json")
    place = await make(COPILOT, kept=KeptByVendors(copilot=stored), COPILOT_API_KEY="from-the-environment")
    assert place.credential.source == "environment"


async def test_a_log_in_without_a_token_says_what_to_do() -> None:
    with pytest.raises(RequestFailed, match="COPILOT_API_KEY") as failed:
        await make(COPILOT)
    assert failed.value.kind == "auth_required"


async def test_the_users_dialect_counts_with_a_key_and_without() -> None:
    mine = Overrides(dialect="ollama")
    assert (await make(OLLAMA, mine)).dialect == "ollama"
    assert (await make(OLLAMA, mine, OLLAMA_API_KEY=KEY)).dialect == "ollama"
    assert (await make(OLLAMA)).dialect == "openai_chat"


@pytest.mark.parametrize(
    ("value", "idle_timeout_s"), [("600", 600.0), ("0.5", 0.5), ("0", None), ("long", None), ("", None)]
)
async def test_the_environment_may_set_a_longer_idle_timeout(value: str, idle_timeout_s: float | None) -> None:
    assert (await make(OLLAMA, SLOW=value)).idle_timeout_s == idle_timeout_s
    assert (await make(OLLAMA, Overrides(idle_timeout_s=7), SLOW=value)).idle_timeout_s == 7


async def test_a_rows_header_is_filled_from_the_environment() -> None:
    assert (await make(ORG, ORG_API_KEY=KEY, ORG="o")).row_headers == {"Organization": "o"}
    assert (await make(ORG, ORG_API_KEY=KEY)).row_headers == {}


async def test_another_address_is_not_told_of_the_account() -> None:
    mine = Overrides(base_url="https://mine.example")
    assert (await make(ORG, mine, ORG_API_KEY=KEY, ORG="o")).row_headers == {}


async def test_a_pasted_address_is_read_for_the_dialect_in_force() -> None:
    own = row("own", requires_api_key=False, auth="none")
    plain = await make(own, Overrides(base_url="https://gw.example/v1/chat/completions?api-version=1"))
    assert (plain.base_url, plain.query) == ("https://gw.example/v1", "api-version=1")
    assert plain.address == "https://gw.example/v1?api-version=1"
    other = await make(own, Overrides(base_url="https://gw.example/v1/messages", dialect="anthropic_messages"))
    assert (other.base_url, other.query, other.address) == ("https://gw.example", "", "https://gw.example")
