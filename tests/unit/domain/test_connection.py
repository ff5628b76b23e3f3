"""Where a provider is called: addresses as people write them, and the wire format that goes with a model."""

from __future__ import annotations

import contextlib

import pytest

from modelport.domain.connection import base_url, is_loopback, wire_format
from modelport.domain.errors import InvalidParams
from modelport.domain.provider import DialectRule
from support.builders import CANARY, endpoint, row

CLOUD = row("acme", base_url="https://api.acme.example/v1", base_url_env_vars=("ACME_BASE_URL", "ACME_API_BASE"))
OLLAMA = row(
    "ollama",
    connection_type="local",
    base_url="http://localhost:11434",
    base_url_env_vars=("OLLAMA_HOST",),
    requires_api_key=False,
)


def test_the_rows_address_counts_when_nobody_says_otherwise() -> None:
    assert base_url(CLOUD, None, {}) == "https://api.acme.example/v1"


def test_the_environment_replaces_the_rows_address_its_first_variable_first() -> None:
    both = {"ACME_API_BASE": "https://second.example", "ACME_BASE_URL": "https://first.example"}
    assert base_url(CLOUD, None, both) == "https://first.example"
    assert base_url(CLOUD, None, {"ACME_API_BASE": "https://second.example"}) == "https://second.example"


def test_a_blank_variable_counts_as_none() -> None:
    assert base_url(CLOUD, None, {"ACME_BASE_URL": "  "}) == "https://api.acme.example/v1"


def test_the_users_address_replaces_the_whole_address() -> None:
    mine = base_url(CLOUD, "https://proxy.example/team/a/", {"ACME_BASE_URL": "https://first.example"})
    assert mine == "https://proxy.example/team/a"


def test_placeholders_are_filled_from_the_environment() -> None:
    azure = row("azure", base_url="https://{AZURE_RESOURCE}.example/{AZURE_REGION}/v1/")
    variables = {"AZURE_RESOURCE": "team", "AZURE_REGION": "eu"}
    assert base_url(azure, None, variables) == "https://team.example/eu/v1"


def test_a_placeholder_without_a_value_is_named() -> None:
    azure = row("azure", base_url="https://{AZURE_RESOURCE}.example/{AZURE_REGION}/v1")
    with pytest.raises(InvalidParams, match="AZURE_REGION") as refused:
        base_url(azure, None, {"AZURE_RESOURCE": "team"})
    assert (refused.value.field, refused.value.provider) == ("baseUrl", "azure")
    assert "AZURE_RESOURCE" not in refused.value.message
    assert refused.value.action == "set AZURE_REGION"


def test_a_provider_without_an_address_asks_for_one_and_says_what_happened_to_it() -> None:
    gone = row("gone", base_url=None, status="retired", notice="The service ended.")
    with pytest.raises(InvalidParams, match="The service ended") as refused:
        base_url(gone, None, {})
    assert refused.value.field == "baseUrl"


def test_the_mock_needs_no_address() -> None:
    assert base_url(row("mock", dialect="mock", base_url=None), None, {}) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.168.1.5:11434", "http://192.168.1.5:11434"),
        ("192.168.1.5", "http://192.168.1.5:11434"),
        ("server.lan", "http://server.lan:11434"),
        ("server.lan:8080", "http://server.lan:8080"),
        ("server.lan:8080/", "http://server.lan:8080"),
        ("server.lan/ollama/", "http://server.lan:11434/ollama"),
        ("http://server.lan:8080", "http://server.lan:8080"),
        ("http://server.lan:8080///", "http://server.lan:8080"),
        # With a scheme the scheme's own port is meant.
        ("http://server.lan", "http://server.lan"),
        ("https://server.lan/ollama", "https://server.lan/ollama"),
        # A server that listens everywhere is called on this machine.
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("[fe80::1%eth0]:8080", "http://[fe80::1%eth0]:8080"),
        ("  server.lan:8080 ", "http://server.lan:8080"),
    ],
)
def test_ollama_host_in_all_its_forms(written: str, meant: str) -> None:
    assert base_url(OLLAMA, None, {"OLLAMA_HOST": written}) == meant


def test_an_address_without_a_scheme_is_https_in_the_cloud_and_gets_no_port() -> None:
    assert base_url(CLOUD, "gateway.example/v1", {}) == "https://gateway.example/v1"


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert base_url(CLOUD, "HTTPS://gateway.example/v1", {}) == "https://gateway.example/v1"


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://server",
        "file:///etc/passwd",
        "http://user:word@server",
        "http://two words",
        "http://server?x=1",
        "http://server#x",
        "http://[::1",
        "unix:///var/run/x.sock",
        "<script>",
    ],
)
@pytest.mark.parametrize("field", ["baseUrl", "ACME_BASE_URL"])
def test_a_bad_address_is_refused_with_the_place_it_came_from(bad: str, field: str) -> None:
    given = (bad, {}) if field == "baseUrl" else (None, {field: bad})
    with pytest.raises(InvalidParams) as refused:
        base_url(CLOUD, *given)
    assert (refused.value.field, refused.value.provider) == (field, "acme")
    assert "https://host/path" in refused.value.message


@pytest.mark.parametrize("bad", ["http://server:80a0/v1", "server:port", "http://server:99999", "javascript:alert(1)"])
def test_a_bad_port_is_refused_and_not_forgotten(bad: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        base_url(CLOUD, bad, {})
    assert refused.value.field == "baseUrl"


@pytest.mark.parametrize("nothing", ["", "  ", "https://", "http:///v1"])
def test_no_host_at_all_is_never_this_machine_for_a_provider_in_the_cloud(nothing: str) -> None:
    with contextlib.suppress(InvalidParams):
        assert base_url(CLOUD, nothing, {}) == "https://api.acme.example/v1"


RULES = row(
    "zen",
    wire={"chat_path": "/plain"},
    dialect_rules=(
        DialectRule(models="claude-*", dialect="anthropic_messages", chat_path="/messages"),
        DialectRule(models="gpt-*", dialect="openai_responses"),
        DialectRule(models="gpt-4*", dialect="ollama"),
    ),
)


@pytest.mark.parametrize(
    ("model", "override", "format_"),
    [
        ("llama", None, ("openai_chat", "/plain")),
        (None, None, ("openai_chat", "/plain")),
        ("claude-sonnet-4", None, ("anthropic_messages", "/messages")),
        # The first rule that fits counts, and a rule without a path means the dialect's own.
        ("gpt-4o", None, ("openai_responses", None)),
        # The user's choice beats every rule; the row's path belongs to the row's dialect only.
        ("claude-sonnet-4", "openai_chat", ("openai_chat", "/plain")),
        ("llama", "ollama", ("ollama", None)),
    ],
)
def test_the_wire_format_of_a_model(model: str | None, override: str | None, format_: tuple[str, str | None]) -> None:
    assert wire_format(RULES, model, override) == format_  # type: ignore[arg-type]


def test_an_endpoint_redacts_its_key_and_its_users_headers() -> None:
    place = endpoint(headers={"X-Own": "Token own-secret-123", "X-Short": "abc"})
    said = place.redact(f"{CANARY} and own-secret-123 and Token own-secret-123, abc")
    assert said == "[redacted] and [redacted] and [redacted], abc"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("", True),
        ("http://localhost", True),
        ("http://localhost:11434/v1", True),
        ("https://127.0.0.1:8000", True),
        ("http://[::1]:8000/v1", True),
        ("http://server.lan", False),
        ("https://api.example/localhost", False),
        ("https://localhost.example", False),
        ("https://127.example", False),
    ],
)
def test_an_address_on_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here
