"""Texts that would command a terminal, whole and split at each place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.terminal_text import MAX_SEQUENCE_CHARS, TerminalText, escaped, plain
from support.checks import together

OBEYED = [chr(n) for n in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(n) not in "\n\t"]
OBEYED += list("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

SEQUENCES = {
    "a title": "\x1b]0;evil\x07",
    "a title with an end of its own": "\x1b]2;evil\x1b\\",
    "a clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "a link": "\x1b]8;;https://evil.example\x1b\\",
    "a colour": "\x1b[31m",
    "a hidden text": "\x1b[8m",
    "a cursor": "\x1b[2J\x1b[1;1H",
    "a status line": "\x1b[?1049h",
    "a device string": "\x1bP+q544e\x1b\\",
    "a reset": "\x1bc",
    "a charset": "\x1b(0",
    "eight bits": "\x9b31m\x9d0;evil\x9c",
    "an application command": "\x1b_evil\x1b\\",
}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_a_sequence_is_gone_wherever_it_is_split(sequence: str) -> None:
    text = f"before {sequence}after"
    assert plain(text) == "before after"
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            cleaner = TerminalText()
            parts = [cleaner.feed(part) for part in (text[:first], text[first:second], text[second:])]
            assert "".join(parts) + cleaner.end() == "before after"


def test_a_control_character_is_gone_and_hides_nothing() -> None:
    with together() as failures:
        for character in OBEYED:
            with failures.of(f"{ord(character):x}"):
                assert character not in plain(f"a{character}")
                assert character not in plain(f"{character}b c d{character}\n")


@pytest.mark.parametrize("text", ["", "a\tb\nc", "日本語 👩‍👩‍👧 é", "1 % 2 [31m ]0;x", "\u200d\u00a0\u00ad"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("/caf\udce9", "/caf\ufffd"), ("/caf\udcc3\udca9", "/café"), ("a\ud83d", "a\ufffd")]
)
def test_bytes_of_a_name_are_shown_as_what_they_are(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_carriage_return_overwrites_nothing() -> None:
    assert plain("safe\r\nline\rrm -rf") == "safe\nlinerm -rf"


def test_a_sequence_without_an_end_hides_nothing_more_than_its_limit() -> None:
    cleaner = TerminalText()
    shown = cleaner.feed("a\x1b]0;")
    assert shown == "a"
    words = "word " * MAX_SEQUENCE_CHARS
    assert cleaner.feed(words).endswith(words)
    assert plain(f"\x1b]0;{words}\x07").endswith(words)
    assert plain("a\x1b]0;title") == "a]0;title"


@given(st.lists(st.text(st.sampled_from("\x1b\x07\x9b\x9d\x90\\[]P;m0ab\n\r\u202e"), max_size=6), max_size=8))
def test_nothing_that_is_obeyed_is_left(chunks: list[str]) -> None:
    cleaner = TerminalText()
    shown = "".join([cleaner.feed(chunk) for chunk in chunks]) + cleaner.end()
    assert not set(shown) & set(OBEYED)


@given(st.text())
def test_escaped_json_means_the_same(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    made = escaped(json.dumps({"a": text}, ensure_ascii=False, indent=1))
    assert json.loads(made) == {"a": text}
    assert not set(made) & set(OBEYED)
