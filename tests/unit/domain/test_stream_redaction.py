"""A key in a text that comes in deltas is taken out in every form and however it is cut, and nothing else is."""

from __future__ import annotations

import base64
import html
import re
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.redaction import REDACTED
from modelport.domain.stream_redaction import MAX_RUN, MIN_RUN, SecretForms, StreamRedactor

KEY = "gsk_CANARY5f0c2e7d91b84a63"
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "percent": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "percent, twice": lambda key: urllib.parse.quote("".join(f"%{ord(c):02X}" for c in key)),
    "JSON": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "hexadecimal escapes": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "HTML": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML, hexadecimal": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "Base64": lambda key: base64.b64encode(key.encode()).decode(),
    "user and password": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "blanks": lambda key: " ".join(key),
    "lines": lambda key: "\n  ".join(re.findall(".{1,5}", key)),
    "wide letters": lambda key: "".join(chr(ord(c) + 0xFEE0) for c in key),
}
SIZES = (1, 2, 3, 5, 8, 13, 1000)


def read(deltas: list[str], keys: tuple[str, ...] = (KEY,), *, said: str = "") -> str:
    forms = SecretForms(keys)
    redactor = StreamRedactor(forms, lambda: forms.without(said))
    return "".join([*map(redactor.feed, deltas), redactor.end()])


def asked(key: str = KEY) -> StreamRedactor:
    forms = SecretForms([key])
    return StreamRedactor(forms, lambda: forms)


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def decoded(text: str) -> str:
    """What the form stands for, as a reader would decode it."""
    for _ in range(3):
        text = html.unescape(urllib.parse.unquote(text))
    text = re.sub(r"\\u00([0-9a-f]{2})|\\x([0-9a-f]{2})", lambda m: chr(int(m[1] or m[2], 16)), text)
    return re.sub("[^a-z0-9]", "", text.lower())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", FORMS)
def test_no_more_than_its_beginning_is_left(form: str, size: int) -> None:
    repeated = FORMS[form](KEY)
    shown = read(cut(f"The key is: {repeated}. Anything else?", size))
    assert shown.endswith(". Anything else?")
    assert shown.startswith("The key is:")
    assert shown.count(REDACTED) == 1
    # What stands before the key in Base64 is no part of it.
    limit = MIN_RUN + (len("dXNlcjp") if form == "user and password" else 0)
    before = re.sub(r"(\\[ux]?|&#?x?|%)[0-9a-fA-F]{0,4}$", "", shown.partition("is:")[2].partition(REDACTED)[0])
    assert len(decoded(before)) <= limit
    assert len(decoded(shown.partition(REDACTED)[2])) <= len("anythingelse") + 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    [
        "No key at all, 100% sure & certain: C:\\temp\\x, 0x2f and &amp; &#65; \\u0041.",
        "Über die Brücke, 日本語のテキスト, عربى, e\u0301, \ud83d.",
        "gsk_ is what they begin with; gsk_CANARY is nothing yet, and 5f0c2e7d9 is not it either.",
        '{"path": "a\\\\b\\n", "value": "%7B%22", "more": "\\ud83d\\ude00"}',
        "%", "\\", "&", "%2", "\\u00", "&#", "0x", "",
        "5f0c2e7d91b " + "-" * 40 + "a63",
    ],
)  # fmt: skip
def test_another_text_passes_as_it_is(text: str, size: int) -> None:
    assert read(cut(text, size)) == text


@given(st.lists(st.text(alphabet="gskCANARY5f0%\\&#x; é", max_size=8), max_size=30))
def test_what_passes_depends_on_no_cut_and_what_is_no_key_passes(deltas: list[str]) -> None:
    text = "".join(deltas)
    if REDACTED not in read([text]):
        assert read(deltas) == text
    assert (REDACTED in read(deltas)) == (REDACTED in read([text]))


def test_only_what_agrees_is_held_and_no_longer_than_it_does() -> None:
    redactor = asked()
    assert redactor.feed("Hello gsk_CAN") == "Hello gsk_CAN"
    assert redactor.feed("ARY5") == ""
    assert redactor.feed(" and so on") == "ARY5 and so on"
    assert redactor.feed("gsk_CANARY") == ""
    assert redactor.end() == "gsk_CANARY"
    # The first delta is never held where it is no key.
    assert asked().feed("H") == "H"


def test_signs_without_an_end_end_a_run() -> None:
    redactor = asked()
    assert redactor.feed("gsk_CANARY5") == ""
    assert redactor.feed("." * 5000) == "gsk_CANARY5" + "." * 5000


def test_a_key_of_one_letter_holds_back_no_more_than_it_must() -> None:
    redactor = asked("a" * 40 + "1")
    shown = "".join(redactor.feed("a" * 1000) for _ in range(100)) + redactor.end()
    assert "aaaaaaaa" not in shown
    assert len(redactor._held) <= MAX_RUN + MIN_RUN


def test_a_short_key_counts_as_a_whole() -> None:
    assert read(["the code is 1234567890"], ("sk-1234567890",)) == "the code is 1234567890"
    assert read(["the key is sk-12", "34567890!"], ("sk-1234567890",)) == f"the key is sk-12{REDACTED}!"


def test_what_the_conversation_holds_may_be_repeated() -> None:
    text = f"KEY={KEY}\nOTHER={KEY}"
    for size in SIZES:
        assert read(cut(text, size), said=f"the key {KEY}") == text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", SIZES)
def test_a_key_that_was_said_in_any_form_may_be_repeated_in_any_and_no_other_one(form: str, size: int) -> None:
    other = "gsk_77aa20c4e9b85d613f"
    text = f"It is {FORMS[form](KEY)}, is {FORMS[form](other)}, and is {FORMS[form](KEY)} again."
    for said in (KEY, KEY.encode().hex(), "".join(f"\\u{ord(c):04x}" for c in KEY)):
        shown = read(cut(text, size), (KEY, other), said=f"before {said} after")
        assert shown.count(FORMS[form](KEY)) == 2
        assert shown.count(REDACTED) == 1
        assert other[12:] not in decoded(shown)


def test_a_part_that_was_said_may_be_repeated_and_no_other_part() -> None:
    for size in SIZES:
        shown = read(cut(f"{KEY[:16]} {KEY}", size), said=f"it begins with {KEY[:16]}")
        assert shown.startswith(f"{KEY[:16]} {KEY[:8]}")
        assert KEY[16:] not in shown


def test_keys_of_nothing_but_signs_or_too_few_letters_are_left_to_others() -> None:
    assert read(["--------------1 and more"], ("-" * 14 + "1",)) == "--------------1 and more"
