"""Tables fit their width without breaking a word or losing one, from 30 columns up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.frontends.cli.output.tables import columns, indented, layout, wrapped

WIDTHS = [30, 40, 80, 200]
ID = "openrouter/deepseek/deepseek-r1-distill-qwen-32b:free"
ROWS = [
    [ID, "128k", "tools reasoning image", "until 2027-01-01, then use another one"],
    ["groq/llama", "", "", ""],
    ["本地/模型 名称", "8k", "naïve", "two\nlines  and\tmore"],
]
HEADINGS = ["MODEL", "CONTEXT", "CAN", ""]
WORDS = st.text(st.characters(categories=["L", "N"], include_characters="-/:"), max_size=40)
CELLS = st.lists(WORDS, max_size=5).map(" ".join)


def printed(headings: list[str], rows: list[list[str]], width: int | None) -> list[str]:
    return [line for row in layout(headings, rows, width) for line in row]


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("width", WIDTHS)
@settings(max_examples=30)
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=2))
def test_each_word_is_whole_and_only_a_longer_word_exceeds_the_width(width: int, rows: list[list[str]]) -> None:
    lines = printed(["ONE", "TWO", ""], rows, width)
    said = [word for line in lines for word in words(line)]
    for row in rows:
        for cell in row:
            for word in words(cell):
                assert word in said
    for line in lines:
        assert columns(line) <= width or len(words(line)) == 1
        assert line == line.rstrip()


@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_a_long_id_is_whole_at_any_width(width: int | None) -> None:
    assert ID in "\n".join(printed(HEADINGS, ROWS, width)).split()


def test_piped_it_is_a_line_for_each_row() -> None:
    lines = printed(HEADINGS, ROWS, None)
    assert len(lines) == 1 + len(ROWS)
    assert lines[-1].endswith("two lines and more")
    assert len({columns(line[: line.index(word)]) for line, word in zip(lines, ("CONTEXT", "128k"), strict=False)}) == 1


def test_a_cell_goes_on_below_itself() -> None:
    assert printed(["A", "B"], [["id", "one two three four five six seven"]], 26) == [
        "A   B",
        "id  one two three four",
        "    five six seven",
    ]


def test_what_fits_in_no_columns_is_a_block_for_each_row() -> None:
    assert printed(HEADINGS, ROWS, 30) == [
        "MODEL:",
        f"    {ID}",
        "CONTEXT: 128k",
        "CAN: tools reasoning image",
        "until 2027-01-01, then use",
        "    another one",
        "",
        "MODEL: groq/llama",
        "",
        "MODEL: 本地/模型 名称",
        "CONTEXT: 8k",
        "CAN: naïve",
        "two lines and more",
    ]


@pytest.mark.parametrize("width", [1, 2, 5, 29])
def test_fewer_columns_than_it_is_made_for_lose_nothing(width: int) -> None:
    said = "\n".join(printed(HEADINGS, ROWS, width)).split()
    assert {word for row in ROWS for cell in row for word in cell.split()} <= set(said)


def test_an_empty_table_is_its_headings() -> None:
    assert printed(["A", "B"], [], 80) == ["A  B"]
    assert printed(["A", "B"], [], None) == ["A  B"]


def test_rows_stay_apart_so_that_remarks_can_follow_each() -> None:
    for width in (30, 200):
        assert len(layout(HEADINGS, ROWS, width)) == 1 + len(ROWS)


def test_only_what_is_shown_is_marked_and_marks_take_no_columns() -> None:
    def mark(row: int | None, column: int, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if row is None and text else text

    assert layout(["A", ""], [["x", "y"]], 80, mark) == [["\x1b[1mA\x1b[0m"], ["x  y"]]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 30, [""]),
        ("one two", 30, ["one two"]),
        ("one two", 3, ["one", "two"]),
        ("onetwothree", 3, ["onetwothree"]),
        ("one two", None, ["one two"]),
    ],
)
def test_wrapping(text: str, width: int | None, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_an_indented_text_fits_with_its_indent() -> None:
    assert indented("one two three", 11) == ["    one two", "    three"]
    assert indented("one two three", None) == ["    one two three"]
