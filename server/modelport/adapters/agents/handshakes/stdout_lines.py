"""Separates protocol messages from noise in an agent's standard output."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from modelport.borders import NOT_JSON
from modelport.protocol.shapes import is_object

MAX_LINE_BYTES = 1024 * 1024
MAX_OUTPUT_BYTES = 16 * 1024 * 1024
MAX_OUTPUT_LINES = 100_000
MAX_KEPT_LINE_BYTES = 4096
"""Of a line of noise that is kept to be shown."""
MAX_KEPT_LINES = 20


class Output:
    """The parser: one JSON object per line is a message; other lines are counted, and the last of them kept.

    Source: https://agentclientprotocol.com/protocol/v1/transports.
    """

    def __init__(self) -> None:
        self.noise = 0
        self.too_much: str | None = None
        """How much was written, once that is more than a limit."""
        self._kept: deque[bytes] = deque(maxlen=MAX_KEPT_LINES)
        self._bytes = 0
        self._lines = 0
        self._remainder = b""
        self._skipping = False

    @property
    def words(self) -> tuple[str, ...]:
        """The last lines of noise, unchanged."""
        return tuple(line.decode("utf-8", "replace") for line in list(self._kept))

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that this chunk completes."""
        self._bytes += len(data)
        *lines, self._remainder = (self._remainder + data).split(b"\n")
        if lines and self._skipping:
            # The end of a line that was too long to be kept.
            del lines[0]
            self._skipping = False
        self._lines += len(lines)
        messages = [message for line in lines if (message := self._read(line)) is not None]
        if self._skipping:
            self._remainder = b""
        elif len(self._remainder) > MAX_LINE_BYTES:
            self._keep(self._remainder)
            self._remainder, self._skipping = b"", True
        self._check_limits()
        return messages

    def close(self) -> list[dict[str, Any]]:
        """The message in the last line, which may lack its line break."""
        message = None if self._skipping else self._read(self._remainder)
        self._remainder = b""
        return [] if message is None else [message]

    def _read(self, line: bytes) -> dict[str, Any] | None:
        line = line.strip()
        if not line:
            return None
        if line.startswith(b"{") and len(line) <= MAX_LINE_BYTES:
            try:
                message = msgspec.json.decode(line)
            except NOT_JSON:
                message = None
            if is_object(message) and message.get("jsonrpc") == "2.0":
                return message
        self._keep(line)
        return None

    def _keep(self, line: bytes) -> None:
        self.noise += 1
        self._kept.append(line[:MAX_KEPT_LINE_BYTES])

    def _check_limits(self) -> None:
        if self._bytes > MAX_OUTPUT_BYTES:
            self.too_much = f"{MAX_OUTPUT_BYTES // (1024 * 1024)} MiB"
        elif self._lines > MAX_OUTPUT_LINES:
            self.too_much = f"{MAX_OUTPUT_LINES} lines"
