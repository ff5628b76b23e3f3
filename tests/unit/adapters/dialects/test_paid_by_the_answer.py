"""What an answer says besides its tokens, and what that makes of its cost: tools, tiers, places and caches."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.google.generate_content import Gemini
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.adapters.price_lists.book import load_price_book
from modelport.domain.spending.pricing import Cost, cost_of
from modelport.domain.spending.usage import billing
from support.builders import answer, call
from support.shipped import shipped_registry

BOOK = load_price_book()
REGISTRY = shipped_registry()
SUNDAY = datetime.fromisoformat("2026-11-29T12:00:00")
Event = tuple[str, dict[str, Any]]


def cost(provider: str, dialect: Any, model: str, *events: Event) -> Cost:
    """What a call costs whose answer are these events."""
    built, asked = answer(), call(model=model, provider=REGISTRY.get(provider))
    decoder = dialect.decoder(asked, built)
    for name, event in events:
        decoder.event(name.encode(), json.dumps(event).encode())
    paid = billing(asked, built)
    return cost_of(asked.endpoint.provider, paid, SUNDAY, BOOK, own=lambda _: None, free=False)


def response(*items: dict[str, Any], **usage: Any) -> Event:
    usage = {"input_tokens": 1_000, "output_tokens": 100, **usage}
    body = {"status": "completed", "output": list(items), "usage": usage}
    return "", {"type": "response.completed", "response": body}


def chat(usage: dict[str, Any], **changes: Any) -> Event:
    return "", {"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, **usage}, **changes}


def message(model: str, **usage: Any) -> Event:
    counts = {"input_tokens": 1_000, "output_tokens": 100, **usage}
    return "message_start", {"type": "message_start", "message": {"model": model, "usage": counts}}


def gemini(*queries: str, **usage: Any) -> Event:
    candidate = {"groundingMetadata": {"webSearchQueries": list(queries)} if queries else {}}
    counts = {"promptTokenCount": 1_000, "candidatesTokenCount": 100, "totalTokenCount": 1_100, **usage}
    return "", {"candidates": [candidate], "usageMetadata": counts}


def converse(changes: dict[str, Any], **usage: Any) -> Event:
    return "metadata", {"usage": {"inputTokens": 1_000, "outputTokens": 100, **usage}, **changes}


SEARCH = {"type": "web_search_call", "action": {"type": "search", "query": "tides"}}
OPEN = {"type": "web_search_call", "action": {"type": "open_page", "url": "https://tides.example"}}
CLAUDE = "claude-sonnet-4-5"
NOVA = "amazon.nova-pro-v1:0"
ON_BEDROCK = "anthropic.claude-sonnet-4-5-20250929-v1:0"
HOUR = {"cacheDetails": [{"ttl": "5m", "inputTokens": 400}, {"ttl": "1h", "inputTokens": 600}]}


@pytest.mark.parametrize(
    ("provider", "dialect", "model", "events", "expected"),
    [
        ("openai", OpenAIResponses(), "gpt-5.1", [response()], 2_250),
        ("openai", OpenAIResponses(), "gpt-5.1", [response(SEARCH, OPEN, SEARCH)], 22_250),
        # The last event may leave the items out; those of the stream are not counted twice where it does not.
        ("openai", OpenAIResponses(), "gpt-5.1", [("", {"type": "response.output_item.done", "output_index": 0, "item": SEARCH}), response()], 12_250),
        ("openai", OpenAIResponses(), "gpt-5.1", [("", {"type": "response.output_item.done", "output_index": 0, "item": SEARCH}), response(SEARCH)], 12_250),
        ("xai", OpenAIResponses(), "grok-4-fast-reasoning", [response({"type": "web_search_call"})], 250 + 5_000),
        ("xai", OpenAIResponses(), "grok-4-fast-reasoning", [response(SEARCH, cost_in_usd_ticks=53_000_000)], 5_300),
        ("openai", OpenAIChat(), "gpt-5-search-api", [chat({})], 2_250 + 10_000),
        ("openai", OpenAIChat(), "gpt-4o-mini-search-preview-2025-03-11", [chat({})], 210 + 25_000),
        ("anthropic", AnthropicMessages(), CLAUDE, [message(CLAUDE, server_tool_use={"web_search_requests": 3})], 4_500 + 30_000),
        ("gemini", Gemini(), "gemini-2.5-flash", [gemini()], 550),
        ("gemini", Gemini(), "gemini-2.5-flash", [gemini("a", "b"), gemini("a", "b", "c")], 550 + 35_000),
        ("gemini", Gemini(), "gemini-3-flash-preview", [gemini("a", "b"), gemini("a", "b")], 800 + 28_000),
        ("vertex", Gemini(), "gemini-2.5-flash", [gemini("a", "b")], 550 + 35_000),
        ("perplexity", OpenAIChat(), "sonar", [chat({"search_context_size": "low"})], 500 + 5_000),
        ("perplexity", OpenAIChat(), "sonar", [chat({"search_context_size": "medium"})], 500 + 8_000),
        ("perplexity", OpenAIChat(), "sonar-pro", [chat({"search_context_size": "high"})], 4_500 + 14_000),
        ("perplexity", OpenAIChat(), "sonar", [chat({"search_context_size": "high", "cost": {"total_cost": 0.0061}})], 6_100),
        # Without a price of its searches a cost would be too low by a multiple.
        ("bedrock", AnthropicMessages(), ON_BEDROCK, [message(CLAUDE, server_tool_use={"web_search_requests": 1})], None),
    ],
)  # fmt: skip
def test_web_searches(provider: str, dialect: Any, model: str, events: list[Event], expected: int | None) -> None:
    assert cost(provider, dialect, model, *events).usd_micros == expected


@pytest.mark.parametrize("kind", ["code_interpreter_call", "file_search_call", "image_generation_call"])
def test_tools_whose_cost_no_answer_tells_make_it_an_estimate(kind: str) -> None:
    found = cost("openai", OpenAIResponses(), "gpt-5.1", response({"type": kind}))
    assert (found.usd_micros, found.estimated) == (2_250, True)
    assert not cost("openai", OpenAIResponses(), "gpt-5.1", response({"type": "function_call", "name": "f"})).estimated


@pytest.mark.parametrize(
    ("provider", "dialect", "model", "events", "expected"),
    [
        ("bedrock", BedrockConverse(), NOVA, [converse({})], 1_120),
        ("bedrock", BedrockConverse(), NOVA, [converse({"serviceTier": {"type": "default"}})], 1_120),
        ("bedrock", BedrockConverse(), NOVA, [converse({"serviceTier": {"type": "flex"}})], 560),
        ("bedrock", BedrockConverse(), NOVA, [converse({"serviceTier": {"type": "priority"}})], 1_960),
        ("bedrock", BedrockConverse(), NOVA, [converse({"serviceTier": {"type": "reserved"}})], None),
        ("bedrock", BedrockConverse(), NOVA, [converse({"performanceConfig": {"latency": "optimized"}})], 1_400),
        ("bedrock", BedrockConverse(), NOVA, [converse({"performanceConfig": {"latency": "standard"}})], 1_120),
        ("bedrock-mantle", OpenAIChat(), "openai.gpt-oss-120b", [chat({}, service_tier="flex")], 105),
        ("openai", OpenAIChat(), "gpt-5.1", [chat({}, service_tier="flex")], 1_125),
        ("openai", OpenAIChat(), "gpt-5.1", [chat({}, service_tier="priority")], 4_500),
        ("gemini", Gemini(), "gemini-2.5-flash", [gemini(serviceTier="standard")], 550),
        ("gemini", Gemini(), "gemini-2.5-flash", [gemini(serviceTier="flex")], 275),
        ("gemini", Gemini(), "gemini-2.5-flash", [gemini(serviceTier="priority")], 990),
        ("vertex", Gemini(), "gemini-2.5-flash", [gemini(trafficType="ON_DEMAND_FLEX")], 275),
        ("vertex", Gemini(), "gemini-2.5-flash", [gemini(trafficType="PROVISIONED_THROUGHPUT")], None),
        ("anthropic", AnthropicMessages(), "claude-opus-4-6", [message("claude-opus-4-6", speed="standard")], 7_500),
        ("anthropic", AnthropicMessages(), "claude-opus-4-8", [message("claude-opus-4-8", speed="fast")], 15_000),
    ],
)  # fmt: skip
def test_service_tiers(provider: str, dialect: Any, model: str, events: list[Event], expected: int | None) -> None:
    assert cost(provider, dialect, model, *events).usd_micros == expected


@pytest.mark.parametrize(
    ("model", "usage", "expected"),
    [
        ("claude-opus-4-6", {"inference_geo": "us"}, 8_250),
        ("claude-sonnet-5", {"inference_geo": "us"}, 3_300),
        ("claude-opus-4-6", {"inference_geo": "global"}, 7_500),
        ("claude-opus-4-6", {"inference_geo": "not_available"}, 7_500),
        ("claude-haiku-4-5", {"inference_geo": "us"}, 1_500),
        # Tokens cost more there, and searches do not.
        ("claude-opus-4-6", {"inference_geo": "us", "server_tool_use": {"web_search_requests": 1}}, 18_250),
        ("claude-opus-4-6", {"inference_geo": "us", "cache_creation_input_tokens": 1_000, "cache_creation": {"ephemeral_1h_input_tokens": 1_000}}, 19_250),
    ],
)  # fmt: skip
def test_the_place_of_inference(model: str, usage: dict[str, Any], expected: int) -> None:
    assert cost("anthropic", AnthropicMessages(), model, message(model, **usage)).usd_micros == expected


@pytest.mark.parametrize(
    ("profile", "expected"), [("global.", 6_600), ("us.", 7_260), ("eu.", 7_260), ("apac.", 7_260), ("jp.", 7_260)]
)
def test_bedrock_profiles_and_its_cache_of_an_hour(profile: str, expected: int) -> None:
    written = converse({}, inputTokens=0, cacheWriteInputTokens=1_000, **HOUR)
    assert cost("bedrock", BedrockConverse(), profile + ON_BEDROCK, written).usd_micros == expected


@pytest.mark.parametrize(("profile", "expected"), [("global.", 4_500), ("us.", 4_950)])
def test_the_profile_counts_where_the_answer_leaves_it_out(profile: str, expected: int) -> None:
    said = message("claude-sonnet-4-5-20250929")
    assert cost("bedrock", AnthropicMessages(), profile + ON_BEDROCK, said).usd_micros == expected


@pytest.mark.parametrize(
    ("model", "usage", "expected"),
    [
        ("qwen3-max", {"prompt_tokens": 32_000}, 38_400 + 600),
        ("qwen3-max", {"prompt_tokens": 32_001}, 76_802 + 1_200),
        ("qwen3-max", {"prompt_tokens": 128_001}, 384_003 + 1_500),
        ("qwen-plus", {}, 400 + 120),
        ("qwen-plus", {"completion_tokens_details": {"reasoning_tokens": 60}}, 400 + 400),
    ],
)
def test_long_inputs_and_thinking_of_qwen(model: str, usage: dict[str, Any], expected: int) -> None:
    assert cost("alibaba", OpenAIChat(), model, chat(usage)).usd_micros == expected


@pytest.mark.parametrize("odd", [None, [], "x", 7, {"webSearchQueries": "tides"}, {"webSearchQueries": [None, 3]}])
def test_grounding_of_another_form_is_none(odd: Any) -> None:
    name, chunk = gemini()
    chunk["candidates"][0]["groundingMetadata"] = odd
    assert cost("gemini", Gemini(), "gemini-2.5-flash", (name, chunk)).usd_micros == 550


@pytest.mark.parametrize("odd", [None, [], "1h", [None], [{"ttl": "1h"}], [{"ttl": "1h", "inputTokens": "many"}]])
def test_details_of_a_cache_of_another_form_are_none(odd: Any) -> None:
    written = converse({}, inputTokens=0, cacheWriteInputTokens=1_000, cacheDetails=odd)
    assert cost("bedrock", BedrockConverse(), "global." + ON_BEDROCK, written).usd_micros == 3_750 + 1_500
