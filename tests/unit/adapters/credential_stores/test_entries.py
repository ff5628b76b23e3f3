"""Stored keys as text: what is encoded comes back, and any other text is a key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.credential_stores.entries import decode, encode
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(TEXTS, st.none() | TEXTS, st.lists(TEXTS, max_size=3))
def test_what_is_encoded_comes_back(secret: str, base_url: str | None, more: list[str]) -> None:
    key = StoredKey(Secret(secret), base_url, tuple(map(Secret, more)))
    assert decode(encode(key)) == key


def test_what_is_absent_is_not_written() -> None:
    assert json.loads(encode(StoredKey(Secret("a")))) == {"secret": "a"}


@pytest.mark.parametrize("text", ["sk-plain", "5", "{}", "[1]", "null", '{"secret": 5}', "{cut"])
def test_any_other_text_is_a_key(text: str) -> None:
    assert decode(text) == StoredKey(Secret(text))


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert decode('{"secret":"a","later":{"b":1}}') == StoredKey(Secret("a"))
