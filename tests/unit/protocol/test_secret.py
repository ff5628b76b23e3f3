"""A secret does not show itself, whichever way it is turned."""

from __future__ import annotations

import copy
import dataclasses
import faulthandler
import inspect
import io
import json
import logging
import pickle
import pprint
import pydoc
import reprlib
import traceback
import types
from collections import ChainMap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rich
import rich.console
import rich.pretty
from rich.traceback import Traceback

from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.credential import Credential, StoredKey
from modelport.protocol.secret import Secret, SecretValues, forget_frames
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


def frame_with(value: object) -> BaseException:
    """An error from a frame whose locals hold the value, by itself and in what is made of it."""
    held = [value, {"key": value}, (value,)]
    try:
        raise ValueError(f"no {value}")
    except ValueError as error:
        assert held
        return error


def rich_traceback(value: object) -> str:
    console = rich.console.Console(file=io.StringIO(), width=200)
    error = frame_with(value)
    console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    return console.file.getvalue()  # type: ignore[attr-defined]


def plain_traceback(value: object) -> str:
    return "".join(traceback.TracebackException.from_exception(frame_with(value), capture_locals=True).format())


def logged(value: object) -> str:
    stream = io.StringIO()
    log = logging.Logger("n")  # noqa: LOG001  of this test alone
    log.addHandler(logging.StreamHandler(stream))
    error = frame_with(value)
    log.error("%s", value, exc_info=(type(error), error, error.__traceback__), extra={"given": value})
    return stream.getvalue()


def walked(value: object) -> str:
    """What a reporter of errors finds that takes objects apart."""
    found = [repr(member) for _, member in inspect.getmembers(value) if not callable(member)]
    slots = [getattr(value, name) for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    console = rich.console.Console(file=io.StringIO(), width=200)
    rich.inspect(value, console=console, private=True)
    return f"{found} {slots} {vars(value) if hasattr(value, '__dict__') else ''}{console.file.getvalue()}"  # type: ignore[attr-defined]


SHOWS = [
    rich_traceback,
    plain_traceback,
    logged,
    pprint.pformat,
    rich.pretty.pretty_repr,
    reprlib.repr,
    pydoc.html.repr,
    # As JSON the values are a dict, which is how they are sent and kept.
    lambda value: json.dumps([value], default=str) if isinstance(value, Secret) else "",
    lambda value: repr(dataclasses.make_dataclass("Held", ["key"])(value)),
    lambda value: repr(types.SimpleNamespace(key=value)),
    lambda value: repr(msgspec.defstruct("Held", ["key"])(value)),
    lambda value: f"{value} {value!r} {value!s:>5} {[value]}",
    lambda value: "%s %r %a" % (value, value, value),  # noqa: UP031  this way too
    lambda value: f"{copy.copy(value)} {copy.deepcopy(value) if isinstance(value, Secret) else ''}",
    lambda value: str(ChainMap(value, {})) if isinstance(value, dict) else "",
    lambda value: str(ValueError(value)) + repr(KeyError(value)),
]


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("value", [SECRET, SecretValues(key=KEY), SecretValues(a="b") | {"key": KEY}, {"a": "b"} | SecretValues(key=KEY)])  # fmt: skip
def test_no_tool_that_shows_values_shows_it(show: Callable[[object], str], value: object) -> None:
    assert "canary" not in show(value)


def test_what_takes_objects_apart_does_not_come_to_it() -> None:
    shown = walked(SECRET)
    assert "reveal" in shown
    assert "canary" not in shown


def test_a_dump_of_all_threads_holds_no_values(tmp_path: Path) -> None:
    held = SECRET
    with (tmp_path / "dump").open("w") as file:
        faulthandler.dump_traceback(file)
    text = (tmp_path / "dump").read_text()
    assert "test_a_dump_of_all_threads_holds_no_values" in text
    assert held.reveal()[:9] not in text


def test_values_are_shown_by_their_names_and_used_as_a_dict() -> None:
    values = SecretValues(Authorization=KEY)
    assert repr(values) == "SecretValues(Authorization)"
    assert {**values} == values == {"Authorization": KEY}
    assert isinstance(values.copy(), SecretValues)
    with pytest.raises(TypeError):
        pickle.dumps(values)


def test_an_error_forgets_the_frames_that_it_and_those_before_it_came_through() -> None:
    def library(password: str) -> None:
        try:
            raise OSError(f"{len(password)} characters do not fit")
        except OSError as error:
            raise ValueError("cannot be kept") from error

    def ours(secret: Secret) -> None:
        try:
            library(secret.reveal())
        except ValueError as error:
            forget_frames(error)
            raise RuntimeError("no keyring") from error

    with pytest.raises(RuntimeError) as failed:
        ours(SECRET)
    # The first frame is this test's own.
    failed.value.__traceback__ = failed.value.__traceback__.tb_next  # type: ignore[union-attr]
    shown = "".join(traceback.TracebackException.from_exception(failed.value, capture_locals=True).format())
    assert "do not fit" in shown
    assert "canary" not in shown


def test_an_error_that_came_of_itself_is_forgotten_once() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    forget_frames(first)
    assert first.__traceback__ is None
