"""JSON with what people add to it, against the standard library's reader of plain JSON."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.agents.sources.editors import jsonc

TEXTS = st.text(alphabet='ab"\\/*, }]{[\n\té🦊', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
EXTRAS = st.sampled_from(["", " ", "\n", '// a "line", with {braces}\n', "/* a\n block, ] */", "/**/", "//\n"])


def read(text: str | bytes) -> dict[str, object]:
    raw = text if isinstance(text, bytes) else text.encode()
    return {name: json.loads(bytes(value)) for name, value in jsonc.members(raw).items()}


@given(st.dictionaries(TEXTS, VALUES, max_size=3), st.data())
def test_comments_and_last_commas_change_nothing(value: dict[str, object], data: st.DataObject) -> None:
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', json.dumps(value))
    written = data.draw(EXTRAS)
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token in "}]" and before not in ("", "{", "[") and data.draw(st.booleans()):
            written += "," + data.draw(EXTRAS)
        written += token + data.draw(EXTRAS)
    assert read(written) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"settings"',
        '{"a": 1',
        '{"a": 1} /* open',
        '{"a": "open}',
        '{"a": 1,,}',
        '{"a": [1,,]}',
        '{"a": 1/**/2}',
        '{"a": 1} {"b": 2}',
        "{'a': 1}",
        b'{"a": \xff',
        b"\xff\xfe{\x00}\x00",
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_what_is_no_object_has_no_members(text: str | bytes) -> None:
    assert read(text) == {}


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read('\ufeff{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("piece", ["/*", '\\"', '"\\', "//", ",", ", ", "*/", '"', "{ //\n"])
def test_no_text_takes_long(piece: str) -> None:
    """A reader that looks at the rest again at each piece would need hours for this; the limit is generous."""
    began = time.process_time()
    jsonc.members(("{" + piece * (1_000_000 // len(piece))).encode())
    assert time.process_time() - began < 5
