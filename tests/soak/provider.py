"""The provider of a soak: it answers well, slowly, with faults or not at all, by the name of the connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from fuzz.upstream import NOT_FOUND, Reply, Upstream

DELTAS = 20
PAUSE_S = 0.01
HANG_MS = 400
"""The idle timeout of the connection whose provider sends nothing more."""


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _delta(text: str) -> bytes:
    return _event({"choices": [{"index": 0, "delta": {"content": text}}]})


def _stream(events: list[bytes], end: bytes) -> tuple[bytes, ...]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head, *(b"%x\r\n%b\r\n" % (len(one), one) for one in events), end)


def _refusal(status: int, more: str = "") -> Reply:
    body = json.dumps({"error": {"message": "not now", "type": "x"}})
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return Reply((head.encode() + body.encode(),), then="keep")


TEXT = [f"word {number} " for number in range(DELTAS)]
LARGE = ["x" * 20_000] * 15
_DELTAS = [_delta(text) for text in TEXT]
_END = [
    _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    _event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": DELTAS, "total_tokens": 7 + DELTAS}}),
    b"data: [DONE]\n\n",
]
_LAST = b"0\r\n\r\n"
BEHAVIOURS: Mapping[str, Reply] = {
    "ok": Reply(_stream([*_DELTAS, *_END], _LAST), 0.0, "keep"),
    "slow": Reply(_stream([*_DELTAS, *_END], _LAST), PAUSE_S, "keep"),
    "large": Reply(_stream([*map(_delta, LARGE), *_END], _LAST), 0.0, "keep"),
    "cut": Reply(_stream(_DELTAS[:5], b""), 0.0, "close"),
    "reset": Reply(_stream(_DELTAS[:5], b""), 0.0, "reset"),
    "hang": Reply(_stream(_DELTAS[:3], b""), 0.0, "hang"),
    "busy": _refusal(429, "Retry-After: 1\r\n"),
    "broken": _refusal(500),
    "garbage": Reply((b"\0\xff" * 100,), 0.0, "close"),
}
WEIGHTS: Mapping[str, int] = {"ok": 8, "slow": 8, "large": 1, "cut": 1, "reset": 1, "hang": 1, "busy": 1, "broken": 1, "garbage": 1}  # fmt: skip
WORDS: Mapping[str, str] = {"ok": "".join(TEXT), "slow": "".join(TEXT), "large": "".join(LARGE)}
"""The whole text of the answers that are whole."""


def drawn(chance: Random) -> str:
    """The name of a behaviour."""
    return chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]


def provider() -> Upstream:
    """A running one."""
    return Upstream(lambda name: BEHAVIOURS.get(name, NOT_FOUND))
