"""Looks for a key in bytes and texts, in each form in which a program may repeat it."""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import quote

MIN_RUN = 12
"""Letters and digits in a row that are a part of the key; fewer may be there by chance."""


def plain(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())


class KeySearch:
    """Looks for some keys: each as it is, in hexadecimal, percent and Base64, and each part of ``MIN_RUN`` letters.

    Of parts, in capitals and with blanks between they are the same.
    """

    def __init__(self, *keys: str) -> None:
        self._parts = {
            form[at : at + MIN_RUN] for key in keys for form in _forms(key) for at in range(len(form) - MIN_RUN + 1)
        }

    def is_in(self, content: str | bytes) -> bool:
        """Whether any of the keys is there."""
        text = content if isinstance(content, str) else content.decode("latin-1")
        # Escapes of JSON count as what they stand for.
        letters = plain(re.sub(r"\\u00([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text))
        return any(part in letters for part in self._parts)


def _forms(key: str) -> set[str]:
    raw = key.encode()
    whole = {plain(key), raw.hex(), plain("".join(f"%{byte:02x}" for byte in raw)), plain(quote(key))}
    return whole | {plain(b64encode(b"\0" * n + raw).decode()[4:-4]) for n in range(3)}
