"""Values as Lua; tests/editors runs what comes out in Neovim."""

from __future__ import annotations

import pytest

from modelport.domain.agents.editors.lua import Code, Value, quoted, written


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("plain", '"plain"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("a\nb\r\0001", r'"a\010b\013\0001"'),
        ("é🦊", '"é🦊"'),
        ("\x9b\u202e", r'"\194\155\226\128\174"'),
        (True, "true"),
        (False, "false"),
        (30, "30"),
        ((), "{}"),
        ({}, "{}"),
        (("a", "b"), '{ "a", "b" }'),
        (Code("f()"), "f()"),
        ({"a": {"end": 1, "b c": ("x",)}}, '{\n  a = {\n    ["end"] = 1,\n    ["b c"] = { "x" },\n  },\n}'),
        ({"é": 1, "1a": 2, "": 3}, '{\n  ["é"] = 1,\n  ["1a"] = 2,\n  [""] = 3,\n}'),
    ],
)
def test_written(value: Value, code: str) -> None:
    assert written(value) == code


def test_a_text_is_never_more_than_one_line() -> None:
    assert "\n" not in quoted("".join(map(chr, range(0x300))))
