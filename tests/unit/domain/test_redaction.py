"""Secrets are taken out of a text in every form that a provider may repeat them in."""

from __future__ import annotations

import base64
import html
import json
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.redaction import Redactor, redact

KEY = "sk-Proj_4f9A/x+Qz7Lm2=VbNc81Td"
PARTS = ("Proj", "4f9A", "Qz7L", "VbNc", "81Td")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "percent": lambda key: quote(key, safe=""),
    "percent twice": lambda key: quote(quote(key, safe=""), safe=""),
    "every letter as percent": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "upper case": str.upper,
    "lower case": str.lower,
    "blanks": lambda key: " ".join(key),
    "line ends": lambda key: "\n".join(key[at : at + 5] for at in range(0, len(key), 5)),
    "line ends in JSON": lambda key: json.dumps("\n".join(key[at : at + 5] for at in range(0, len(key), 5))),
    "no-break blanks": lambda key: "\u00a0".join(key),
    "characters without width": lambda key: "\u200b".join(key),
    "wide letters": lambda key: "".join(chr(ord(c) + 0xFEE0) for c in key),
    "JSON escapes": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "hexadecimal escapes": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "entities": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "hexadecimal entities": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "HTML": html.escape,
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal in pairs": lambda key: key.encode().hex(" ").upper(),
    "a list of bytes": lambda key: ", ".join(f"0x{b:02x}" for b in key.encode()),
    "Base64": b64,
    "Base64 for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "Base64 without an end": lambda key: b64(key).rstrip("="),
    "Base64 in lines": lambda key: base64.encodebytes(key.encode() * 4).decode(),
    "Base64 as percent": lambda key: quote(b64(key), safe=""),
    "Basic": lambda key: "Basic " + b64(f"user:{key}"),
    "Basic as the user": lambda key: "Basic " + b64(f"{key}:"),
    "Basic as a password": lambda key: b64(f":{key}"),
    "Bearer in Base64": lambda key: b64(f"Bearer {key}"),
    "a header in Base64": lambda key: b64(f'{{"Authorization": "Bearer {key}"}}'),
    "halves": lambda key: f'begins with "{key[: len(key) // 2]}" and ends with "{key[len(key) // 2 :]}"',
    "thirds in a list": lambda key: json.dumps([key[:10], key[10:20], key[20:]]),
    "the first part alone": lambda key: f"{key[:-4]}****",
    "inside of a word": lambda key: f"x{key}y",
    "an address": lambda key: f"https://user:{quote(key, safe='')}@host/?key={quote(key)}",
}


@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_left(form: str) -> None:
    said = redact(f"cannot use {FORMS[form](KEY)} here", [KEY])
    assert "[redacted]" in said
    assert said.startswith("cannot use ")
    assert said.endswith(" here")
    plain = "".join(c for c in said.lower() if c.isalnum())
    assert not any(part.lower() in plain for part in PARTS)
    for encoded in (b64(KEY)[4:12], KEY.encode().hex()[8:24]):
        assert encoded.lower() not in plain


@given(
    key=st.text(string.ascii_letters + string.digits + "-_./+=", min_size=20, max_size=80),
    before=st.text(max_size=7),
    after=st.text(max_size=7),
)
def test_base64_of_any_text_with_a_key_in_it(key: str, before: str, after: str) -> None:
    text = base64.b64encode(f"{before}{key}{after}".encode("utf-8", "surrogatepass")).decode()
    said = redact(text, [key])
    left = "".join(said.split("[redacted]"))
    # What is left is what stands around the key, and the two letters at each end that hold a part of it.
    assert (
        len(left)
        <= (len(before.encode("utf-8", "surrogatepass")) + len(after.encode("utf-8", "surrogatepass"))) * 4 / 3 + 12
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the key that ends in 81Td was refused",
        "the key sk-P************81Td was refused",
        "Keys begin with sk-proj_.",
        "100 % of \\n and &amp; and 0x12 and 日本語",
        "request 0123456789abcdef0123456789abcdef",
    ],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert redact(text, [KEY]) == text


def test_a_short_secret_is_taken_out_as_it_stands_only() -> None:
    assert redact("a pass in compass and p a s s", ["pass"]) == "a [redacted] in com[redacted] and p a s s"
    assert redact("sk-1234 and SK 1234", ["sk-1234"]) == "[redacted] and [redacted]"
    assert redact("text", ["", "!!!!!!!!"]) == "text"
    assert redact("a !!!!!!!! b", ["!!!!!!!!"]) == "a [redacted] b"


def test_several_secrets() -> None:
    assert redact("one-secret-1 two-secret-2", ["one-secret-1", "two-secret-2"]) == "[redacted] [redacted]"
    assert Redactor([])("text") == "text"
