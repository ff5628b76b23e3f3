"""A secret does not show itself, whichever way it is turned."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import Credential, StoredKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectProviderParams, SetCredentialParams

KEY = "sk-canary-0123456789abcdef"
SECRET = Secret(KEY)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        lambda s: f"{s!s:>40}",
        lambda s: f"{s!r}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031  this way too
        lambda s: f"{s}",
        lambda s: repr([s, {"key": s}]),
        lambda s: repr(Overrides(api_key=s, headers={"x": s})),
        lambda s: repr(Credential(provider="p", source="session", secret=s)),
        lambda s: repr(StoredKey(s)),
        lambda s: repr(SetCredentialParams(provider="p", secret=s)),
        lambda s: str(ConnectProviderParams(provider="p", api_key=s, headers={"x": s})),
        lambda s: repr(msgspec.structs.asdict(StoredKey(s))),
        lambda s: logging.LogRecord("n", 0, "p", 1, "%s %r", (s, s), None).getMessage(),
        lambda s: "".join(traceback.format_exception(ValueError(s))),
    ],
)
def test_no_text_made_of_it_holds_it(show: Callable[[Secret], str]) -> None:
    assert "canary" not in show(SECRET)


@pytest.mark.parametrize(
    "serialise",
    [
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        pickle.dumps,
        lambda s: pickle.dumps(s, protocol=2),
        lambda s: pickle.dumps({"key": s}),
        lambda s: msgspec.json.encode(SetCredentialParams(provider="p", secret=s)),
    ],
)
def test_it_is_not_serialised_by_accident(serialise: Callable[[Any], Any]) -> None:
    try:
        made = serialise(SECRET)
    except (TypeError, AttributeError, pickle.PicklingError) as refused:
        made = str(refused)
    assert b"canary" not in made if isinstance(made, bytes) else "canary" not in str(made)


def test_it_has_no_attributes_to_list() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_it_is_revealed_where_it_is_asked_for() -> None:
    assert SECRET.reveal() == KEY
    assert copy.copy(SECRET).reveal() == KEY


@pytest.mark.parametrize(
    ("text", "last4"), [(KEY, "cdef"), ("123456789012", "9012"), ("12345678901", None), ("", None)]
)
def test_the_last_four_characters_are_told_of_long_ones_only(text: str, last4: str | None) -> None:
    assert Secret(text).last4 == last4


def test_the_empty_secret_is_false() -> None:
    assert not Secret("")
    assert SECRET


def test_two_secrets_with_one_text_are_equal_and_a_text_never_is() -> None:
    assert Secret(KEY) == SECRET
    assert hash(Secret(KEY)) == hash(SECRET)
    assert Secret("other") != SECRET
    assert SECRET != KEY
