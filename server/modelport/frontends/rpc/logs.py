"""Logging to a stderr that may be read late or never: no line blocks the server, no line holds a key."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import re
import sys
import threading

from modelport.borders import readable
from modelport.domain.terminal_text import plain

MAX_QUEUED_LINES = 1000
FLUSH_TIMEOUT_S = 0.2
_SECRETS = re.compile(
    r"(?i)(?:bearer\s+|(?:api[-_]?key|authorization|token|secret|password)[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',;]{6,}"
    r"|\b(?:sk|pk|gsk|hf|nvapi|pplx|csk|xai|ghp|gho|ghu|AIza|AQ|vck|cpk|rqsty|r8)[-_.A-Za-z0-9]{12,}"
)


def redact(text: str) -> str:
    """The text with everything that looks like a key replaced by ``[redacted]``."""
    return _SECRETS.sub("[redacted]", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        try:
            return plain(redact(super().format(record)))
        except Exception as error:  # noqa: BLE001  any object can be in a record, and its text can fail
            return f"{record.levelname} {record.name}: a line that could not be written ({type(error).__name__})"


class _LossyHandler(logging.Handler):
    """Writes on a thread of its own; lines beyond ``MAX_QUEUED_LINES`` are counted and dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[str | threading.Event] = queue.Queue(MAX_QUEUED_LINES)
        self._dropped = 0
        threading.Thread(target=self._run, name="modelport-stderr", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Returns when the lines so far are written, or after ``FLUSH_TIMEOUT_S``; at once when the queue is full."""
        written = threading.Event()
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(written)
            written.wait(FLUSH_TIMEOUT_S)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            if self._dropped:
                line = f"({self._dropped} lines were dropped)\n{line}"
                self._dropped = 0
            try:
                sys.stderr.write(readable(line) + "\n")
                sys.stderr.flush()
            except (OSError, ValueError, AttributeError):
                # It is closed, full, or not there at all.
                continue


def log_bug(log: logging.Logger, what: str, bug: BaseException) -> None:
    """Logs an error with its traceback; where even that fails, the name of its type."""
    try:
        log.error("%s", what, exc_info=bug)
    except Exception:  # noqa: BLE001  what is wrong with the error must not become one of the caller
        with contextlib.suppress(Exception):
            log.error("%s: %s, which cannot be shown", what, type(bug).__name__)  # noqa: TRY400  not with its text


def set_up() -> None:
    """Logs to stderr: warnings of all libraries, and of Modelport itself from the level in ``MODELPORT_LOG``."""
    levels = {"debug": logging.DEBUG, "info": logging.INFO, "error": logging.ERROR}
    handler = _LossyHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries log whole requests below WARNING, so a lower level is set for our own loggers only.
    root.setLevel(logging.WARNING)
    level = levels.get(os.environ.get("MODELPORT_LOG", "").lower(), logging.WARNING)
    logging.getLogger("modelport").setLevel(level)
