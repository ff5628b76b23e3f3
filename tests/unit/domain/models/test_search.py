"""Finding models, and names near a wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.models.search import Search, checked, matching, nearest
from modelport.protocol.types import Model, Price
from support.builders import row


def model(id: str, provider: str = "acme", *, usd: float | None = None, **facts: Any) -> Model:
    price = None if usd is None else Price(input_usd_per_mtok=usd, output_usd_per_mtok=usd * 2)
    return Model(id=id, provider=provider, price=price, source="catalog", **facts)


def ids(models: list[Model], **search: Any) -> list[str]:
    rows = {"acme": row("acme", capabilities=("chat", "json_mode")), "other": row("other", aliases=("friend",))}
    return [m.id for m in matching(models, rows, checked(Search(**search)))]


def test_every_word_has_to_fit_somewhere() -> None:
    models = [model("qwen3-coder"), model("qwen3"), model("coder-plus", display_name="Qwen Coder"), model("llama")]
    assert ids(models, query="Qwen coder") == ["qwen3-coder", "coder-plus"]
    assert ids(models, query="acme/llama") == ["llama"]
    assert ids(models, query="friend") == []
    assert ids([model("x", "other")], query="friend") == ["x"]
    assert ids(models) == ["qwen3-coder", "qwen3", "coder-plus", "llama"]


def test_the_very_name_comes_before_names_that_begin_with_it_and_hold_it() -> None:
    models = [model("my-gpt-5"), model("gpt-5-mini"), model("vendor/gpt-5"), model("z", display_name="gpt-5")]
    assert ids(models, query="gpt-5") == ["vendor/gpt-5", "gpt-5-mini", "my-gpt-5", "z"]


def test_retired_ones_come_last() -> None:
    models = [model("gpt-4", retired=True), model("gpt-4-new")]
    assert ids(models, query="gpt-4") == ["gpt-4-new", "gpt-4"]
    assert ids(models, sort="name") == ["gpt-4-new", "gpt-4"]


def test_abilities_must_be_known() -> None:
    models = [
        model("unknown"),
        model("no", tools=False, reasoning=False, input_modalities=("text",)),
        model("yes", tools=True, reasoning=True, input_modalities=("text", "image", "file"), capabilities=("fim",)),
    ]
    for ability in ("tools", "reasoning", "vision", "image", "file", "fim"):
        assert ids(models, requires=(ability,)) == ["yes"], ability
    assert ids(models, requires=("tools", "audio")) == []


def test_json_may_be_a_matter_of_the_service() -> None:
    models = [model("a"), model("b", "other"), model("c", "other", capabilities=("json_mode",))]
    assert ids(models, requires=("json_mode",)) == ["a", "c"]
    assert ids([model("e", capabilities=("embeddings",))], requires=("json_mode",)) == []


def test_a_price_must_be_known_to_be_low_enough() -> None:
    models = [model("unknown"), model("dear", usd=3.01), model("fits", usd=3), model("free", usd=0)]
    assert ids(models, max_input_usd_per_mtok=3) == ["fits", "free"]
    assert ids(models, max_input_usd_per_mtok=0) == ["free"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["a", "b", "c", "d"]),
        ("price", ["d", "b", "a", "c"]),
        ("context", ["a", "c", "b", "d"]),
        ("output", ["b", "a", "c", "d"]),
        ("provider", ["b", "c", "d", "a"]),
    ],
)
def test_orders(sort: str, order: list[str]) -> None:
    models = [
        model("c", context_window=10),
        model("a", "other", usd=2, context_window=20),
        model("b", usd=1, max_output_tokens=5),
        model("d", usd=0),
    ]
    assert ids(models, sort=sort) == order


@pytest.mark.parametrize(
    ("search", "field", "named"),
    [
        ({"requires": ("tools", "telepathy")}, "requires[1]", "reasoning"),
        ({"sort": "beauty"}, "sort", "price"),
        ({"max_input_usd_per_mtok": -1}, "maxInputUsdPerMtok", "0"),
        ({"max_input_usd_per_mtok": float("nan")}, "maxInputUsdPerMtok", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(search: dict[str, Any], field: str, named: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        checked(Search(**search))
    assert refused.value.field == field
    assert named in refused.value.message


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("gpt-4oo", ["gpt-4o", "gpt-4o-mini"]),
        ("GPT-4O", ["gpt-4o", "gpt-4o-mini"]),
        ("claude-sonet-4", ["anthropic/claude-sonnet-4"]),
        ("openai/gpt-4o", ["gpt-4o", "gpt-4o-mini"]),
        ("zzzz", []),
        ("", []),
    ],
)
def test_near_names(wrong: str, near: list[str]) -> None:
    known = ["gpt-4o", "gpt-4o-mini", "anthropic/claude-sonnet-4", "llama-3.3-70b"]
    assert nearest(wrong, known) == near


def test_near_names_are_few() -> None:
    assert nearest("model-1", [f"model-{n}" for n in range(50)], 3) == nearest(
        "model-1", [f"model-{n}" for n in range(50)]
    )
    assert len(nearest("model-1", [f"model-{n}" for n in range(50)])) == 3


def test_words_of_the_description_and_abilities_count_too() -> None:
    models = [
        model("one", description="Good at Coding and long texts"),
        model("coding-two"),
        model("three", tools=True, input_modalities=("text", "image")),
    ]
    assert ids(models, query="coding") == ["coding-two", "one"]
    assert ids(models, query="vision tools") == ["three"]
    assert ids(models, query="audio") == []


@pytest.mark.parametrize(
    ("vendors", "found"),
    [
        ({"openai", "gpt"}, ["openai/gpt-5", "gpt-5-nano", "own"]),
        ({"mistral"}, ["mistralai/large"]),
        ({"meta"}, ["meta-llama/llama-4"]),
        ({"nobody"}, []),
    ],
)
def test_a_vendor_is_the_maker_whoever_serves_the_model(vendors: set[str], found: list[str]) -> None:
    lab = row("openai", category="US Labs")
    names = ("openai/gpt-5", "gpt-5-nano", "mistralai/large", "meta-llama/llama-4", "unknown")
    models = [model(name) for name in names] + [model("own", "openai")]
    rows = {"acme": row("acme"), "openai": lab}
    search = Search(vendors=frozenset(vendors))
    matched = matching(models, rows, search, lambda name: lab if name.startswith("gpt-") else None)
    assert sorted(m.id for m in matched) == sorted(found)
