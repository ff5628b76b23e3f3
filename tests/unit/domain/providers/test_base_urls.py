"""Base URLs as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.address import base_url, find
from modelport.domain.providers.base_urls import CHAT_PATHS, BaseUrl, join, read_base_url, shown, with_version
from modelport.domain.providers.configuration import Configuration, Document, ProviderEntry
from modelport.domain.providers.registry_builder import build_registry
from modelport.domain.providers.rows import Provider
from support.builders import row
from support.shipped import shipped_registry

ROWS = {row.id: row for row in shipped_registry().all()}
OWN = row("own", base_url="https://own.example/v1")
ZEN = "/messages"
"""A path of Anthropic's dialect behind a base URL with its version, as OpenCode's row has it."""
CASES: list[tuple[str, str | None, str, str, str]] = [
    # Chat Completions: the base URL has the version.
    ("own", None, "https://gw.example/v1", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1///", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example", "https://gw.example", ""),
    # As they are copied and typed.
    ("own", None, '  "https://gw.example/v1"\n', "https://gw.example/v1", ""),
    ("own", None, "`https://gw.example/v1/`", "https://gw.example/v1", ""),
    ("own", None, "HTTPS://GW.Example/v1", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example//v1", "https://gw.example/v1", ""),
    ("own", None, "localhost:1234", "http://localhost:1234", ""),
    ("own", None, "LOCALHOST:1234/v1", "http://localhost:1234/v1", ""),
    ("own", None, "[::1]:1234/v1", "http://[::1]:1234/v1", ""),
    ("own", None, "127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1", ""),
    ("own", None, "https://localhost:1234/v1", "https://localhost:1234/v1", ""),
    ("own", None, "localhost.example/v1", "https://localhost.example/v1", ""),
    # A folder called api belongs to the address where the dialect brings a version.
    ("anthropic", None, "https://gw.example/api", "https://gw.example/api", ""),
    ("anthropic", None, "https://gw.example/api/v1", "https://gw.example/api", ""),
    ("anthropic", None, "https://gw.example/api/v1/messages", "https://gw.example/api", ""),
    ("anthropic", None, "https://gw.example/V1", "https://gw.example", ""),
    ("gemini", None, "https://gw.example/api", "https://gw.example/api", ""),
    ("cohere", "/v2/chat", "https://gw.example/api/v2", "https://gw.example/api", ""),
    ("ollama", None, "http://gw.example/api", "http://gw.example", ""),
    ("own", None, "https://gw.example/", "https://gw.example", ""),
    ("own", None, "gw.example/v1/chat/completions", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/chat/completions", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/chat/completions/", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/chat/completions", "https://gw.example", ""),
    ("own", None, "https://gw.example/team/a/v1/chat/completions", "https://gw.example/team/a/v1", ""),
    ("own", None, "https://gw.example/v1/completions", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/responses", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/models", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/models/", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/embeddings", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/v1/images/generations", "https://gw.example/v1", ""),
    ("own", None, "https://gw.example/chat", "https://gw.example/chat", ""),
    ("own", None, "https://gw.example/v1/chat", "https://gw.example/v1/chat", ""),
    ("own", None, "https://gw.example/models", "https://gw.example/models", ""),
    ("own", None, "https://gw.example/api", "https://gw.example/api", ""),
    ("own", None, "https://gw.example/my-completions", "https://gw.example/my-completions", ""),
    (
        "own",
        None,
        "https://gw.example/https://api.acme.example/v1",
        "https://gw.example/https://api.acme.example/v1",
        "",
    ),
    ("perplexity", None, "https://api.perplexity.ai/v1/responses", "https://api.perplexity.ai/v1", ""),
    ("perplexity", None, "https://api.perplexity.ai/chat/completions", "https://api.perplexity.ai", ""),
    # A query goes behind each path.
    ("own", None, "https://gw.example/v1?api-version=2024-10-21", "https://gw.example/v1", "api-version=2024-10-21"),
    ("own", None, "https://gw.example/v1/?a=1&b=2", "https://gw.example/v1", "a=1&b=2"),
    ("own", None, "https://gw.example?a=1", "https://gw.example", "a=1"),
    ("own", None, "https://gw.example/v1?", "https://gw.example/v1", ""),
    (
        "azure",
        None,
        "https://team.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        "https://team.openai.azure.com/openai/deployments/gpt",
        "api-version=2024-10-21",
    ),
    # Anthropic's path brings the version.
    ("anthropic", None, "https://api.anthropic.com", "https://api.anthropic.com", ""),
    ("anthropic", None, "https://api.anthropic.com/v1", "https://api.anthropic.com", ""),
    ("anthropic", None, "https://api.anthropic.com/v1/messages", "https://api.anthropic.com", ""),
    ("anthropic", None, "https://api.anthropic.com/v1/messages/count_tokens", "https://api.anthropic.com", ""),
    ("anthropic", None, "https://api.anthropic.com/v1/models", "https://api.anthropic.com", ""),
    ("anthropic", None, "https://gw.example/anthropic/v1/", "https://gw.example/anthropic", ""),
    ("anthropic", None, "https://gw.example/anthropic/messages", "https://gw.example/anthropic", ""),
    ("minimax-coding-plan", None, "https://api.minimax.io/anthropic/v1", "https://api.minimax.io/anthropic", ""),
    ("anthropic", ZEN, "https://opencode.ai/zen/v1", "https://opencode.ai/zen/v1", ""),
    ("anthropic", ZEN, "https://opencode.ai/zen/v1/messages", "https://opencode.ai/zen/v1", ""),
    # Ollama's too; many paste the address of its other API.
    ("ollama", None, "http://localhost:11434/api", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/api/", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/api/chat", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/api/generate", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/api/tags", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/v1", "http://localhost:11434", ""),
    ("ollama", None, "http://localhost:11434/v1/chat/completions", "http://localhost:11434", ""),
    ("ollama", None, "gpu-box/v1", "http://gpu-box:11434", ""),
    ("ollama", None, "https://gw.example/ollama", "https://gw.example/ollama", ""),
    ("ollama", None, "https://gw.example/ollama/api/chat", "https://gw.example/ollama", ""),
    # Google's, with the model in the path.
    ("gemini", None, "https://gl.example/v1beta", "https://gl.example", ""),
    ("gemini", None, "https://gl.example/v1/", "https://gl.example", ""),
    ("gemini", None, "https://gl.example/v1beta/models", "https://gl.example", ""),
    ("gemini", None, "https://gl.example/v1beta/models/gemini-x:generateContent", "https://gl.example", ""),
    (
        "gemini",
        None,
        "https://gl.example/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
        "https://gl.example",
        "",
    ),
    ("gemini", None, "https://gl.example/proxy/v1alpha/models/m:generateContent", "https://gl.example/proxy", ""),
    ("vertex", None, "https://eu-a.example/v1", "https://eu-a.example", ""),
    (
        "vertex",
        None,
        "https://eu-a.example/v1/projects/p/locations/eu/publishers/google/models/m:streamGenerateContent",
        "https://eu-a.example",
        "",
    ),
    ("bedrock", None, "https://br.example/model/us.m-v1%3A0/converse-stream", "https://br.example", ""),
    ("bedrock", None, "https://br.example/model/m/converse", "https://br.example", ""),
    ("bedrock", None, "https://br.example/gate/model/m/invoke", "https://br.example/gate", ""),
    ("cohere", "/v2/chat", "https://api.cohere.com/v2", "https://api.cohere.com", ""),
    ("cohere", "/v2/chat", "https://api.cohere.com/v1", "https://api.cohere.com", ""),
    ("cohere", "/v2/chat", "https://api.cohere.com/v2/chat", "https://api.cohere.com", ""),
    # A path of the user's own.
    ("own", "/v1/text/chat_v2", "https://gw.example/v1/text/chat_v2", "https://gw.example", ""),
    ("own", "/v1/text/chat_v2", "https://gw.example/v1", "https://gw.example", ""),
    ("own", "/talk", "https://gw.example/v1/talk", "https://gw.example/v1", ""),
]


def provider(name: str) -> Provider:
    return OWN if name == "own" else ROWS[name]


@pytest.mark.parametrize(("name", "chat_path", "text", "url", "query"), CASES)
def test_a_text_means_a_base_url(name: str, chat_path: str | None, text: str, url: str, query: str) -> None:
    read = read_base_url(text, provider(name), "baseUrl", chat_path)
    assert read == BaseUrl(url, query)
    # What was read reads the same again: a connection is remembered in this form.
    assert read_base_url(read.text, provider(name), "baseUrl", chat_path) == read


@pytest.mark.parametrize(("text", "url"), [(case[2], case[3] + (f"?{case[4]}" if case[4] else "")) for case in CASES if case[0] == "own" and not case[1]])  # fmt: skip
def test_it_means_the_same_in_a_connection_a_variable_and_the_configuration(text: str, url: str) -> None:
    own = row("own", base_url_env_vars=("OWN_BASE_URL",))
    assert base_url(own, text, {}) == base_url(own, None, {"OWN_BASE_URL": text}) == url
    document = Document(providers={"mine": ProviderEntry(base_url=text), "own": ProviderEntry(base_url=text)})
    registry, findings = build_registry(Configuration(document=document), [own])
    assert findings == []
    for name in ("mine", "own"):
        overrides = registry.defaults(registry.get(name))
        assert find(registry.get(name), overrides.base_url, {}).text == url


def test_the_dialect_of_the_file_says_what_is_taken_off() -> None:
    entry = ProviderEntry(base_url="https://relay.example/v1", dialect="anthropic_messages")
    own = ProviderEntry(base_url="https://relay.example/v1", dialect="anthropic_messages", chat_path="/messages")
    registry, _ = build_registry(Configuration(document=Document(providers={"a": entry, "b": own})), [])
    assert registry.defaults(registry.get("a")).base_url == "https://relay.example"
    assert registry.defaults(registry.get("b")).base_url == "https://relay.example/v1"


@pytest.mark.parametrize("shipped", [row for row in ROWS.values() if row.base_url and "{" not in row.base_url], ids=str)
def test_the_address_of_every_row_can_be_written_with_its_path_or_without(shipped: Provider) -> None:
    url = shipped.base_url or ""
    path = (shipped.wire.chat_path or CHAT_PATHS[shipped.dialect]).replace("{model}", "some-model")
    for text in (url, url + "/", url + path, url + path.partition("?")[0] + "/"):
        assert find(shipped, text, {}) == BaseUrl(url), text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("https://user:pass-word-1@gw.example/v1", 'without "user:password@"'),
        ("https://gw.example/v1?key=pass-word-1", "without key=…"),
        ("https://gw.example/v1?api-version=1&api_key=pass-word-1", "without api_key=…"),
        ("https://gw.example/v1?access_token=pass-word-1", "without access_token=…"),
        ("https://gw.example/v1?sig=pass-word-1", "without sig=…"),
        ("https://gw.example/v1?code=pass-word-1", "without code=…"),
        ("https://gw.example/v1?Ocp-Apim-Subscription-Key=pass-word-1", "without Ocp-Apim-Subscription-Key=…"),
        ("https://gw.example/v1#pass-word-1", 'without "#"'),
        ("ftp://user:pass-word-1@gw.example", "https://host/path"),
        ("https://gw example/v1?x=pass-word-1", "https://host/path"),
    ],
)
def test_an_address_that_is_refused_says_how_to_write_it_and_tells_no_secret(text: str, advice: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        read_base_url(text, OWN, "baseUrl")
    assert advice in refused.value.message
    assert "pass-word-1" not in f"{refused.value.message} {refused.value.action}"
    _, findings = build_registry(Configuration(document=Document(providers={"mine": ProviderEntry(base_url=text)})), [])
    assert advice in findings[0].message
    assert "pass-word-1" not in findings[0].message


@pytest.mark.parametrize(
    ("base", "path", "query", "url"),
    [
        ("https://h/v1", "/models", "", "https://h/v1/models"),
        ("https://h/v1", "/models", "a=1", "https://h/v1/models?a=1"),
        ("https://h", "/v1beta/models/m:s?alt=sse", "", "https://h/v1beta/models/m:s?alt=sse"),
        ("https://h", "/v1beta/models/m:s?alt=sse", "a=1&b", "https://h/v1beta/models/m:s?alt=sse&a=1&b"),
        # The path's own counts.
        ("https://h", "/models?limit=5", "limit=9&a=1", "https://h/models?limit=5&a=1"),
    ],
)
def test_a_request_goes_to_the_path_behind_the_base_url_with_both_queries(
    base: str, path: str, query: str, url: str
) -> None:
    assert join(base, path, query) == url


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/v1?api-version=2024-10-21&alt=sse", "https://h/v1?api-version=2024-10-21&alt=sse"),
        ("https://h/v1?key=abc&x=def&api-version=1", "https://h/v1?key=…&x=…&api-version=1"),
        ("https://user:word@h/v1#frag", "https://h/v1"),
        ("user:word@h/v1", "h/v1"),
        # A password may hold what would end it.
        ("https://user:w/o?r#d@h/v1?a=b", "https://h/v1?a=…"),
        ("https://user:w@rd@h/v1", "https://h/v1"),
        ("https://h:8080/ai/run/@cf/llama", "https://h:8080/ai/run/@cf/llama"),
        ("https://[::1]:80/ai/@cf", "https://[::1]:80/ai/@cf"),
    ],
)
def test_what_may_be_secret_in_an_address_is_not_shown(text: str, fit: str) -> None:
    assert shown(text) == fit


@pytest.mark.parametrize(
    ("base", "of", "dialect", "other"),
    [
        ("http://h:8000", row(base_url=None), "openai_chat", "http://h:8000/v1"),
        ("http://h:8000/team", row(base_url=None), "openai_chat", "http://h:8000/team/v1"),
        ("https://h/api", row(base_url=None), "openai_responses", "https://h/api/v1"),
        # Behind a host alone comes the path of the row.
        ("https://h", row(base_url="https://gw.example/openai/v1"), "openai_chat", "https://h/openai/v1"),
        ("https://h", row(base_url="https://{A}.example/{B}/v1"), "openai_chat", "https://h/v1"),
        ("https://h/v1", row(), "openai_chat", None),
        ("https://h/v4/team", row(), "openai_chat", None),
        ("https://h", row(), "anthropic_messages", None),
        ("https://h", row(), "ollama", None),
        ("", row(), "mock", None),
    ],
)
def test_the_version_that_was_probably_left_out(base: str, of: Provider, dialect: Any, other: str | None) -> None:
    assert with_version(base, of, dialect) == other


@pytest.mark.parametrize("text", ["https:/gw.example/v1", "https//gw.example/v1", "HTTPS:gw.example", "https"])
def test_a_scheme_that_is_half_written_is_no_host(text: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        read_base_url(text, OWN, "baseUrl")
    assert 'with "://" behind https' in refused.value.message
