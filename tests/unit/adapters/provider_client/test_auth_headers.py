"""The headers that carry the credential."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.provider_client.auth_headers import request_headers
from support.builders import credential, endpoint, row

KEY = "key-0123456789abcdef"
OAUTH = "sk-ant-oat01-0123456789"


def headers(
    own_key_header: str = "Authorization", more: dict[str, str] | None = None, **changes: Any
) -> dict[str, str]:
    provider = row(**changes.pop("row", {}))
    changes.setdefault("credential", credential(KEY))
    place = endpoint(provider, **changes)
    return request_headers(place, own_key_header=own_key_header, more=more or {})


def test_a_bearer_key() -> None:
    assert headers() == {"Authorization": f"Bearer {KEY}"}


def test_a_key_as_it_is_in_the_rows_header() -> None:
    assert headers(row={"auth": "key", "key_header": "api-key"}) == {"api-key": KEY}


def test_a_bearer_key_in_a_header_of_the_rows_own() -> None:
    assert headers(row={"key_header": "X-Auth"}) == {"X-Auth": f"Bearer {KEY}"}


def test_a_server_that_needs_no_key_gets_one_only_where_there_is_one() -> None:
    assert headers(row={"auth": "none"}) == {"Authorization": f"Bearer {KEY}"}
    assert headers(row={"auth": "none"}, credential=credential(None)) == {}


def test_the_dialects_headers_then_the_rows() -> None:
    sent = headers(more={"version": "1", "kind": "a"}, row={"headers": {"Kind": "b", "X-Client": "c"}})
    assert sent == {"version": "1", "Kind": "b", "X-Client": "c", "Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION", "Authorization"])
def test_the_users_own_headers_win_in_any_case_and_each_name_goes_once(name: str) -> None:
    assert headers(headers={name: "Basic mine"}) == {name: "Basic mine"}
    sent = headers(more={"Version": "1"}, headers={"VERSION": "2"})
    assert sent == {"VERSION": "2", "Authorization": f"Bearer {KEY}"}


def test_anthropics_oauth_tokens_travel_as_bearer_tokens_with_a_beta_header() -> None:
    sent = headers(row={"auth": "key", "key_header": "x-api-key"}, credential=credential(OAUTH))
    assert sent == {"Authorization": f"Bearer {OAUTH}", "anthropic-beta": "oauth-2025-04-20"}


def test_anthropics_other_keys_do_not() -> None:
    sent = headers(row={"auth": "key", "key_header": "x-api-key"}, credential=credential("sk-ant-api03-0123456789"))
    assert sent == {"x-api-key": "sk-ant-api03-0123456789"}


@pytest.mark.parametrize(
    ("own", "sent"), [("x-api-key", {"x-api-key": KEY}), ("Authorization", {"Authorization": f"Bearer {KEY}"})]
)
def test_an_endpoint_in_a_dialect_of_the_users_choice_gets_the_key_where_the_dialect_puts_it(
    own: str, sent: dict[str, str]
) -> None:
    changes = {"row": {"auth": "key", "key_header": "api-key"}, "dialect": "anthropic_messages"}
    assert headers(own, **changes) == sent


@pytest.mark.parametrize(("key_header", "bearer", "sent"), [("x-own", True, f"Bearer {KEY}"), ("x-own", False, KEY)])
def test_the_endpoint_decides_where_the_key_goes(key_header: str, bearer: bool, sent: str) -> None:
    assert headers("x-api-key", key_header=key_header, bearer=bearer) == {key_header: sent}


def test_no_key_and_no_headers_are_no_headers() -> None:
    assert headers(credential=credential(None)) == {}
