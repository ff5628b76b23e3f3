"""Reads JSON as people write it into settings: with comments, and with a comma after the last item."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
COMMENTS = rb'(%b)|//[^\n]*|/\*.*?\*/|(["/].*)' % STRING
"""A string, a comment, or an unclosed one of them up to the end of the text, so that no text is scanned twice."""
LAST_COMMAS = rb'(%b|".*)|,(?=\s*[}\]])' % STRING


def members(text: bytes) -> Mapping[str, msgspec.Raw]:
    """The members of an object, as plain JSON; none where the text is broken, or not an object."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        return _members(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _members(_plain(text))
    except (ValueError, RecursionError):
        return {}


def _members(text: bytes) -> Mapping[str, msgspec.Raw]:
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def _plain(text: bytes) -> bytes:
    bare = re.sub(COMMENTS, rb"\1 \2", text, flags=re.DOTALL)
    return re.sub(LAST_COMMAS, rb"\1", bare, flags=re.DOTALL)
