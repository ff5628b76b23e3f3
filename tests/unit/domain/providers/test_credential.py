"""Credentials as values, and where they may go."""

from __future__ import annotations

import pytest

from modelport.domain.providers.credential import Credential, missing, same_address
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus
from support.builders import CANARY, row


def test_the_status_tells_everything_but_the_secret() -> None:
    found = Credential(
        provider="acme", source="keyring", secret=Secret(CANARY), location="modelport/acme", base_url="https://a"
    )
    assert found.status(row(), None) == CredentialStatus(
        provider="acme", source="keyring", location="modelport/acme", last4="cdef", base_url="https://a"
    )
    assert CANARY not in repr(found)


def test_nothing_found_is_none_or_not_required() -> None:
    assert missing(row(requires_api_key=True)).status(row(), None) == CredentialStatus(provider="acme", source="none")
    assert missing(row(requires_api_key=False)).source == "notRequired"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://api.example/v1", "https://api.example/v1/", True),
        ("https://API.Example/v1", "https://api.example/v1", True),
        ("HTTPS://api.example/v1", "https://api.example/v1", True),
        (" https://api.example ", "https://api.example/", True),
        ("https://api.example/v1", "https://api.example/V1", False),
        ("https://api.example/v1", "http://api.example/v1", False),
        ("https://api.example/v1", "https://api.example", False),
        ("https://api.example", "https://api.example.evil", False),
        ("https://api.example", "https://api.example:8443", False),
        ("https://api.example/v1", "", False),
        ("https://h/v1", "https://h", False),
        ("https://h/v1", "https://h/v1/chat/completions", True),
        ("https://h/v1", "https://h/v1?api-version=1", True),
        ("https://h/team/v1/messages/", "https://h/team/v1", True),
        ("http://h:11434/api/chat", "http://h:11434", True),
        ("https://h/team", "https://h/other", False),
        ("https://h/team/v1", "https://h/v1", False),
        ("https://h/v1", "http://h/v1", False),
        ("https://h/v1", "https://h:8443/v1", False),
        ("https://h/v1", "https://h.evil/v1", False),
        ("https://h?x=/v1", "https://g", False),
    ],
)
def test_two_addresses_are_the_same_but_for_case_and_a_slash(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same
    assert same_address(other, one) is same


def test_a_key_bound_to_an_address_goes_nowhere_else() -> None:
    bound = Credential(provider="acme", source="keyring", secret=Secret(CANARY), base_url="https://mine.example/v1")
    assert bound.may_go_to("https://mine.example/v1/", row())
    assert not bound.may_go_to("https://theirs.example/v1", row())
    assert not bound.may_go_to(None, row())


@pytest.mark.parametrize(
    ("dialect", "text", "base_url", "goes"),
    [
        ("openai_chat", "https://h/v1", "https://h", False),
        ("openai_chat", "https://h/v1/chat/completions", "https://h/v1", True),
        # These read both as one address.
        ("anthropic_messages", "https://h/v1", "https://h", True),
        ("ollama", "http://h:1/v1", "http://h:1", True),
        ("ollama", "http://h:1/api", "http://h:1", True),
        ("anthropic_messages", "https://h/team/v1", "https://h", False),
        ("anthropic_messages", "no address", "https://h", False),
    ],
)
def test_a_key_bound_to_an_address_goes_to_what_that_means(dialect: str, text: str, base_url: str, goes: bool) -> None:
    bound = Credential(provider="acme", source="keyring", secret=Secret(CANARY), base_url=text)
    assert bound.may_go_to(base_url, row(dialect=dialect)) is goes


def test_a_key_bound_to_nothing_goes_anywhere() -> None:
    free = Credential(provider="acme", source="keyring", secret=Secret(CANARY))
    assert free.may_go_to("https://anywhere.example", row())
    assert free.may_go_to(None, row())
