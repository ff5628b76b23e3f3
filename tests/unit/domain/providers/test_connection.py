"""The wire format that goes with a model, and what an endpoint keeps to itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.connection import listing_endpoint, read_overrides, wire_format
from modelport.domain.providers.rows import DialectRule, WithKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectProviderParams
from support.builders import CANARY, endpoint, row

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
    wire = wire_format(RULES, model, override)  # type: ignore[arg-type]
    assert (wire.dialect, wire.path) == format_


KEYS = row(
    "zen",
    key_header="x-own",
    dialect_rules=(
        DialectRule(models="claude-*", dialect="anthropic_messages", key_header="x-api-key"),
        DialectRule(models="gpt-*", dialect="openai_responses"),
    ),
)


@pytest.mark.parametrize(
    ("changes", "model", "override", "key"),
    [
        ({}, "llama", None, ("x-own", True)),
        ({"auth": "key"}, "llama", None, ("x-own", False)),
        # A rule may have its own header, which takes the key as it is.
        ({}, "claude-x", None, ("x-api-key", False)),
        ({}, "gpt-x", None, ("x-own", True)),
        ({"auth": "key"}, "gpt-x", None, ("x-own", False)),
        # A dialect that the user chose puts the key where it always does.
        ({}, "llama", "ollama", (None, True)),
        ({}, "claude-x", "openai_chat", ("x-own", True)),
    ],
)
def test_where_the_key_goes(changes: dict[str, Any], model: str, override: Any, key: tuple[str | None, bool]) -> None:
    wire = wire_format(msgspec.structs.replace(KEYS, **changes), model, override)
    assert (wire.key_header, wire.bearer) == key


def test_a_key_may_go_another_way_than_the_log_in() -> None:
    cloud = row("cloud", auth="google", wire={"chat_path": "/project/{model}"}, with_key=WithKey(chat_path="/plain/{model}", auth="key", key_header="x-key"))  # fmt: skip
    keyed, logged_in = wire_format(cloud, "m", None), wire_format(cloud, "m", None, keyed=False)
    assert (keyed.path, keyed.key_header, keyed.bearer) == ("/plain/{model}", "x-key", False)
    assert (logged_in.path, logged_in.key_header, logged_in.bearer) == ("/project/{model}", "Authorization", True)


def test_an_endpoint_redacts_its_key_and_its_users_headers() -> None:
    place = endpoint(headers={"X-Own": "Token own-secret-123", "X-Short": "abc"})
    redacted = place.redact(f"{CANARY} and own-secret-123 and Token own-secret-123, abc")
    assert redacted == "[redacted] and [redacted] and [redacted], abc"


@pytest.mark.parametrize(
    "proxy", ["http://me:proxy-pass-123@proxy.example:3128", "http://:proxy-pass-123@proxy.example"]
)
def test_an_endpoint_redacts_the_password_of_its_proxy(proxy: str) -> None:
    place = endpoint(proxy=Secret(proxy))
    assert place.redact("407: proxy-pass-123 is wrong at proxy.example") == "407: [redacted] is wrong at proxy.example"


@pytest.mark.parametrize("timeout_ms", [1, 2, 600_000])
def test_an_idle_timeout_is_positive(timeout_ms: int) -> None:
    assert read_overrides(ConnectProviderParams(timeout_ms=timeout_ms), None).idle_timeout_s == timeout_ms / 1000
    with pytest.raises(InvalidParams) as refused:
        read_overrides(ConnectProviderParams(timeout_ms=1 - timeout_ms), None)
    assert refused.value.field == "timeoutMs"


def test_models_are_listed_where_calls_go_unless_the_row_has_hosts_for_that() -> None:
    place = endpoint(row(base_url="https://talk.cloud.example"))
    assert listing_endpoint(place) is place
    apart = row(base_url="https://talk.cloud.example", wire={"models_hosts": {"talk.cloud.example": "list"}})
    listed = listing_endpoint(endpoint(apart))
    assert listed == endpoint(apart, base_url="https://list.cloud.example")
    assert listing_endpoint(endpoint(apart, base_url="https://proxy.example")) is None
