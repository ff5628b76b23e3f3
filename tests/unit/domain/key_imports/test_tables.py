"""Which providers of another program's file become tables of ours, under which names and for which addresses."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.key_imports.found import FoundProviders
from modelport.domain.key_imports.tables import new_tables
from support.shipped import shipped_registry

REGISTRY = shipped_registry()


def table(name: str, **settings: Any) -> tuple[str, dict[str, Any], str | None, str | None]:
    """The name, the settings, the address and the reason of a table of a file."""
    found = FoundProviders(program="Zed", path="~/x", tables={name: settings})
    (made,) = new_tables(found, REGISTRY).values()
    assert (made.program, made.path) == ("Zed", "~/x")
    return made.name, dict(made.settings), made.base_url, made.reason


def test_a_provider_of_ones_own_is_taken_as_it_is() -> None:
    settings = {"base_url": "https://llm.corp.example", "models": ["a"], "verify_tls": False}
    assert table("My Corp!", **settings) == ("my-corp", settings, "https://llm.corp.example", None)
    assert table("!!!", base_url="https://x.example")[0] == "provider"


def test_one_without_an_address_is_left_out_with_a_reason() -> None:
    name, _, address, reason = table("corp", models=["a"])
    assert (name, address, reason) == ("corp", None, "The file gives no address for it.")


@pytest.mark.parametrize("address", [None, "https://api.openai.com/v1", "https://API.openai.com/v1/", "https://api.openai.com/v1/chat/completions"])  # fmt: skip
def test_a_known_provider_at_its_own_address_keeps_its_row(address: str | None) -> None:
    given = {"base_url": address} if address else {}
    settings = {**given, "models": ["gpt-4o"], "default_model": "gpt-4o", "api_key_env": "MINE", "verify_tls": False}
    assert table("openai", **settings) == ("openai", {}, None, None)
    assert table("openai", **settings, organization="org")[1] == {"organization": "org"}
    assert table("bedrock", region="eu-west-1", models=["x"])[1] == {"region": "eu-west-1"}


def test_a_known_provider_elsewhere_gets_a_name_of_its_own() -> None:
    name, settings, address, reason = table("claude", base_url="https://gw.example:8443/anthropic", models=["m"])
    assert (name, address, reason) == ("anthropic-gw.example-8443", "https://gw.example:8443/anthropic", None)
    assert settings == {"dialect": "anthropic_messages", "base_url": address, "models": ["m"]}
    assert table("openai", base_url="https://x.example", dialect="openai_chat")[1]["dialect"] == "openai_chat"


def test_a_server_without_one_address_is_the_known_one() -> None:
    settings = {"base_url": "http://10.0.0.5:11434", "models": ["m"], "display_name": "Mine", "dialect": "openai_chat"}
    kept = {"base_url": "http://10.0.0.5:11434", "models": ["m"]}
    assert table("ollama", **settings) == ("ollama", kept, "http://10.0.0.5:11434", None)
    assert table("azure", base_url="https://mine.openai.azure.com")[0] == "azure"
    assert table("ollama", base_url="http://localhost:11434")[1] == {}
