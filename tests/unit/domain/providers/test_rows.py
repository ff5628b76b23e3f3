"""The row type refuses what it does not know, so that no flag of the data file can be misspelt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelport.domain.providers.rows import Provider

PLAIN: dict[str, Any] = {
    "id": "acme",
    "display_name": "Acme",
    "adapter": "openai_compatible",
    "dialect": "openai_chat",
    "connection_type": "byok",
    "category": "Model Hosts",
    "auth": "bearer",
    "requires_api_key": True,
    "checked": "2026-11-20",
    "source": "made up",
}


def test_a_row_needs_ten_facts_and_no_more() -> None:
    provider = msgspec.convert(PLAIN, Provider)
    assert provider.status == "active"
    assert provider.key_header == "Authorization"
    assert provider.wire.max_tokens_field == "max_tokens"
    assert provider.wire.tool_choice == ("auto", "none", "required", "named")
    for name in PLAIN:
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({k: v for k, v in PLAIN.items() if k != name}, Provider)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_ur1": "https://x"},
        {"wire": {"max_token_field": "max_tokens"}},
        {"wire": {"max_tokens_field": "tokens"}},
        {"wire": {"reasoning_request": "shout"}},
        {"dialect": "smoke_signals"},
        {"auth": "handshake"},
        {"status": "asleep"},
        {"connection_type": "remote"},
        {"capabilities": ["telepathy"]},
        {"dialect_rules": [{"models": "*"}]},
        {"dialect_rules": [{"models": "*", "dialect": "ollama", "path": "/x"}]},
    ],
)
def test_a_misspelt_field_or_value_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(PLAIN | wrong, Provider)
