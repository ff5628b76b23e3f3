"""Lists of models in every vendor's shape."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.listings import model_ids, read_models, read_page
from modelport.domain.models.listing import ListedModel
from modelport.protocol.types import Price


def read(entry: dict[str, Any], key: str = "data") -> dict[str, Any]:
    """What was understood of a listing of one entry, without what stayed unknown."""
    (model,) = read_page(json.dumps({key: [entry]}).encode()).models
    empty = ListedModel(id="")
    return {name: value for name, value in msgspec.structs.asdict(model).items() if value != getattr(empty, name)}


OPENROUTER = {
    "id": "anthropic/claude-sonnet-4",
    "name": "Anthropic: Claude Sonnet 4",
    "created": 1747930371,
    "context_length": 1000000,
    "architecture": {"modality": "text+image->text", "input_modalities": ["image", "text", "file"]},
    "pricing": {
        "prompt": "0.000003",
        "completion": "0.000015",
        "image": "0.0048",
        "request": "0",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
    },
    "top_provider": {"context_length": 1000000, "max_completion_tokens": 64000, "is_moderated": False},
    "supported_parameters": ["include_reasoning", "max_tokens", "reasoning", "response_format", "tools"],
    "expiration_date": "2027-02-01",
}
COPILOT = {
    "id": "claude-opus-4.7",
    "name": "Claude Opus 4.7",
    "capabilities": {
        "limits": {"max_context_window_tokens": 264000, "max_output_tokens": 64000, "max_prompt_tokens": 200000},
        "supports": {"tool_calls": True, "vision": True, "reasoning_effort": ["low"], "structured_outputs": True},
        "type": "chat",
    },
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "openrouter": (
        OPENROUTER,
        {
            "id": "anthropic/claude-sonnet-4",
            "display_name": "Anthropic: Claude Sonnet 4",
            "context_window": 1000000,
            "max_output_tokens": 64000,
            "input_modalities": ("text", "image", "file"),
            "tools": True,
            "reasoning": True,
            "price": Price(
                input_usd_per_mtok=3,
                output_usd_per_mtok=15,
                cache_read_usd_per_mtok=0.3,
                cache_write_usd_per_mtok=3.75,
            ),
            "capabilities": ("json_mode",),
            "retires_on": "2027-02-01",
        },
    ),
    "openrouter: free": (
        {"id": "a:free", "pricing": {"prompt": "0", "completion": "0"}, "supported_parameters": ["temperature"]},
        {
            "id": "a:free",
            "tools": False,
            "reasoning": False,
            "input_modalities": ("text",),
            "price": Price(input_usd_per_mtok=0, output_usd_per_mtok=0),
        },
    ),
    "openrouter: a price that depends": (
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "openrouter/auto"},
    ),
    "copilot": (
        COPILOT,
        {
            "id": "claude-opus-4.7",
            "display_name": "Claude Opus 4.7",
            "context_window": 264000,
            "max_output_tokens": 64000,
            "input_modalities": ("text", "image"),
            "tools": True,
            "reasoning": True,
            "capabilities": ("json_mode",),
        },
    ),
    "anthropic": (
        {
            "type": "model",
            "id": "claude-sonnet-5-5",
            "display_name": "Claude Sonnet 5.5",
            "max_input_tokens": 1000000,
            "max_tokens": 128000,
            "capabilities": {
                "image_input": {"supported": True},
                "structured_outputs": {"supported": True},
                "thinking": {"supported": True, "types": {"adaptive": {"supported": True}}},
            },
        },
        {
            "id": "claude-sonnet-5-5",
            "display_name": "Claude Sonnet 5.5",
            "context_window": 1000000,
            "max_output_tokens": 128000,
            "input_modalities": ("text", "image"),
            "reasoning": True,
            "capabilities": ("json_mode",),
        },
    ),
    "mistral": (
        {
            "id": "codestral-2508",
            "name": "codestral-2508",
            "max_context_length": 256000,
            "capabilities": {
                "completion_chat": True,
                "completion_fim": True,
                "function_calling": True,
                "vision": False,
                "reasoning": False,
            },
            "deprecation": "2026-12-31T12:00:00Z",
            "deprecation_replacement_model": "codestral-latest",
        },
        {
            "id": "codestral-2508",
            "context_window": 256000,
            "input_modalities": ("text",),
            "tools": True,
            "reasoning": False,
            "capabilities": ("fim",),
            "retires_on": "2026-12-31",
            "successor": "codestral-latest",
        },
    ),
    "groq": (
        {"id": "openai/gpt-oss-120b", "active": True, "context_window": 131072, "max_completion_tokens": 65536},
        {"id": "openai/gpt-oss-120b", "context_window": 131072, "max_output_tokens": 65536},
    ),
    "openai": (
        {"id": "gpt-5", "object": "model", "created": 1, "owned_by": "system", "shutdown_date": "2026-12-11"},
        {"id": "gpt-5", "retires_on": "2026-12-11"},
    ),
    "openai: nothing announced": ({"id": "gpt-6-luna", "shutdown_date": None}, {"id": "gpt-6-luna"}),
    "together": (
        {
            "id": "openai/gpt-oss-20b",
            "type": "chat",
            "display_name": "gpt-oss 20B",
            "context_length": 131072,
            "pricing": {"hourly": 0, "input": 0.05, "output": 0.2, "base": 0, "finetune": 0},
        },
        {
            "id": "openai/gpt-oss-20b",
            "display_name": "gpt-oss 20B",
            "context_window": 131072,
            "price": Price(input_usd_per_mtok=0.05, output_usd_per_mtok=0.2),
        },
    ),
    "together: an image model": ({"id": "flux", "type": "image"}, {"id": "flux", "capabilities": ("images",)}),
    "vercel": (
        {
            "id": "openai/gpt-5.4",
            "name": "GPT-5.4",
            "context_window": 400000,
            "max_tokens": 128000,
            "type": "language",
            "tags": ["reasoning", "tool-use", "vision", "file-input"],
            "pricing": {"input": "0.0000025", "output": "0.000015", "input_cache_read": "0.00000025"},
        },
        {
            "id": "openai/gpt-5.4",
            "display_name": "GPT-5.4",
            "context_window": 400000,
            "max_output_tokens": 128000,
            "input_modalities": ("text", "image"),
            "tools": True,
            "reasoning": True,
            "price": Price(input_usd_per_mtok=2.5, output_usd_per_mtok=15, cache_read_usd_per_mtok=0.25),
        },
    ),
    "perplexity": (
        {"id": "a/b", "pricing": {"input": 1, "output": 5, "cache_read": 0.1, "unit": "usd_per_1m_tokens"}},
        {"id": "a/b", "price": Price(input_usd_per_mtok=1, output_usd_per_mtok=5, cache_read_usd_per_mtok=0.1)},
    ),
    "novita": (
        {
            "id": "deepseek/deepseek-v3",
            "context_size": 64000,
            "input_token_price_per_m": 4000,
            "output_token_price_per_m": 13000,
        },
        {
            "id": "deepseek/deepseek-v3",
            "context_window": 64000,
            "price": Price(input_usd_per_mtok=0.4, output_usd_per_mtok=1.3),
        },
    ),
    "deepinfra": (
        {
            "id": "a/b",
            "metadata": {
                "context_length": 32768,
                "max_tokens": 16384,
                "pricing": {"input_tokens": 0.1, "output_tokens": 0.3, "cache_read_tokens": 0.05},
            },
        },
        {
            "id": "a/b",
            "context_window": 32768,
            "max_output_tokens": 16384,
            "price": Price(input_usd_per_mtok=0.1, output_usd_per_mtok=0.3, cache_read_usd_per_mtok=0.05),
        },
    ),
    "hugging face's router: what all hosts hold": (
        {
            "id": "a/b",
            "architecture": {"input_modalities": ["text"]},
            "providers": [
                {"provider": "x", "context_length": 131072, "supports_tools": False},
                {"provider": "y", "context_length": 65536, "supports_tools": True},
            ],
        },
        {"id": "a/b", "context_window": 65536, "input_modalities": ("text",), "tools": True},
    ),
    "vllm": ({"id": "Qwen/Qwen3-0.6B", "max_model_len": 8192}, {"id": "Qwen/Qwen3-0.6B", "context_window": 8192}),
    "llama.cpp": (
        {"id": "qwen.gguf", "meta": {"n_ctx_train": 40960, "n_params": 751632384}},
        {"id": "qwen.gguf", "context_window": 40960},
    ),
    "lm studio": (
        {
            "id": "qwen2-vl-7b",
            "type": "vlm",
            "max_context_length": 32768,
            "loaded_context_length": 4096,
            "capabilities": ["tool_use"],
        },
        {
            "id": "qwen2-vl-7b",
            "context_window": 4096,
            "input_modalities": ("text", "image"),
            "tools": True,
            "reasoning": False,
        },
    ),
    "lm studio: embeddings": (
        {"id": "nomic", "type": "embeddings"},
        {"id": "nomic", "capabilities": ("embeddings",)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_fields_of_each_vendor(name: str) -> None:
    entry, expected = CASES[name]
    assert read(entry) == expected


def test_google() -> None:
    entry = {
        "name": "models/gemini-3.8-flash",
        "displayName": "Gemini 3.8 Flash",
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": True,
    }
    assert read(entry, "models") == {
        "id": "gemini-3.8-flash",
        "display_name": "Gemini 3.8 Flash",
        "context_window": 1048576,
        "max_output_tokens": 65536,
        "reasoning": True,
    }
    embeds = {"name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"]}
    assert read(embeds, "models") == {"id": "gemini-embedding-001", "capabilities": ("embeddings",)}


def test_bedrock() -> None:
    entry = {
        "modelId": "amazon.nova-lite-v1:0",
        "modelName": "Nova Lite",
        "inputModalities": ["TEXT", "IMAGE", "VIDEO"],
    }
    assert read(entry, "modelSummaries") == {
        "id": "amazon.nova-lite-v1:0",
        "display_name": "Nova Lite",
        "input_modalities": ("text", "image", "video"),
    }


@pytest.mark.parametrize(
    ("says", "capabilities"),
    [(["TEXT"], ()), (["EMBEDDING"], ("embeddings",)), (["IMAGE"], ("images",)), (["SPEECH"], ()), ("IMAGE", ())],
)
def test_bedrock_lists_the_output_of_a_model(says: Any, capabilities: tuple[str, ...]) -> None:
    entry = {"modelId": "a.b", "outputModalities": says}
    assert read(entry, "modelSummaries").get("capabilities", ()) == capabilities


@pytest.mark.parametrize(
    ("lifecycle", "day"),
    [
        ({"status": "LEGACY", "endOfLifeTime": "2027-03-01T00:00:00Z"}, "2027-03-01"),
        ({"status": "LEGACY"}, None),
        # The earliest day on which a model in use may end is no end.
        ({"status": "ACTIVE", "endOfLifeTime": "2027-03-01T00:00:00Z"}, None),
        ("LEGACY", None),
    ],
)
def test_bedrock_lists_the_end_of_an_old_model(lifecycle: Any, day: str | None) -> None:
    assert read({"modelId": "a.b", "modelLifecycle": lifecycle}, "modelSummaries").get("retires_on") == day


def test_an_id_that_begins_with_models_is_one() -> None:
    assert read({"id": "models/odd"})["id"] == "models/odd"


@pytest.mark.parametrize(
    "pricing",
    [
        {"prompt": "0.000003", "completion": "15"},
        {"prompt": "free", "completion": "free"},
        {"prompt": True},
        {"completion": "0.00001"},
        {"prompt": "nan"},
        {"prompt": {}},
        ["0.1"],
        "0.1",
    ],
    ids=str,
)
def test_a_price_that_makes_no_sense_is_unknown(pricing: Any) -> None:
    assert read({"id": "a", "pricing": pricing}) == {"id": "a"}


def test_a_cache_without_a_price_is_not_free() -> None:
    price = read({"id": "a", "pricing": {"input": 1, "output": 2, "cache_read": 0, "cache_write": 0}})["price"]
    assert price == Price(input_usd_per_mtok=1, output_usd_per_mtok=2)


@pytest.mark.parametrize(
    ("entry", "unknown"),
    [
        ({"id": "a", "context_length": 0}, "context_window"),
        ({"id": "a", "context_length": True}, "context_window"),
        ({"id": "a", "context_length": "4096"}, "context_window"),
        ({"id": "a", "context_length": -1}, "context_window"),
        ({"id": "a", "capabilities": "chat"}, "tools"),
        ({"id": "a", "architecture": {"input_modalities": ["smell"]}}, "input_modalities"),
        ({"id": "a", "shutdown_date": "soon"}, "retires_on"),
        ({"id": "a", "name": "a"}, "display_name"),
    ],
    ids=str,
)
def test_what_cannot_be_read_stays_unknown(entry: dict[str, Any], unknown: str) -> None:
    assert unknown not in read(entry)


@pytest.mark.parametrize(
    ("listing", "more"),
    [
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "a/b c"}, "after_id=a%2Fb%20c"),
        ({"data": [{"id": "a"}], "has_more": False, "last_id": "a"}, None),
        ({"models": [{"name": "a"}], "nextPageToken": "x&y"}, "pageToken=x%26y"),
        ({"models": [{"name": "a"}], "next_page_token": "t"}, "page_token=t"),
        ({"data": [{"id": "a"}], "has_more": True}, None),
        ([{"id": "a"}], None),
    ],
    ids=str,
)
def test_where_the_next_page_is(listing: Any, more: str | None) -> None:
    page = read_page(json.dumps(listing).encode())
    assert (len(page.models), page.more) == (1, more)


def test_entries_that_are_none_are_left_out() -> None:
    listing = {"data": [{"id": "a"}, {"object": "model"}, "b", None, {"id": ["c"]}, {"id": "a", "context_length": 9}]}
    (model,) = read_page(json.dumps(listing).encode()).models
    assert model == ListedModel(id="a")


@pytest.mark.parametrize("body", [b"", b"<html>", b"7", b'"a"', b"{"])
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_page(body)


@pytest.mark.parametrize("body", [b"{}", b'{"data": "a"}', b'{"data": null}', b"[]"])
def test_a_listing_of_nothing(body: bytes) -> None:
    assert read_page(body).models == ()


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"object":"list","data":[{"id":"a"},{"id":"b"}]}', ("a", "b")),
        (b'{"models":[{"name":"qwen3:8b","model":"qwen3:8b"}]}', ("qwen3:8b",)),
        (b'[{"id":"a"}]', ("a",)),
        (b'{"data":[]}', ()),
        (b'{"data":null}', ()),
        (b'{"data":[{"id":""},{},5,"x"]}', ()),
        (b'{"data":{"id":"a"}}', ()),
        (b"{}", ()),
        (b'\xef\xbb\xbf{"data":[{"id":"a\xff"}]}', ("a\ufffd",)),
    ],
)
def test_model_listings(body: bytes, ids: tuple[str, ...]) -> None:
    assert model_ids(body) == ids


@pytest.mark.parametrize("body", [b"5", b"null", b'{"data": [', b"{oops", b"ok", b""])
def test_what_is_no_listing_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        model_ids(body)


def test_a_description_is_one_short_line() -> None:
    long = "A  model\nfor coding. " * 60
    (one, other, none) = read_models(
        [{"id": "a", "description": long}, {"id": "b", "summary": "Small."}, {"id": "c", "description": 3}]
    )
    assert one.description is not None
    assert one.description.startswith("A model for coding. A model")
    assert len(one.description) <= 500
    assert (other.description, none.description) == ("Small.", None)


@pytest.mark.parametrize(
    ("policy", "notice"),
    [
        (
            {"state": "disabled", "terms": "Enable it. [Learn more](https://gh.example/x)."},
            "Not enabled for this account. Enable it. Learn more (https://gh.example/x).",
        ),
        ({"state": "unconfigured"}, "Not enabled for this account."),
        ({"state": "enabled", "terms": "Enable it."}, None),
        ({}, None),
        ([1], None),
        ({"state": 1}, None),
    ],
)
def test_a_model_that_the_account_has_to_enable_says_so(policy: Any, notice: str | None) -> None:
    assert read({"id": "m", "policy": policy}).get("notice") == notice
