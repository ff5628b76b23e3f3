"""Messages and noise, however they are cut."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.agents.handshakes.stdout_lines import (
    MAX_KEPT_LINE_BYTES,
    MAX_LINE_BYTES,
    MAX_OUTPUT_BYTES,
    MAX_OUTPUT_LINES,
    Output,
)

MESSAGES = [{"jsonrpc": "2.0", "id": n, "result": "Grüße 🦊"} for n in range(3)]
NOISE = [
    b"hello",
    b"42",
    b"[1]",
    b"null",
    b'"text"',
    b'{"id": 1}',
    b'{"jsonrpc": "1.0"}',
    b"{half",
    b"\xff\xfe",
    b"{" * 5000,
]


def line(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


@given(st.integers(min_value=1, max_value=60))
def test_messages_are_found_among_noise_whatever_the_chunks(size: int) -> None:
    text = b"\r\n".join([NOISE[0], line(MESSAGES[0]), *NOISE[1:9], b"  ", b"", line(MESSAGES[1]), line(MESSAGES[2])])
    output = Output()

    found = [message for at in range(0, len(text), size) for message in output.feed(text[at : at + size])]

    assert [*found, *output.close()] == MESSAGES
    assert output.noise == 9
    assert output.words[:2] == ("hello", "42")
    assert output.too_much is None


def test_deep_nesting_is_noise() -> None:
    output = Output()
    assert output.feed(b'{"jsonrpc":"2.0","a":' + b"[" * 100_000 + b"\n" + NOISE[9] + b"\n") == []
    assert output.noise == 2


def test_a_line_that_is_too_long_counts_once_as_noise() -> None:
    output = Output()
    for _ in range(3 * MAX_LINE_BYTES // 65536):
        assert output.feed(b"x" * 65536) == []
    assert output.noise == 1, "it is not kept until it ends"
    assert output.feed(b"tail\n" + line(MESSAGES[0]) + b"\n") == [MESSAGES[0]]
    assert output.noise == 1
    assert output.words == ("x" * MAX_KEPT_LINE_BYTES,)


def test_a_long_line_that_is_still_allowed() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "result": "x" * (MAX_LINE_BYTES - 100)}
    output = Output()
    found = [m for at in range(0, MAX_LINE_BYTES, 65536) for m in output.feed((line(message) + b"\n")[at : at + 65536])]
    assert found == [message]


def test_too_much() -> None:
    wide, tall = Output(), Output()
    for _ in range(MAX_OUTPUT_BYTES // 65536):
        wide.feed(b"x" * 65536)
    assert wide.too_much is None
    wide.feed(b"x")
    assert wide.too_much == "16 MiB"
    tall.feed(b"\n" * MAX_OUTPUT_LINES)
    assert tall.too_much is None
    tall.feed(b"\n")
    assert tall.too_much == "100000 lines"
