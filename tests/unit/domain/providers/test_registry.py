"""Which provider and which model a name means."""

from __future__ import annotations

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.registry import Registry, Target, listed_models
from support.builders import row

OPENAI = row("openai", aliases=("open-ai", "gpt"), category="US Labs", default_model="gpt-4o", example_models=("o3",))
ANTHROPIC = row("anthropic", aliases=("claude",), category="US Labs", example_models=("claude-sonnet-4",))
GROQ = row("groq", example_models=("openai/gpt-oss-120b", "llama-3.3-70b"))
TOGETHER = row("together", example_models=("llama-3.3-70b", "gpt-4o", "hosted-here-alone"))
OPENROUTER = row(
    "openrouter",
    category="Gateways",
    default_model="openrouter/auto",
    example_models=("anthropic/claude-sonnet-4", "openai/gpt-4o"),
)
PERPLEXITY = row("perplexity", aliases=("pplx",), category="US Labs", example_models=("perplexity/sonar", "sonar"))
REGISTRY = Registry([OPENAI, ANTHROPIC, GROQ, TOGETHER, OPENROUTER, PERPLEXITY])


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        # An explicit provider wins over everything that the model's name may say.
        ("groq", "gpt-4o", (GROQ, "gpt-4o")),
        ("openrouter", "openai/gpt-4o", (OPENROUTER, "openai/gpt-4o")),
        ("openai", None, (OPENAI, None)),
        ("claude", "claude-sonnet-4", (ANTHROPIC, "claude-sonnet-4")),
        # Then the prefix: an id, or an alias.
        (None, "openai/gpt-4o", (OPENAI, "gpt-4o")),
        (None, "claude/claude-sonnet-4", (ANTHROPIC, "claude-sonnet-4")),
        (None, "groq/openai/gpt-oss-120b", (GROQ, "openai/gpt-oss-120b")),
        (None, "openai/an-unlisted-model", (OPENAI, "an-unlisted-model")),
        # Then the catalog.
        (None, "claude-sonnet-4", (ANTHROPIC, "claude-sonnet-4")),
        (None, "o3", (OPENAI, "o3")),
        (None, "hosted-here-alone", (TOGETHER, "hosted-here-alone")),
        # A lab's own service is meant when hosts list the model too.
        (None, "gpt-4o", (OPENAI, "gpt-4o")),
        # In any case.
        ("OpenAI", "gpt-4o", (OPENAI, "gpt-4o")),
        (" CLAUDE ", "x", (ANTHROPIC, "x")),
        (None, "OPEN-AI/gpt-4o", (OPENAI, "gpt-4o")),
    ],
)
def test_a_name_leads_to(provider: str | None, model: str | None, found: tuple[object, str | None]) -> None:
    target = REGISTRY.resolve(provider, model)
    assert (target.provider, target.model) == found


@pytest.mark.parametrize(
    ("provider", "model", "sent"),
    [
        # Redundant prefixes go.
        ("openai", "openai/gpt-4o", "gpt-4o"),
        ("openai", "GPT/gpt-4o", "gpt-4o"),
        ("gpt", "openai/gpt-4o", "gpt-4o"),
        ("openrouter", "openrouter/anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"),
        # Real ones stay.
        ("openrouter", "anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"),
        ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("groq", "other-maker/something", "other-maker/something"),
        # A provider's own models may carry its name.
        ("openrouter", "openrouter/auto", "openrouter/auto"),
        (None, "openrouter/auto", "openrouter/auto"),
        ("perplexity", "perplexity/sonar", "perplexity/sonar"),
        (None, "perplexity/sonar", "perplexity/sonar"),
        (None, "perplexity/another", "another"),
    ],
)
def test_the_prefix_is_removed_where_it_is_redundant_only(provider: str | None, model: str, sent: str) -> None:
    assert REGISTRY.resolve(provider, model).model == sent


def test_a_catalog_entry_is_found_in_any_case_and_sent_as_its_provider_spells_it() -> None:
    target = REGISTRY.resolve(None, "Claude-Sonnet-4")
    assert (target.provider, target.model) == (ANTHROPIC, "claude-sonnet-4")


@pytest.mark.parametrize(("name", "row_"), [("openai", OPENAI), ("GPT", OPENAI), ("openrouter", OPENROUTER)])
def test_a_provider_in_place_of_a_model_means_its_default(name: str, row_: object) -> None:
    target = REGISTRY.resolve(None, name)
    assert (target.provider, target.model) == (row_, None)


def test_a_provider_without_a_default_is_no_model() -> None:
    refused = refusal(None, "claude")
    assert refused.kind == "unknown_model"
    assert refused.message == "Anthropic has no default model: write anthropic/MODEL."


def test_the_name_of_a_local_server_means_the_model_that_it_has() -> None:
    local = row("here", connection_type="local", base_url="http://localhost:1/v1", aliases=("mine",))
    registry = Registry([local])
    assert registry.resolve(None, "Mine") == registry.resolve("here", None) == Target(local, None)


def refusal(provider: str | None, model: str | None) -> InvalidParams:
    with pytest.raises(InvalidParams) as refused:
        REGISTRY.resolve(provider, model)
    return refused.value


def test_a_model_that_several_hosts_serve_is_ambiguous_and_the_choices_are_named() -> None:
    error = refusal(None, "llama-3.3-70b")
    assert (error.kind, error.field) == ("unknown_model", "model")
    assert "groq/llama-3.3-70b" in error.message
    assert "together/llama-3.3-70b" in error.message


def test_two_labs_with_a_model_of_one_name_are_ambiguous_too() -> None:
    registry = Registry([row("a", category="US Labs", example_models=("m",)), OPENAI, row("b", category="Other Labs", example_models=("m",))])  # fmt: skip
    with pytest.raises(InvalidParams, match="a/m, b/m"):
        registry.resolve(None, "m")


def test_an_unknown_model_gets_near_names_and_the_way_out() -> None:
    error = refusal(None, "claude-sonet-4")
    assert (error.kind, error.field, error.model) == ("unknown_model", "model", "claude-sonet-4")
    assert "did you mean claude-sonnet-4" in error.message
    assert "PROVIDER/MODEL" in error.message


def test_an_unknown_provider_gets_near_names() -> None:
    error = refusal("antropic", None)
    assert (error.kind, error.field) == ("unknown_provider", "provider")
    assert "did you mean anthropic" in error.message


def test_a_name_that_is_near_to_nothing_gets_no_suggestion() -> None:
    assert "did you mean" not in refusal("zzzzzz", None).message


@pytest.mark.parametrize(
    ("model", "words"), [("unknown/something", '"unknown"'), ("opneai/gpt-4o", "did you mean openai")]
)
def test_an_unknown_prefix_is_an_unknown_provider(model: str, words: str) -> None:
    error = refusal(None, model)
    assert (error.kind, error.field) == ("unknown_provider", "model")
    assert words in error.message


@pytest.mark.parametrize("model", ["openai/", "claude/"])
def test_a_provider_without_a_model_behind_the_slash_is_refused(model: str) -> None:
    error = refusal(None, model)
    assert (error.kind, error.field) == ("unknown_model", "model")


def test_nothing_named_is_refused() -> None:
    assert refusal(None, None).field == "model"


@pytest.mark.parametrize("twin", [row("OpenAI"), row("other", aliases=("GPT",)), row("claude")])
def test_two_rows_may_not_share_a_name_in_any_case(twin: object) -> None:
    with pytest.raises(ValueError, match="two providers are called"):
        Registry([OPENAI, ANTHROPIC, twin])  # type: ignore[list-item]


def test_a_row_may_repeat_its_own_name() -> None:
    own = row("acme", aliases=("ACME",))
    assert Registry([own]).find("Acme") is own


def test_the_field_of_an_unknown_name_is_the_one_it_was_given_in() -> None:
    with pytest.raises(InvalidParams) as refused:
        REGISTRY.get("unknown", "fallbacks[0]")
    assert refused.value.field == "fallbacks[0]"


def test_a_row_lists_its_default_first_and_each_model_once() -> None:
    assert listed_models(row(default_model="b", example_models=("a", "b", "a"))) == ("b", "a")
    assert listed_models(row(example_models=("a",))) == ("a",)


@pytest.mark.parametrize(
    ("model", "known"),
    # A provider's name alone may be a model of another's: Ollama has one that is called mistral.
    [("gpt-4o", True), ("openai/x", True), ("claude", False), ("my-own", False), ("me/my-own", False)],
)
def test_a_known_name_tells_its_provider(model: str, known: bool) -> None:
    assert REGISTRY.names_provider(model) is known


def test_all_keeps_the_order_of_the_data() -> None:
    assert [r.id for r in REGISTRY.all()] == ["openai", "anthropic", "groq", "together", "openrouter", "perplexity"]


PATTERNED = Registry([row("anthropic", model_patterns=("claude-*",)), row("openai", model_patterns=("gpt-*", "o[1-9]-*")), row("ollama", example_models=("gpt-oss:20b",))])  # fmt: skip


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-opus-9", "anthropic"),
        ("Claude-Opus-9", "anthropic"),
        ("gpt-7", "openai"),
        ("o4-mini", "openai"),
        # What a row lists counts before what its name looks like.
        ("gpt-oss:20b", "ollama"),
    ],
)
def test_a_well_known_name_finds_its_maker(model: str, provider: str) -> None:
    assert PATTERNED.resolve(None, model).provider.id == provider
    assert PATTERNED.names_provider(model)


def test_a_name_like_no_other_implies_no_provider() -> None:
    assert not PATTERNED.names_provider("my-claude-copy")
