"""Whose key a variable or a name means, and what is no key."""

from __future__ import annotations

import pytest

from modelport.domain.key_imports.matching import chosen, is_placeholder, key_variables, named, other_owner, owners
from modelport.protocol.secret import Secret
from support.shipped import shipped_registry

REGISTRY = shipped_registry()


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("openai", "openai"),
        ("open_router", "openrouter"),
        ("x_ai", "xai"),
        ("vercel_ai_gateway", "vercel"),
        ("google", "gemini"),
        ("z-ai", "zai"),
        ("Together AI", "together"),
        ("my-company", None),
        ("", None),
    ],
)
def test_other_programs_names(name: str, provider: str | None) -> None:
    row = named(REGISTRY, name)
    assert (row.id if row else None) == provider


@pytest.mark.parametrize(
    ("variable", "key", "provider"),
    [
        ("OPENAI_API_KEY", "sk-proj-0123456789", "openai"),
        ("HF_TOKEN", "hf_0123456789", "huggingface"),
        ("HF_TOKEN", "other-0123456789", "huggingface"),
        ("MINIMAX_API_KEY", "sk-cp-0123456789", "minimax-coding-plan"),
        ("MINIMAX_API_KEY", "eyJ0123456789", "minimax"),
        ("KIMI_API_KEY", "0123456789", "kimi-coding"),
        ("MOONSHOT_API_KEY", "0123456789", "moonshot"),
    ],
)
def test_a_variable_of_several_providers(variable: str, key: str, provider: str) -> None:
    rows = owners(REGISTRY, variable, Secret(key))
    assert rows[0].id == provider
    assert variable in key_variables(REGISTRY)
    last = rows[-1].id
    assert getattr(chosen(rows, ()), "id", None) == provider
    assert getattr(chosen(rows, (last,)), "id", None) == last
    assert chosen(rows, ("groq",)) is None


def test_no_provider_reads_another_variable() -> None:
    assert owners(REGISTRY, "DB_PASSWORD", Secret("x")) == ()


@pytest.mark.parametrize(
    ("provider", "key", "other"),
    [
        ("mistral", "gsk_0123456789", "groq"),
        ("openai", "sk-ant-0123456789", "anthropic"),
        ("alibaba", "sk-sp-0123456789", "alibaba-coding-plan"),
        ("openai", "sk-0123456789", None),
        ("mistral", "sk-0123456789", None),
        ("groq", "gsk_0123456789", None),
        ("mistral", "0123456789", None),
    ],
)
def test_a_beginning_that_one_other_provider_has(provider: str, key: str, other: str | None) -> None:
    row = other_owner(REGISTRY, REGISTRY.get(provider), Secret(key))
    assert (row.id if row else None) == other


@pytest.mark.parametrize(
    "text",
    ["", "none", "ollama"[:5], "sk-...", "sk-ant-…", "your-openai-key-here", "YOUR_API_KEY", "<key>", "changeme", "xxxxxxxxxxxx",
     "${OPENAI_API_KEY}", "{env:KEY}", "sk-xxxxxxxx", "aaaaaaaaaaaa", "********", "insert-key"],
)  # fmt: skip
def test_what_stands_in_the_place_of_a_key(text: str) -> None:
    assert is_placeholder(Secret(text))


@pytest.mark.parametrize("text", ["sk-proj-0123456789abcdef", "gsk_aYourB0123456789xyz", "sk-1234", "0011223344556677"])
def test_what_may_be_a_key(text: str) -> None:
    assert not is_placeholder(Secret(text))
