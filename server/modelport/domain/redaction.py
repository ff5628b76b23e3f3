"""Takes secrets out of a text, in whatever form it repeats them.

A text is read as a stream of letters and digits, with percent and other escapes decoded; case, blanks, line ends and
signs between them do not count. A part of a secret in it is taken out too, since a secret may come in pieces; so is one
as hexadecimal digits, or in Base64, alone or inside of a longer text such as ``user:password``.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable

REDACTED = "[redacted]"
MIN_SECRET_CHARS = 6
"""A shorter secret is taken out as it stands only: it would also occur in ordinary words."""
MIN_PART_CHARS = 8
"""The letters and digits that make a part of a long secret; fewer occur by chance, as at the end of a masked key."""
MIN_RANDOM_CHARS = 12
MAX_WORD_CHARS = 16
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
ENCODED = re.compile(r"[%\\&]|0[xX]|[^\x00-\x7f]")
UNIT = re.compile(
    r"%(?:25)*([0-9a-fA-F]{2})"  # percent, also more than once
    r"|\\+u\{?00([0-9a-fA-F]{2})\}?|\\+x([0-9a-fA-F]{2})|0[xX]([0-9a-fA-F]{2})(?![0-9a-fA-F])"
    r"|&(?:amp;)*#[xX]([0-9a-fA-F]{1,4});|&(?:amp;)*#([0-9]{1,5});"
    r"|\\+[nrtfb]|&(?:nbsp|amp|quot|lt|gt);"  # blanks and signs, which do not count
    r"|."
    , re.DOTALL,
)  # fmt: skip


class Redactor:
    """Takes some secrets out of texts; make one for several texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._whole = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._parts: dict[int, set[str]] = {}
        for secret in self._whole:
            if len(secret) >= MIN_SECRET_CHARS and not _is_word(secret):
                self._add(secret)

    def __call__(self, text: str) -> str:
        """The text with everything that repeats a secret replaced."""
        for secret in self._whole:
            text = text.replace(secret, REDACTED)
        if not self._parts or not self._may_repeat(text):
            return text
        return _without(text, self._spans(text))

    def _add(self, secret: str) -> None:
        for form in forms_of(secret):
            # A short secret counts in halves.
            length = min(MIN_PART_CHARS, max(MIN_SECRET_CHARS, len(form) // 2))
            if len(form) >= length:
                parts = self._parts.setdefault(length, set())
                parts.update(form[at : at + length] for at in range(len(form) - length + 1))

    def _may_repeat(self, text: str) -> bool:
        """Whether it can: most texts hold no escapes, and are compared much faster as they are."""
        if ENCODED.search(text):
            return True
        plain = plain_letters(text)
        return any(
            plain[at : at + length] in parts
            for length, parts in self._parts.items()
            for at in range(len(plain) - length + 1)
        )

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """The ranges of the text that repeat a part of a secret."""
        letters: list[str] = []
        places: list[tuple[int, int]] = []
        for unit in UNIT.finditer(text):
            for letter in letters_of(unit):
                letters.append(letter)
                places.append(unit.span())
        stream = "".join(letters)
        return sorted(
            (places[at][0], places[at + length - 1][1])
            for length, parts in self._parts.items()
            for at in range(len(stream) - length + 1)
            if stream[at : at + length] in parts
        )


def forms_of(secret: str) -> list[str]:
    """The letters and digits that a secret is in as it stands, as hexadecimal digits and in Base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = [plain_letters(secret), raw.hex()]
    for offset in range(3):
        # What Base64 makes of a text depends on where in it the text begins; its ends also on what is around it.
        before = b64encode(b"\0" * offset + raw).decode()
        forms.append(plain_letters(before[-(-offset * 4 // 3) : (len(raw) + offset) * 4 // 3]))
    return forms


def is_random(secret: str) -> bool:
    """Whether a secret is none of those that stand for no key, such as ``lm-studio``, and are parts of names too."""
    return len(secret) >= MIN_RANDOM_CHARS and any(c.isdigit() for c in secret)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in whatever form it repeats them."""
    return Redactor(secrets)(text)


def _is_word(secret: str) -> bool:
    """Whether it may be a word or a name, such as ``opensesame``, whose parts occur in other texts."""
    return len(secret) < MAX_WORD_CHARS and not any(c.isdigit() for c in secret)


def plain_letters(text: str) -> str:
    """Its letters and digits in lower case."""
    return _NOT_PLAIN.sub("", text.lower())


def letters_in(text: str) -> str:
    """The letters and digits of a whole text, with escapes decoded."""
    if ENCODED.search(text):
        return "".join(map(letters_of, UNIT.finditer(text)))
    return plain_letters(text)


def letters_of(unit: re.Match[str]) -> str:
    """The letters and digits that a unit of a text stands for."""
    code = next(filter(None, unit.groups()), None)
    if code is not None:
        decoded = chr(int(code, 10 if unit.lastindex == 6 else 16))
        return plain_letters(unicodedata.normalize("NFKC", decoded))
    found = unit[0]
    if len(found) > 1:
        return ""
    return plain_letters(found if found.isascii() else unicodedata.normalize("NFKC", found))


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with ranges replaced, those that touch each other by one word."""
    kept: list[str] = []
    end = 0
    for first, last in spans:
        if first > end or not kept:
            kept += [text[end:first], REDACTED]
        end = max(end, last)
    return "".join(kept) + text[end:] if kept else text
