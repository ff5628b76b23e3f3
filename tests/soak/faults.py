"""How a provider with books answers: a table of every class of fault, and of success."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

WORDS = 12
REST_S = 5
PAUSE_S = 0.02


@dataclass(frozen=True)
class Ask:
    """What an answer depends on."""

    tag: str
    begun: str
    """The beginning of the answer, which is to be continued."""
    tools: bool
    reset: str
    """The form of the time at which a limit ends."""


@dataclass(frozen=True)
class Reply:
    """The bytes of an answer, and what the provider notes of it."""

    pieces: tuple[bytes, ...]
    then: str = "keep"
    """The end of the connection: keep, close, reset or hang."""
    pause_s: float = 0.0
    charged: tuple[int, int] | None = None
    rest_s: float | None = None


def whole_text(tag: str) -> str:
    """The text of a whole answer: whoever gives it, and wherever it was broken off."""
    return "".join(f"{tag}:word{number}." for number in range(WORDS))


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _delta(**delta: Any) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta}]})


def _deltas(ask: Ask, part: float = 1.0) -> list[bytes]:
    rest = whole_text(ask.tag).removeprefix(ask.begun)
    size = max(1, len(whole_text(ask.tag)) // WORDS)
    texts = [rest[at : at + size] for at in range(0, len(rest), size)]
    role = _delta(role="assistant", content="")
    return [role, *(_delta(content=text) for text in texts[: max(1, int(len(texts) * part))])]


def _usage(tag: str) -> tuple[int, int]:
    """Tokens that differ from request to request, so that no sum is right by chance."""
    number = sum(tag.encode())
    return 100 + number % 97, 10 + number % 31


def _end(reason: str, usage: tuple[int, int]) -> list[bytes]:
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return [
        _event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}),
        _event({"choices": [], "usage": counts}),
        b"data: [DONE]\n\n",
    ]


def _chunked(events: list[bytes], end: bytes = b"0\r\n\r\n") -> tuple[bytes, ...]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head, *(b"%x\r\n%b\r\n" % (len(one), one) for one in events), *filter(None, (end,)))


def _answered(ask: Ask, events: list[bytes], reason: str = "stop", pause_s: float = 0.0) -> Reply:
    usage = _usage(ask.tag)
    return Reply(_chunked([*events, *_end(reason, usage)]), pause_s=pause_s, charged=usage)


def _broken(events: list[bytes], then: str) -> Reply:
    return Reply(_chunked(events, b""), then)


def _body(status: int, text: str, kind: str, headers: Mapping[str, str]) -> tuple[bytes, ...]:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n{more}\r\n"
    return (head.encode() + text.encode(),)


def _refused(status: int, message: str = "not now", rest_s: float | None = None, /, **more: Any) -> Reply:
    headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
    error = {"error": {"message": message, "type": "x", **more}}
    return Reply(_body(status, json.dumps(error), "application/json", headers), rest_s=rest_s)


def _limited(message: str = "slow down", **headers: str) -> Reply:
    return _refused(429, message, REST_S, headers=headers)


def _from_now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=REST_S + 1)


def _limit_reset(ask: Ask) -> Reply:
    """The end of the limit in the provider's own form, beside one that has something left."""
    forms = {
        "duration": f"{REST_S}s",
        "milliseconds": str(REST_S * 1000),
        "epoch_ms": str(round((time.time() + REST_S) * 1000)),
    }
    counts = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_remaining_tokens": "900"}
    return _limited(**counts, x_ratelimit_reset_requests=forms[ask.reset], x_ratelimit_reset_tokens=forms[ask.reset])


def _call(number: int, arguments: str) -> bytes:
    call = {"index": number, "id": f"call_{number}", "type": "function"}
    return _delta(tool_calls=[{**call, "function": {"name": "look", "arguments": arguments}}])


_CALL = '{"at": 1}'
_PAGE = "<!doctype html><title>Sign in</title>"
OK: Mapping[str, Callable[[Ask], Reply]] = {
    "ok": lambda ask: _answered(ask, _deltas(ask)),
    "ok, slowly": lambda ask: _answered(ask, _deltas(ask), pause_s=PAUSE_S),
    "ok with a call": lambda ask: _answered(ask, [*_deltas(ask), _call(0, _CALL)], "tool_calls"),
}
FAULTS: Mapping[str, Callable[[Ask], Reply]] = {
    **OK,
    "429 retry-after": lambda _: _limited(retry_after=str(REST_S)),
    "429 retry-after, a date": lambda _: _limited(retry_after=format_datetime(_from_now(), usegmt=True)),
    "429 retry-after-ms": lambda _: _limited(retry_after_ms=str(REST_S * 1000)),
    "429 limit reset": _limit_reset,
    "429 anthropic": lambda _: _limited(
        anthropic_ratelimit_requests_remaining="0",
        anthropic_ratelimit_requests_reset=_from_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    ),
    "429 ietf": lambda _: _limited(ratelimit=f'"default";r=0;t={REST_S}'),
    "429 in words": lambda _: _limited(f"Rate limit reached. Please try again in {REST_S}.0s."),
    "429 RetryInfo": lambda _: _refused(
        429,
        "quota of this minute",
        REST_S,
        details=[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{REST_S}s"}],
    ),
    "500": lambda _: _refused(500),
    "503": lambda _: _refused(503),
    "529": lambda _: _refused(529),
    "503, not to be retried": lambda _: _refused(503, headers={"x_should_retry": "false"}),
    "overloaded in a 200": lambda _: Reply(
        _chunked([_event({"error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}})])
    ),
    "overloaded after text": lambda ask: Reply(
        _chunked([*_deltas(ask, 0.3), _event({"error": {"message": "Overloaded", "type": "overloaded_error"}})])
    ),
    "reset before text": lambda _: Reply((), "reset"),
    "reset after text": lambda ask: _broken(_deltas(ask, 0.5), "reset"),
    "cut before text": lambda _: _broken([_delta(role="assistant", content="")], "close"),
    "cut after text": lambda ask: _broken(_deltas(ask, 0.5), "close"),
    "ends without a reason": lambda ask: Reply(_chunked(_deltas(ask, 0.5))),
    "stalls": lambda _: _broken([], "hang"),
    "stalls after text": lambda ask: _broken(_deltas(ask, 0.4), "hang"),
    "done after nothing": lambda _: Reply(_chunked([b"data: [DONE]\n\n"])),
    "empty": lambda _: Reply(_chunked([])),
    "page": lambda _: Reply(_body(200, _PAGE, "text/html", {})),
    "404": lambda _: _refused(404, "The model does not exist", code="model_not_found"),
    "too long": lambda _: _refused(400, "This model's maximum context length is 10", code="context_length_exceeded"),
    "400": lambda _: _refused(400, "stream must be a boolean"),
    "400, filtered": lambda _: _refused(400, "The prompt was filtered", code="content_filter"),
    "filtered": lambda ask: _answered(ask, _deltas(ask, 0.3), "content_filter"),
    "cut after a call": lambda ask: _broken([*_deltas(ask, 0.3), _call(0, _CALL), _call(1, "{")], "close"),
    "cut in a call": lambda ask: _broken([*_deltas(ask, 0.3), _call(0, '{"at"')], "close"),
}
KEY_FAULTS: Mapping[str, Callable[[Ask], Reply]] = {
    "401": lambda _: _refused(401, "Incorrect API key provided"),
    "402": lambda _: _refused(402, "Insufficient credits"),
    "403": lambda _: _refused(403, "You are not allowed to use this model"),
}
"""What a key is refused with."""


def weights(faults: float) -> tuple[list[str], list[float]]:
    """The names of the table, and how often each is drawn where ``faults`` is the part of failures."""
    failures = len(FAULTS) - len(OK)
    return [*FAULTS], [(1 - faults) / len(OK) if name in OK else faults / failures for name in FAULTS]
