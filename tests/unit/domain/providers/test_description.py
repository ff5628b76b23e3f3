"""The sentence about a provider, made from its row."""

from __future__ import annotations

import pytest

from modelport.domain.providers.description import describe
from support.shipped import shipped_registry


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ollama", "A server on this machine or in your own network: chat, "),
        ("openrouter", "A gateway to the services of several makers: chat, "),
        ("groq", "an API key is needed, with a free tier."),
        ("bedrock", "a log-in is needed."),
    ],
)
def test_what_it_says(name: str, sentence: str) -> None:
    assert sentence in describe(shipped_registry().get(name))


def test_every_provider_has_one() -> None:
    for row in shipped_registry().all():
        text = describe(row)
        assert text.endswith(".")
        assert ": ;" not in text
