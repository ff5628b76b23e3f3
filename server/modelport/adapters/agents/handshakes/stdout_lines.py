"""Tells messages from noise in what an agent writes to standard output."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from modelport.protocol.shapes import is_object

LONGEST_LINE = 1024 * 1024
MOST_BYTES = 16 * 1024 * 1024
MOST_LINES = 100_000
LONGEST_WORDS = 4096
"""Bytes of a line that is kept to be shown."""
KEPT_LINES = 20


class Output:
    """One JSON object a line is the protocol; anything else is counted and skipped, its last lines kept.

    Source: https://agentclientprotocol.com/protocol/v1/transports.
    """

    def __init__(self) -> None:
        self.noise = 0
        self.too_much: str | None = None
        """How much it has written, once that is more than anybody has to say."""
        self._kept: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._bytes = 0
        self._lines = 0
        self._rest = b""
        self._skipping = False

    @property
    def words(self) -> tuple[str, ...]:
        """The last lines that are not the protocol, as they came."""
        return tuple(line.decode("utf-8", "replace") for line in list(self._kept))

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now."""
        self._bytes += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines and self._skipping:
            # The end of a line that was too long to be kept.
            del lines[0]
            self._skipping = False
        self._lines += len(lines)
        found = [message for line in lines if (message := self._read(line)) is not None]
        if self._skipping:
            self._rest = b""
        elif len(self._rest) > LONGEST_LINE:
            self._keep(self._rest)
            self._rest, self._skipping = b"", True
        self._weigh()
        return found

    def close(self) -> list[dict[str, Any]]:
        """The message in the last line, which may lack its end."""
        message = None if self._skipping else self._read(self._rest)
        self._rest = b""
        return [] if message is None else [message]

    def _read(self, line: bytes) -> dict[str, Any] | None:
        line = line.strip()
        if not line:
            return None
        if line.startswith(b"{") and len(line) <= LONGEST_LINE:
            try:
                message = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                message = None
            if is_object(message) and message.get("jsonrpc") == "2.0":
                return message
        self._keep(line)
        return None

    def _keep(self, line: bytes) -> None:
        self.noise += 1
        self._kept.append(line[:LONGEST_WORDS])

    def _weigh(self) -> None:
        if self._bytes > MOST_BYTES:
            self.too_much = f"{MOST_BYTES // (1024 * 1024)} MiB"
        elif self._lines > MOST_LINES:
            self.too_much = f"{MOST_LINES} lines"
