"""What a provider offers besides completions, and how texts are cut into requests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.operations.calls import (
    MAX_BATCH_CHARS,
    batches,
    can,
    embeddings_wire,
    images_wire,
    moderation_wire,
)
from modelport.domain.providers.rows import DialectRule
from modelport.domain.providers.wire.operations import EmbeddingsWire, ImagesWire
from support.builders import endpoint, row


def test_the_form_follows_the_dialect() -> None:
    for dialect, form in (("openai_chat", "openai"), ("gemini", "gemini"), ("ollama", "ollama"), ("mock", "mock")):
        wire = embeddings_wire(endpoint(row(dialect=dialect)))
        assert wire is not None
        assert wire.form == form
    assert embeddings_wire(endpoint(row(dialect="anthropic_messages"))) is None
    assert images_wire(endpoint(row(dialect="ollama"))) is None
    assert moderation_wire(endpoint(row(dialect="gemini"))) is None


def test_flags_of_the_row_stand_beside_the_form() -> None:
    wire = embeddings_wire(endpoint(row(wire={"embeddings": EmbeddingsWire(batch=3)})))
    assert wire == EmbeddingsWire(form="openai", batch=3)
    assert embeddings_wire(endpoint(row(wire={"embeddings": EmbeddingsWire(form="cohere")}))) == EmbeddingsWire(
        form="cohere"
    )
    assert images_wire(endpoint(row(wire={"images": ImagesWire(form="other")}))) is None


def test_the_flags_do_not_hold_for_another_wire_format() -> None:
    provider = row(wire={"embeddings": EmbeddingsWire(form="cohere", path="/odd")})
    assert embeddings_wire(endpoint(provider, dialect="ollama")) == EmbeddingsWire(form="ollama")
    ruled = row(
        wire={"embeddings": EmbeddingsWire(batch=3)},
        dialect_rules=(DialectRule(models="*", dialect="openai_responses"),),
    )
    assert embeddings_wire(endpoint(ruled, dialect="openai_responses")) == EmbeddingsWire(form="openai", batch=3)


@pytest.mark.parametrize(
    ("changes", "does"),
    [
        ({"capabilities": ("chat", "embeddings")}, True),
        ({"capabilities": ("chat",)}, False),
        ({"capabilities": ("embeddings",), "dialect": "bedrock_converse"}, False),
        ({"capabilities": ("embeddings",), "wire": {"embeddings": EmbeddingsWire(form="other")}}, False),
        (
            {
                "capabilities": ("embeddings",),
                "dialect": "bedrock_converse",
                "wire": {"embeddings": EmbeddingsWire(form="cohere")},
            },
            True,
        ),
    ],
)
def test_who_can(changes: dict[str, Any], does: bool) -> None:
    assert can(row(**changes), "embeddings") is does


def test_batches_are_neither_too_many_nor_too_long() -> None:
    assert [len(b) for b in batches(["a"] * 7, EmbeddingsWire(form="openai", batch=3))] == [3, 3, 1]
    assert [len(b) for b in batches(["a"] * 201, EmbeddingsWire(form="gemini"))] == [100, 100, 1]
    long = "x" * (MAX_BATCH_CHARS - 1)
    assert [len(b) for b in batches([long, "a", "b", long, long + "yz"], EmbeddingsWire(form="openai"))] == [2, 2, 1]
    assert batches([], EmbeddingsWire(form="openai")) == []


@given(st.lists(st.text(min_size=1, max_size=5), max_size=40), st.integers(1, 7))
def test_batches_keep_every_text_and_the_order(texts: list[str], most: int) -> None:
    parts = batches(texts, EmbeddingsWire(form="openai", batch=most))
    assert [text for part in parts for text in part] == texts
    assert all(1 <= len(part) <= most for part in parts)
