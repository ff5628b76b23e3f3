"""Texts of agents, cleaned before a terminal shows them or a file stores them."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.agents.cleaning import MAX_READ_CHARS, MAX_TEXT_CHARS, Censor, one_line, redacted, secrets_of
from support.builders import CANARY

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("_meta"), inner),
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain", "plain"),
        ("  two\r\n\tlines \x0b here ", "two lines here"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0\x1b\\picture", "picture"),
        ("\x1b(Bcharset\x1b7", "charset"),
        ("bell\x07 back\x08 null\x00 delete\x7f", "bell back null delete"),
        ("\u202etxt.exe\u2066x\u200b\ufeff\U000e0041", "txt.exex"),
        ("\ud800lone", "lone"),
        ("Grüße, 東京 🦊", "Grüße, 東京 🦊"),
        ("\x1b", ""),
    ],
)
def test_one_line(said: str, shown: str) -> None:
    assert one_line(said) == shown


def test_a_text_is_cut() -> None:
    assert one_line("x" * 1000) == "x" * (MAX_TEXT_CHARS - 1) + "…"
    assert one_line("ab cd", 4) == "ab…"


@given(st.text(alphabet=st.characters()), st.integers(min_value=1, max_value=50))
def test_any_text_is_printable_on_one_line_and_no_longer_than_asked(text: str, max_chars: int) -> None:
    shown = one_line(text, max_chars)
    assert len(shown) <= max_chars
    assert shown.isprintable()
    assert Censor(["secret-of-8"], "/home/me").text(text, max_chars).isprintable()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', '{"authorization": "Basic [redacted]"}'),
        ("sent Bearer abcdef123456", "sent Bearer [redacted]"),
        ("Bearer authentication is required", "Bearer authentication is required"),
        ("key sk-proj-abcdefghijkl is wrong", "key [redacted] is wrong"),
        ("ghp_abcdefghijklmnop and AIzaSyA1234567890abc", "[redacted] and [redacted]"),
        ("token eyJhbGciOiJIUzI1NiJ9.e30.abc", "token [redacted]"),
        ("sk-learn and hf_hub_download", "sk-learn and hf_hub_download"),
        ("https://me:pass@host/x and git://tok@host", "https://[redacted]@host/x and git://[redacted]@host"),
        ("https://host/x?a=1&api_key=abc&b=2#access_token=def", "https://host/x?a=1&api_key=[redacted]&b=2#access_token=[redacted]"),
        ("https://host/device?user_code=ABCD-EFGH", "https://host/device?user_code=[redacted]"),
        ("OPENAI_API_KEY=abcdef0123", "OPENAI_API_KEY=[redacted]"),
        ('"password": "hunter2222"', '"password": "[redacted]"'),
        ("invalid token: expired yesterday", "invalid token: expired yesterday"),
        ("in /home/me/x and /home/melanie/y and /home/me", "in ~/x and /home/melanie/y and ~"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_taken_out(said: str, shown: str) -> None:
    assert redacted(said, home="/home/me") == shown


def test_the_root_is_not_taken_for_a_home() -> None:
    assert redacted("/usr/bin", home="/") == redacted("/usr/bin") == "/usr/bin"


def test_secrets_are_found_by_the_names_of_their_variables_the_longest_first() -> None:
    variables = {
        "FAKE_API_KEY": "longer-than-eight",
        "GITHUB_TOKEN": "longer-than-eight-too",
        "SHORT_KEY": "short",
        "LD_LIBRARY_PATH": "/usr/lib/something",
        "HOME": "/home/ada",
        "ODD": "named by the row",
        "PEM_SECRET": "-----BEGIN-----\nfirst line of it\nsecond line of it\n",
    }
    argv = ("/bin/agent", "--api-key", "given-apart", "--token=given-joined", "--acp", "token", "--secret")

    found = secrets_of(variables, argv, ["ODD"])

    assert set(found) == {
        "longer-than-eight-too", "longer-than-eight", "named by the row", "first line of it", "second line of it",
        "given-apart", "given-joined", "-----BEGIN-----",
    }  # fmt: skip
    assert list(found) == sorted(found, key=len, reverse=True)


def test_a_secret_with_an_escape_sequence_in_it_is_found() -> None:
    assert (
        Censor([CANARY]).text(f"the key {CANARY[:5]}\x1b[1m{CANARY[5:]}\x00 is wrong") == "the key [redacted] is wrong"
    )


@pytest.mark.parametrize("cut", range(len(CANARY)))
def test_no_part_of_a_secret_is_left_where_a_text_is_cut(cut: int) -> None:
    text = "\x00" + "y" * (MAX_READ_CHARS - 1 - cut) + CANARY * 3
    censor = Censor([CANARY])

    for max_chars in (MAX_TEXT_CHARS, MAX_READ_CHARS * 2):
        shown = censor.text(text, max_chars)
        assert CANARY[:4] not in shown


def test_a_secret_that_is_longer_than_a_line_leaves_no_part() -> None:
    secret = "".join(f"{number:04x}" for number in range(300))
    assert Censor([secret]).text(secret * 4, MAX_READ_CHARS) == "[redacted]" * 3
    assert Censor([secret]).text(secret * 4) == "[redacted]" * 3


@pytest.mark.parametrize(
    "piece", ["a-", "key", "?key", "://a", "bearer 1", "\x1b]", "\x9d", "eyJ", "api-key:", "_" * 41]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (1024 * 1024 // len(piece))
    started = time.process_time()
    Censor([CANARY], "/home/me").text(text)
    assert time.process_time() - started < 0.5


@given(JSON)
def test_any_json_becomes_a_small_object_that_a_terminal_stands(value: Any) -> None:
    copy = Censor().json(value)
    encoded = msgspec.json.encode(copy)
    assert len(encoded) < 200_000
    for text in texts(copy):
        assert text.isprintable()
        assert len(text) <= MAX_TEXT_CHARS


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in texts(inner))]
    return [text for inner in value for text in texts(inner)] if isinstance(value, list) else []


def test_json_is_cut_in_depth_width_and_size() -> None:
    deep: Any = "bottom"
    for _ in range(50):
        deep = {"a": deep}
    assert msgspec.json.encode(Censor().json(deep)).count(b"{") <= 6
    assert len(Censor().json(list(range(1000)))) == 64
    large = {f"n{i}": {f"m{j}": "x" * 300 for j in range(64)} for i in range(64)}
    assert len(msgspec.json.encode(Censor().json(large))) < 40_000
    assert Censor().json({"huge": 10**400, "inf": float("inf"), "nan": float("nan"), "n": 1.5, "b": True}) == {
        "huge": None, "inf": None, "nan": None, "n": 1.5, "b": True,
    }  # fmt: skip


def test_json_keeps_small_remarks_and_no_secret() -> None:
    copy = Censor([CANARY]).json({
        "_meta": {"small": True}, "inner": {"_meta": {"large": "x" * 600}}, "apiKey": "abc", "token": 7, "says": CANARY,
        "prompt": {"image": True},
    })  # fmt: skip
    assert copy == {
        "_meta": {"small": True}, "inner": {}, "apiKey": "[redacted]", "token": 7, "says": "[redacted]",
        "prompt": {"image": True},
    }  # fmt: skip


def test_ways_to_log_in_are_told_without_what_they_would_set() -> None:
    methods = Censor([CANARY]).auth_methods([
        {"id": "a", "name": "A\x1b[1m", "description": f"with {CANARY}", "type": "terminal", "args": ["--key", "x"],
         "env": {"KEY": "value"}, "_meta": {"terminal-auth": {"command": "/bin/x", "env": {"K": "v"}}}},
        {"methodId": "b", "name": "B", "type": "env_var", "vars": [{"name": "FAKE_KEY", "value": "v"}, "odd"]},
        {"name": "nameless"}, "odd",
    ])  # fmt: skip
    assert methods == (
        {"id": "a", "name": "A", "description": "with [redacted]", "type": "terminal"},
        {"methodId": "b", "name": "B", "type": "env_var", "vars": [{"name": "FAKE_KEY"}]},
    )


@pytest.mark.parametrize(("value", "expected"), [([], ()), (None, None), ({}, None), ("x", None), ([1], None)])
def test_nothing_is_concluded_from_ways_to_log_in_that_are_none(value: Any, expected: Any) -> None:
    assert Censor().auth_methods(value) == expected
    assert len(Censor().auth_methods([{"id": str(n)} for n in range(1000)]) or ()) == 20
