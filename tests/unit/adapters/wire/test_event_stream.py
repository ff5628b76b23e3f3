"""AWS's event stream, cut wherever the network likes; botocore's reading of the same bytes is the measure."""

from __future__ import annotations

import json
import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.wire.errors import EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.event_stream import STATUSES, EventStreamFramer, read_headers
from modelport.adapters.wire.framing import JsonLinesFramer, SseFramer, framer_for
from support.checks import together
from support.event_stream import chunk, event, exception, frame, header

Events = list[tuple[bytes, bytes]]
NAMES = st.text("abcdefghijklmnop-:", min_size=1, max_size=20)
FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
HEADERS = st.dictionaries(
    NAMES,
    st.one_of(
        st.tuples(st.just(7), st.text(max_size=40).map(str.encode)),
        st.tuples(st.just(6), st.binary(max_size=40)),
        *(st.tuples(st.just(kind), st.binary(min_size=size, max_size=size)) for kind, size in FIXED.items()),
    ),
    max_size=5,
)
STREAM = event("messageStart", {"role": "assistant"}) + event("contentBlockDelta", {"delta": {"text": "naïve 東京"}})


def cut_out(*chunks: bytes, limit: int = 10_000, end: bool = True) -> Events:
    found: Events = []
    framer = EventStreamFramer(lambda name, data: found.append((name, data)), limit)
    for part in chunks:
        framer.feed(part)
    if end:
        framer.close()
    return found


def as_botocore_reads(stream: bytes) -> Events:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [(str(m.headers.get(":event-type", "")).encode(), m.payload) for m in buffer]


def one_by_one(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


def refusal(*chunks: bytes) -> dict[str, object]:
    with pytest.raises(ProviderRefused) as refused:
        cut_out(*chunks)
    assert isinstance(refused.value.error, dict)
    return refused.value.error


def test_events_are_their_type_and_their_payload() -> None:
    assert cut_out(STREAM) == [
        (b"messageStart", b'{"role": "assistant"}'),
        (b"contentBlockDelta", json.dumps({"delta": {"text": "naïve 東京"}}).encode()),
    ]
    assert cut_out(STREAM) == as_botocore_reads(STREAM)


@given(st.data(), st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=5))
def test_what_is_read_is_what_botocore_reads_wherever_the_network_cuts(
    data: st.DataObject, messages: list[tuple[dict[str, tuple[int, bytes]], bytes]]
) -> None:
    stream = b"".join(
        frame(b"".join(header(name, value, kind) for name, (kind, value) in headers.items()), payload)
        for headers, payload in messages
    )
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = cut_out(*chunks)
    assert found == cut_out(*one_by_one(stream))
    assert [payload for _, payload in found] == [payload for _, payload in as_botocore_reads(stream)]


@given(HEADERS)
def test_headers_of_every_type(headers: dict[str, tuple[int, bytes]]) -> None:
    data = b"".join(header(name, value, kind) for name, (kind, value) in headers.items())
    assert read_headers(data) == {name: value for name, (_, value) in headers.items()}


@given(HEADERS, st.data())
def test_broken_headers_are_not_understood(headers: dict[str, tuple[int, bytes]], drawn: st.DataObject) -> None:
    whole = b"".join(header(name, value, kind) for name, (kind, value) in headers.items()) + header("x", b"12345678", 5)
    ends = {0}
    for name, (kind, value) in headers.items():
        ends.add(max(ends) + len(header(name, value, kind)))
    shorter = drawn.draw(st.sampled_from(sorted(set(range(len(whole))) - ends)))
    with pytest.raises(NotUnderstood, match="broken headers"):
        read_headers(whole[:shorter])


def test_an_unknown_type_of_header_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="broken headers"):
        cut_out(frame(header("x", b"", 10), b"{}"))


def test_more_kinds_of_headers_than_are_remembered() -> None:
    stream = b"".join(event(f"kind{number}", number) for number in range(200))
    assert cut_out(stream) == [(f"kind{number}".encode(), str(number).encode()) for number in range(200)]


def test_a_chunk_is_the_event_inside_it() -> None:
    inner = {"type": "content_block_delta", "delta": {"text": "東京"}}
    assert cut_out(chunk(inner)) == [(b"", json.dumps(inner).encode())]


@pytest.mark.parametrize("payload", [{"bytes": "not base64!"}, {}, {"bytes": 5}, []])
def test_a_chunk_without_its_event_is_not_understood(payload: object) -> None:
    with pytest.raises(NotUnderstood):
        cut_out(event("chunk", payload))


# Exceptions.


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_an_exception_has_the_status_it_would_have_had(name: str, status: int) -> None:
    assert refusal(STREAM, exception(name, "Too bad.")) == {"code": status, "message": "Too bad."}


def test_the_statuses_are_those_of_the_vendors_own_description() -> None:
    from botocore.session import get_session

    service = get_session().get_service_model("bedrock-runtime")
    for operation in ("ConverseStream", "InvokeModelWithResponseStream"):
        (stream,) = [
            m for m in service.operation_model(operation).output_shape.members.values() if hasattr(m, "members")
        ]
        told = {
            name: m.metadata["error"]["httpStatusCode"] for name, m in stream.members.items() if "error" in m.metadata
        }
        assert told.items() <= STATUSES.items()


def test_an_unknown_exception_keeps_its_name() -> None:
    assert refusal(exception("newException", "Oh.")) == {"code": "newException", "message": "Oh."}
    assert refusal(frame(header(":message-type", "exception"), b"")) == {"code": "exception", "message": "exception"}
    assert refusal(frame(header(":message-type", "exception"), b"no JSON")) == {
        "code": "exception",
        "message": "no JSON",
    }
    original = exception("modelStreamErrorException", "", originalStatusCode=500, originalMessage="It broke.")
    assert refusal(original) == {"code": 424, "message": "It broke."}


def test_an_error_without_a_payload() -> None:
    headers = header(":message-type", "error") + header(":error-code", "InternalError")
    assert refusal(frame(headers + header(":error-message", "Oh."), b"")) == {"code": "InternalError", "message": "Oh."}


# What is broken.


@given(st.integers(0, len(STREAM) * 8 - 1))
def test_a_flipped_bit_is_never_read(bit: int) -> None:
    damaged = bytearray(STREAM)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        found = cut_out(bytes(damaged), end=False)
    except NotUnderstood:
        found = []
    assert found in ([], cut_out(STREAM)[:1])


def test_what_is_left_over_is_a_stream_that_was_cut() -> None:
    with together() as failures:
        for size in range(1, len(STREAM)):
            with failures.of(f"cut after {size} bytes"):
                if size == len(event("messageStart", {"role": "assistant"})):
                    assert len(cut_out(STREAM[:size])) == 1
                    continue
                with pytest.raises(ConnectionError):
                    cut_out(STREAM[:size])


def test_what_is_no_event_stream_is_quoted() -> None:
    with pytest.raises(NotUnderstood, match="not an event stream") as told:
        cut_out(b"upstream connect error")
    assert told.value.data == b"upstream connect error"


@pytest.mark.parametrize(("length", "headers"), [(0, 0), (5, 0), (12, 0), (15, 0), (16, 1), (20, 2**32 - 1)])
def test_lengths_that_cannot_be(length: int, headers: int) -> None:
    start = struct.pack(">II", length, headers)
    start += struct.pack(">I", zlib.crc32(start))
    with pytest.raises(NotUnderstood, match="damaged"):
        cut_out(start + bytes(20))


def test_an_event_over_the_limit_is_refused_before_it_has_come() -> None:
    assert cut_out(STREAM, limit=200) == cut_out(STREAM)
    start = struct.pack(">II", 201, 0)
    with pytest.raises(EventTooLong, match="200 bytes"):
        cut_out(start + struct.pack(">I", zlib.crc32(start)), limit=200)
    with pytest.raises(EventTooLong):
        cut_out(*one_by_one(event("x", "y" * 200)), limit=200)


# The choice.


@pytest.mark.parametrize(
    ("framing", "start", "framer"),
    [
        ("event_stream", STREAM, EventStreamFramer),
        ("sse", STREAM, EventStreamFramer),
        ("json_lines", STREAM, EventStreamFramer),
        ("event_stream", b"upstream connect error", EventStreamFramer),
        ("event_stream", b'{"output":{}}', JsonLinesFramer),
        ("event_stream", b'{\n "output": {}}', type(None)),
        ("json_lines", b"{}", JsonLinesFramer),
        ("json_lines", b"{\r\n}", type(None)),
        ("sse", b"data: {}", SseFramer),
        ("sse", b"{}", type(None)),
    ],
)
def test_the_first_bytes_say_how_a_reply_is_cut(framing: str, start: bytes, framer: type) -> None:
    assert isinstance(framer_for(framing, start, lambda name, data: None), framer)  # type: ignore[arg-type]
