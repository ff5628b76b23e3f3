"""Texts of others fit for a terminal: without the characters that it would obey instead of show.

These are the control characters but for tab and line end, whole escape sequences, and the characters that turn the
direction of writing. Source: ECMA-48, and Unicode Standard Annex 9.
"""

from __future__ import annotations

import re

from modelport.borders import readable

MAX_SEQUENCE_CHARS = 1024
"""A sequence that has not ended by then is shown without its control characters, so that it hides no more of a text."""
SEQUENCES = re.compile(
    # Operating system commands, strings, control sequences, and the short ones.
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
_BEGUN = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*\x1b?\Z"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*\x1b?\Z"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*\Z"
    r"|\x1b[ -/]*\Z"
)
"""The beginning of a sequence at the end of a text."""
_OBEYED = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_OBEYED_ONE = re.compile(f"[{_OBEYED}]")


class TerminalText:
    """Cleans a text that comes in chunks, in which a sequence may be split; a beginning is held back until its end."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> str:
        """What may be shown so far."""
        text = self._held + chunk
        self._held = ""
        if not _OBEYED_ONE.search(text):
            return text
        begun = _BEGUN.search(text)
        if begun is not None and len(text) - begun.start() <= MAX_SEQUENCE_CHARS:
            self._held = text[begun.start() :]
            text = text[: begun.start()]
        return _cleaned(text)

    def end(self) -> str:
        """What is left at the end of the text: a sequence that has not ended, without its control characters."""
        held, self._held = self._held, ""
        return _OBEYED_ONE.sub("", held)


def plain(text: str) -> str:
    """The text as a terminal may show it."""
    cleaner = TerminalText()
    return cleaner.feed(readable(text)) + cleaner.end()


def escaped(json: str) -> str:
    """JSON that means the same, with the characters that a terminal would obey as escapes; only strings hold them."""
    return _OBEYED_ONE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def _cleaned(text: str) -> str:
    def without(found: re.Match[str]) -> str:
        # One without an end would hide what comes after it.
        whole = found[0]
        ended = whole[0] not in "\x1b\x90\x98\x9d\x9e\x9f" or len(whole) <= MAX_SEQUENCE_CHARS
        return "" if ended else whole

    return _OBEYED_ONE.sub("", SEQUENCES.sub(without, text))
