"""AWS's event stream as a server writes it."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any


def frame(headers: bytes, payload: bytes) -> bytes:
    """A frame around headers and a payload."""
    start = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start += struct.pack(">I", zlib.crc32(start)) + headers + payload
    return start + struct.pack(">I", zlib.crc32(start))


def header(name: str, value: str | bytes, kind: int = 7) -> bytes:
    """A header, by default a text."""
    data = value.encode() if isinstance(value, str) else value
    size = struct.pack(">H", len(data)) if kind in (6, 7) else b""
    return bytes([len(name)]) + name.encode() + bytes([kind]) + size + data


def event(name: str, payload: Any) -> bytes:
    """An event with a JSON payload, its headers in the order Bedrock sends them."""
    headers = header(":event-type", name) + header(":content-type", "application/json")
    return frame(headers + header(":message-type", "event"), json.dumps(payload).encode())


def events(*named: tuple[str, Any]) -> list[bytes]:
    """Several events."""
    return [event(name, payload) for name, payload in named]


def chunk(model_event: Any) -> bytes:
    """An event of the model's own format, which Bedrock passes through."""
    return event("chunk", {"bytes": base64.b64encode(json.dumps(model_event).encode()).decode(), "p": "abc"})


def exception(name: str, message: str, **more: Any) -> bytes:
    """An exception in the stream."""
    headers = header(":exception-type", name) + header(":content-type", "application/json")
    return frame(headers + header(":message-type", "exception"), json.dumps({"message": message, **more}).encode())
