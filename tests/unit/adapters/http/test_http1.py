"""Responses in chunks, against h11, an independent parser, and against what no server should send."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.http.http1 import NotHttp, ResponseReader, request_head

TEXT = st.binary(max_size=200)


def made_by_h11(chunks: list[bytes], *, framing: str, status: int = 200) -> bytes:
    """A response as h11's server side writes it."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    connection.next_event()
    connection.next_event()
    headers = {
        "chunked": [("Transfer-Encoding", "chunked")],
        "length": [("Content-Length", str(sum(map(len, chunks))))],
        "close": [("Connection", "close")],
    }[framing]
    response = h11.Response(status_code=status, headers=[("Content-Type", "text/event-stream"), *headers])
    sent = connection.send(response) or b""
    for chunk in chunks:
        sent += connection.send(h11.Data(chunk)) or b""
    return sent + (connection.send(h11.EndOfMessage()) or b"")


def read(data: bytes, cuts: list[int], *, end: bool = False) -> tuple[ResponseReader, bytes]:
    reader = ResponseReader()
    body = b""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in pairwise(edges):
        reader.feed(data[start:stop])
        body += reader.take()
    if end:
        reader.end()
    return reader, body


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@given(chunks=st.lists(TEXT, max_size=8), cuts=st.lists(st.integers(0, 4000), max_size=12))
def test_reads_what_h11_writes_wherever_it_is_cut(framing: str, chunks: list[bytes], cuts: list[int]) -> None:
    data = made_by_h11(chunks, framing=framing)
    reader, body = read(data, cuts, end=framing == "close")
    assert body == b"".join(chunks)
    assert reader.status == 200
    assert reader.complete
    assert reader.reusable == (framing != "close")
    assert (b"content-type", b"text/event-stream") in [(n.lower(), v) for n, v in reader.headers]


def test_chunks_of_one_read_come_as_one() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n")
    assert reader.take() == b"abcde"
    assert not reader.complete
    reader.feed(b"0\r\nTrailer: yes\r\n\r\n")
    assert reader.complete
    assert reader.reusable


def test_interim_responses_are_passed_over() -> None:
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    reader, body = read(data, [10, 40])
    assert (reader.status, body, reader.complete) == (204, b"", True)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0", True),
    ],
)
def test_when_a_connection_may_be_used_again(head: bytes, reusable: bool) -> None:
    reader, _ = read(head + b"\r\n\r\n", [])
    assert reader.complete
    assert reader.reusable is reusable


def test_bytes_behind_the_response_spoil_the_connection() -> None:
    reader, body = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n", [])
    assert body == b"a"
    assert reader.complete
    assert not reader.reusable


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"-ERR unknown command\r\n",
        b"{",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName : spaced\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1_0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 9000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(NotHttp):
        read(data, [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ],
)
def test_an_end_in_the_middle_is_noticed(data: bytes) -> None:
    with pytest.raises(NotHttp):
        read(data, [], end=True)


def test_requests_as_h11_reads_them() -> None:
    head = request_head(b"POST", b"/v1/x?y=1", [(b"Host", b"example"), (b"Content-Length", b"2"), (b"X", b"\xc3\xa9")])
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(head + b"{}")
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"POST", b"/v1/x?y=1")
    assert (b"host", b"example") in list(request.headers)
    data = connection.next_event()
    assert isinstance(data, h11.Data)
    assert data.data == b"{}"


@pytest.mark.parametrize("header", [(b"X", b"a\r\nEvil: yes"), (b"X\n", b"a"), (b"X", b"a\0")])
def test_a_line_break_does_not_become_a_header(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="line break"):
        request_head(b"GET", b"/", [header])


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_interim_heads_have_an_end(size: int) -> None:
    reader, heads = ResponseReader(), b"HTTP/1.1 100 Continue\r\n\r\n" * 4000
    pieces = [heads[start : start + size] for start in range(0, len(heads), size)]
    with pytest.raises(NotHttp, match="too long"):
        list(map(reader.feed, pieces))


def test_trailers_have_an_end() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    with pytest.raises(NotHttp, match="trailers"):
        reader.feed(b"X-Trailer: more\r\n" * 10_000)


def test_a_head_that_is_refused_is_never_there() -> None:
    reader = ResponseReader()
    with pytest.raises(NotHttp, match="two different lengths"):
        reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    assert reader.status == 0


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVERY_BYTE = list(range(1000))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\tChunked \t\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n",
        b"HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n",
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("cuts", [[], EVERY_BYTE])
def test_no_framing_is_ever_taken_for_the_body(head: bytes, cuts: list[int]) -> None:
    reader, body = read(head + b"3\r\nabc\r\n0\r\n\r\n", cuts)
    assert body == b"abc"
    assert reader.complete
    assert reader.reusable == (head.startswith(b"HTTP/1.1") and b"Content-Length" not in head)


@pytest.mark.parametrize(
    "lengths", [b"Content-Length: 3", b"Content-Length: 3\r\ncontent-length: 3", b"Content-Length: 3, 3 "]
)
def test_equal_lengths_are_one(lengths: bytes) -> None:
    reader, body = read(b"HTTP/1.1 200 OK\r\n" + lengths + b"\r\nX: y\r\n\r\nabc", [])
    assert (body, reader.complete, reader.reusable) == (b"abc", True, True)
    assert (b"X", b"y") in reader.headers


def test_an_empty_length_is_none() -> None:
    reader, body = read(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc", [], end=True)
    assert (body, reader.complete, reader.reusable) == (b"abc", True, False)


@pytest.mark.parametrize("gap", [b"\r\n\r\n", b"\n\n", b"\n\r\n"])
def test_lines_of_a_head_may_end_without_a_carriage_return(gap: bytes) -> None:
    reader, body = read(b"HTTP/1.1 200 OK\nA: b\nContent-Length: 2" + gap + b"hi", EVERY_BYTE)
    assert (body, reader.headers, reader.complete) == (b"hi", [(b"A", b"b"), (b"Content-Length", b"2")], True)


@pytest.mark.parametrize(
    ("behind", "reusable"), [(b"", True), (b"\r\n", False), (b"\n", False), (b"X", False), (CHUNKED + b"1\r\nx", False)]
)
@pytest.mark.parametrize("response", [CHUNKED + b"1\r\na\r\n0\r\n\r\n", CHUNKED + b"1\r\na\r\n0\r\nX: y\r\n\r\n"])
@pytest.mark.parametrize("cuts", [[], EVERY_BYTE, [len(CHUNKED) + 8]])
def test_not_even_an_empty_line_may_come_behind_chunks(
    response: bytes, behind: bytes, cuts: list[int], *, reusable: bool
) -> None:
    reader, body = read(response + behind, cuts)
    assert (body, reader.complete, reader.reusable) == (b"a", True, reusable)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.2 200 OK\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_what_llhttp_also_takes_for_a_status_is_not_http(data: bytes) -> None:
    with pytest.raises(NotHttp) as refused:
        read(data, [])
    assert refused.value.start == data


@pytest.mark.parametrize(
    "line", [b"X: a\x01b", b"X: a\0b", b"X: a\rb", b"X: a\r\n folded", b" X: a", b": a", b"X-\xc3: a"]
)
def test_signs_that_no_header_has_are_refused(line: bytes) -> None:
    with pytest.raises(NotHttp, match="not a header"):
        read(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n", [])


@pytest.mark.parametrize(
    ("chunk", "why"),
    [
        (b"xyz\r\n", "invalid character in chunk size"),
        (b"\r\n", "invalid character in chunk size"),
        (b"1 ;x=y\r\n", "invalid character in chunk size"),
        (b"1\na\r\n", "missing expected CR after chunk size"),
        (b"1\r\nab", "after chunk data"),
        (b"1\r\na\n", "CR after chunk data"),
        (b"1" * 17 + b"\r\n", "chunk size overflow"),
        (b"0\r\nX: a\0\r\n\r\n", "invalid header value char"),
    ],
)
@pytest.mark.parametrize("cuts", [[], EVERY_BYTE])
def test_the_failure_of_a_chunk_says_which_rule_it_breaks(chunk: bytes, why: str, cuts: list[int]) -> None:
    with pytest.raises(NotHttp, match=why) as refused:
        read(CHUNKED + b"2\r\nok\r\n" + chunk, cuts)
    assert not refused.value.start


def test_what_comes_before_a_broken_chunk_is_handed_out() -> None:
    reader = ResponseReader()
    with pytest.raises(NotHttp, match="chunk size"):
        reader.feed(CHUNKED + b"2\r\nok\r\nxyz\r\n")
    assert reader.waiting_bytes
    assert reader.take() == b"ok"


@pytest.mark.parametrize("line", [b"1;", b"", b"0\r\n", b"0\r\nX: "])
def test_lines_between_chunks_have_an_end(line: bytes) -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED + b"1\r\na\r\n" + line)
    with pytest.raises(NotHttp, match="line of a chunk"):
        list(map(reader.feed, [b"0" * 1000] * 20))


def test_trailers_have_the_room_that_the_head_leaves() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED[:-2] + (b"X: " + b"y" * 990 + b"\r\n") * 60 + b"\r\n0\r\n")
    with pytest.raises(NotHttp, match="trailers"):
        reader.feed((b"X: " + b"y" * 990 + b"\r\n") * 10)


@pytest.mark.parametrize("headers", [b"", b"Connection: upgrade\r\nUpgrade: websocket\r\n"])
def test_a_change_of_the_protocol_is_a_response(headers: bytes) -> None:
    reader, body = read(b"HTTP/1.1 101 Switching Protocols\r\n" + headers + b"\r\n", [])
    assert (reader.status, body, reader.complete) == (101, b"", True)
    reader.feed(b"\x81\x02hi")
    assert (reader.take(), reader.reusable) == (b"", False)


def test_many_short_chunks_and_trailers_are_no_long_line() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED)
    for _ in range(3000):
        for part in (b"00000001\r\n", b"a", b"\r\n"):
            reader.feed(part)
    reader.feed(b"0\r\n")
    for _ in range(60):
        reader.feed(b"X: " + b"y" * 1000 + b"\r\n")
    reader.feed(b"\r\n")
    assert (reader.take(), reader.complete, reader.reusable) == (b"a" * 3000, True, True)


def test_framing_alone_wakes_no_reader() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED + b"1;x=")
    assert reader.waiting_bytes == 0
    reader.feed(b"y\r\na")
    assert reader.waiting_bytes
    reader.take()
    reader.feed(b"\r\n")
    assert reader.waiting_bytes == 0


def test_a_reader_that_is_left_is_freed_at_once() -> None:
    class Watched(ResponseReader):
        pass

    reader = Watched()
    reader.feed(CHUNKED + b"5\r\nab")
    gone = weakref.ref(reader)
    gc.disable()
    try:
        del reader
        assert gone() is None
    finally:
        gc.enable()
