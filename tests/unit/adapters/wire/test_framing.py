"""Server-sent events and JSON lines, cut wherever the network likes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.framing import EventTooLong, JsonLinesFramer, SseFramer

Events = list[tuple[bytes, bytes]]
LINES = st.lists(
    st.sampled_from(
        [
            b"",
            b"",
            b"data: hello",
            b"data:hello",
            b"data:  two spaces",
            b"data:",
            b"data: \xc3\xa9\xe6\x9d\xb1",
            b": a comment",
            b":",
            b"event: delta",
            b"event:ping",
            b"id: 7",
            b"retry: 1000",
            b"nonsense",
            b"database: no",
        ]
    ),
    max_size=12,
)


def sse(*chunks: bytes, limit: int = 1000) -> Events:
    events: Events = []
    framer = SseFramer(lambda name, data: events.append((name, data)), limit)
    for chunk in chunks:
        framer.feed(chunk)
    framer.close()
    return events


def json_lines(*chunks: bytes, limit: int = 1000) -> list[bytes]:
    events: list[bytes] = []
    framer = JsonLinesFramer(lambda name, data: events.append(data), limit)
    for chunk in chunks:
        framer.feed(chunk)
    framer.close()
    return events


def as_the_standard_says(stream: bytes) -> Events:
    """The events of a whole stream, read as slowly and plainly as WHATWG puts it.

    But the last one needs no blank line, and one of white space alone is none.
    """
    events: Events = []
    name, data = b"", []
    for line in [*re.split(b"\r\n|\r|\n", stream), b""]:
        if not line:
            if b"".join(data).strip():
                events.append((name, b"\n".join(data)))
            name, data = b"", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return events


def cut(data: st.DataObject, stream: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def one_by_one(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(lines=LINES, data=st.data())
def test_events_are_those_of_the_standard_wherever_the_stream_is_cut(
    end: bytes, lines: list[bytes], data: st.DataObject
) -> None:
    stream = end.join(lines) + data.draw(st.sampled_from([b"", end, end + end]))
    assert sse(stream) == as_the_standard_says(stream)
    assert sse(*cut(data, stream)) == as_the_standard_says(stream)
    assert sse(*one_by_one(stream)) == as_the_standard_says(stream)


@given(LINES, st.data())
def test_line_ends_may_be_mixed(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])) for line in lines)
    assert sse(stream) == as_the_standard_says(stream)
    assert sse(*cut(data, stream)) == as_the_standard_says(stream)
    assert sse(*one_by_one(stream)) == as_the_standard_says(stream)


def test_a_blank_line_of_lf_after_a_line_of_crlf_counts_wherever_it_is_cut() -> None:
    stream = b"data: a\r\n\ndata: b\r\n\n"
    assert sse(*one_by_one(stream)) == sse(stream) == [(b"", b"a"), (b"", b"b")]


def test_a_byte_order_mark_later_on_is_data() -> None:
    # At the beginning of a reply it is dropped before the framing is chosen.
    assert sse(b"data: a\n\n", b"data: \xef\xbb\xbf\n\n") == [(b"", b"a"), (b"", b"\xef\xbb\xbf")]


def test_an_empty_first_chunk_changes_nothing() -> None:
    assert sse(b"", b"data: a\n\n") == [(b"", b"a")]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
        (b"data: a\n\n\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b": keep-alive\n\n: keep-alive\n\ndata: a\n\n", [(b"", b"a")]),
        (b"event: delta\ndata: a\n\ndata: b\n\n", [(b"delta", b"a"), (b"", b"b")]),
        (b"event: lost\n\ndata: a\n\n", [(b"", b"a")]),
        (b"event: first\nevent: second\ndata: a\n\n", [(b"second", b"a")]),
        (b"data: a\nevent: late\n\n", [(b"late", b"a")]),
        (b"data: a", [(b"", b"a")]),
        (b"data: a\n", [(b"", b"a")]),
        (b"data:\n\n", []),
        (b"data: \ndata:\n\ndata: a\n\n", [(b"", b"a")]),
        (b"data: [DONE]", [(b"", b"[DONE]")]),
        (b"", []),
        (b"\n\n\n", []),
        (b"event: only\n\n", []),
    ],
)
def test_events(stream: bytes, events: Events) -> None:
    assert sse(stream) == events
    assert sse(*one_by_one(stream)) == events


@given(st.data())
def test_a_server_may_leave_the_blank_lines_out(data: st.DataObject) -> None:
    stream = b'data: {"n":1}\ndata: {"n":2}\r\ndata: [3]\n'
    assert sse(*cut(data, stream)) == [(b"", b'{"n":1}'), (b"", b'{"n":2}'), (b"", b"[3]")]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        # A value that goes on over several lines is one event all the same.
        ([b"{", b'"a": 1', b"}"], b'{\n"a": 1\n}'),
        ([b'{"a": {}', b', "b": {}}'], b'{"a": {}\n, "b": {}}'),
        ([b"[{}", b",{}]"], b"[{}\n,{}]"),
        ([b"text }", b"text"], b"text }\ntext"),
    ],
)
def test_json_over_several_data_lines_stays_together(lines: list[bytes], joined: bytes) -> None:
    assert sse(b"".join(b"data: " + line + b"\n" for line in lines) + b"\n") == [(b"", joined)]


@pytest.mark.parametrize("cut_", [one_by_one, lambda stream: [stream[:9], stream[9:40], stream[40:70], stream[70:]]])
def test_an_event_over_the_cap_is_refused(cut_: Callable[[bytes], list[bytes]]) -> None:
    with pytest.raises(EventTooLong, match="50 bytes"):
        sse(*cut_(b"data: " + b"x" * 100 + b"\n\n"), limit=50)


def test_many_data_lines_over_the_cap_are_refused() -> None:
    with pytest.raises(EventTooLong):
        sse(*[b"data: xxxxxxxxxx\n"] * 6, limit=50)


def test_a_comment_without_an_end_is_refused() -> None:
    with pytest.raises(EventTooLong):
        sse(*[b": waiting "] * 6, limit=50)


def test_the_cap_is_for_one_event_and_not_for_the_stream() -> None:
    assert len(sse(*[b"data: xxxxxxxxxx\n\n"] * 20, limit=20)) == 20
    assert len(sse(*one_by_one(b"data: xxxxxxxxxx\n\n" * 20), limit=20)) == 20
    assert len(json_lines(*one_by_one(b'{"a":"xxxxxx"}\n' * 20), limit=20)) == 20


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@given(values=st.lists(st.sampled_from([b'{"a":1}', b"{}", b'{"t":"\xc3\xa9"}', b"", b"  "]), max_size=8), data=st.data())  # fmt: skip
def test_json_lines_come_whole_wherever_they_are_cut(end: bytes, values: list[bytes], data: st.DataObject) -> None:
    stream = end.join(values) + data.draw(st.sampled_from([b"", end]))
    wanted = [value for value in values if value.strip()]
    assert [line.strip() for line in json_lines(*cut(data, stream))] == wanted
    assert [line.strip() for line in json_lines(*one_by_one(stream))] == wanted


def test_an_event_of_many_lines_costs_no_more_than_its_size() -> None:
    stream = b"data: " + b"\ndata: ".join([b"x" * 50] * 40_000) + b"\n\n"
    began = time.process_time()
    ((_, data),) = sse(*(stream[i : i + 500] for i in range(0, len(stream), 500)), limit=10_000_000)
    assert len(data) == 51 * 40_000 - 1
    assert time.process_time() - began < 1


def test_a_json_line_over_the_cap_is_refused() -> None:
    with pytest.raises(EventTooLong, match="50 bytes"):
        json_lines(*[b"x" * 10] * 6, limit=50)
