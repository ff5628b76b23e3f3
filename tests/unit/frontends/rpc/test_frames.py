"""Cutting a byte stream into message bodies, with garbage between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.frontends.rpc.frames import MAX_HEADER_BYTES, BadFrame, FrameParser

BODIES = st.lists(st.binary(max_size=20), max_size=5)
HEADERS = st.sampled_from(
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\r\n\r\n",
        b"CONTENT-LENGTH:   %d  \r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Type: x\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\n\n",
    ]
)


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def parse(*chunks: bytes, max_body_bytes: int = 1000) -> list[bytes | str]:
    """The bodies, and the reason of each bad frame."""
    parser = FrameParser(max_body_bytes)
    items = [item for chunk in chunks for item in parser.feed(chunk)]
    return [item.reason if isinstance(item, BadFrame) else item for item in items]


def bodies(*chunks: bytes, max_body_bytes: int = 1000) -> list[bytes]:
    return [item for item in parse(*chunks, max_body_bytes=max_body_bytes) if isinstance(item, bytes)]


def cut(data: st.DataObject, stream: bytes) -> list[bytes]:
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def one_by_one(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


@given(BODIES, st.data())
def test_messages_come_whole_wherever_the_stream_is_cut(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(data.draw(HEADERS) % len(body) + body for body in sent)
    assert parse(stream) == sent
    assert parse(*cut(data, stream)) == sent
    assert parse(*one_by_one(stream)) == sent


GARBAGE = st.one_of(
    st.sampled_from(
        [
            b"hello\r\n\r\n",
            b"Content-Length: many\r\n\r\n",
            b"Content-Length: -5\r\n\r\n",
            b"Content-Length: 1.5\r\n\r\n",
            b"Content-Length:\r\n\r\n",
            b"Content-Length: 99999999999999999999\r\n\r\n",
            b"Content-Type: text/plain\r\n\r\n",
            b'{"jsonrpc":"2.0"}\n',
            b"\r\n\r\n",
            b"Content-",
        ]
    ),
    st.binary(max_size=12).filter(lambda junk: b"\n" not in junk and b":" not in junk),
)


@given(st.lists(st.tuples(GARBAGE, st.binary(max_size=20)), min_size=1, max_size=4), st.data())
def test_garbage_between_messages_costs_no_message(parts: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    stream = b"".join(junk + frame(body) for junk, body in parts)
    sent = [body for _, body in parts]
    assert bodies(stream) == sent
    assert bodies(*cut(data, stream)) == sent
    assert bodies(*one_by_one(stream)) == sent


@given(st.binary(max_size=60), st.data())
def test_no_bytes_at_all_break_the_parser(junk: bytes, data: st.DataObject) -> None:
    parse(*cut(data, junk))


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (b"hello\r\n\r\n", "a header without a valid Content-Length"),
        (b"Content-Length: many\r\n\r\n", "a header without a valid Content-Length"),
        (b"Content-Length: -5\r\n\r\n", "a header without a valid Content-Length"),
        (b"x" * (MAX_HEADER_BYTES + 1), "a header without an end"),
    ],
)
def test_garbage_is_reported_once_and_by_what_it_is(junk: bytes, reason: str) -> None:
    assert parse(junk, frame(b"a")) == [reason, b"a"]


def test_garbage_without_an_end_is_not_kept() -> None:
    parser = FrameParser()
    for _ in range(100):
        parser.feed(b"\x00\x01\x02" * 10_000)
    assert len(parser.remainder()) <= MAX_HEADER_BYTES + 30_000


@pytest.mark.parametrize("cut_", [lambda stream: [stream], one_by_one])
def test_a_body_over_the_cap_is_skipped_and_reported(cut_: object) -> None:
    stream = frame(b"before") + frame(b"x" * 50) + frame(b"after")
    items = parse(*cut_(stream), max_body_bytes=40)  # type: ignore[operator]
    assert items == [b"before", "a message of 50 bytes; the limit is 40", b"after"]


def test_a_body_of_exactly_the_cap_passes() -> None:
    assert parse(frame(b"x" * 40), max_body_bytes=40) == [b"x" * 40]


def test_a_length_of_zero_is_an_empty_body() -> None:
    assert parse(frame(b"") + frame(b"a")) == [b"", b"a"]


def test_a_body_that_looks_like_a_header_is_a_body() -> None:
    inner = frame(b"inner")
    assert parse(frame(inner) + frame(b"a")) == [inner, b"a"]


def test_an_incomplete_frame_is_kept() -> None:
    parser = FrameParser()
    assert parser.feed(b"Content-Length: 5\r\n\r\nab") == []
    assert parser.remainder() == b"ab"
    assert parser.feed(b"cde") == [b"abcde"]
    assert parser.remainder() == b""


def test_a_large_body_in_small_chunks_costs_no_more_than_its_size() -> None:
    import time

    body = b"x" * 4_000_000
    stream = frame(body)
    parser = FrameParser()
    began = time.process_time()
    found = [item for i in range(0, len(stream), 1000) for item in parser.feed(stream[i : i + 1000])]
    assert found == [body]
    assert time.process_time() - began < 1
