"""Takes secrets out of a text that comes in deltas, in whatever form it repeats them, and holds up nothing else.

The letters and digits of the text are compared with the forms of a secret as ``redaction`` does. A text that agrees
with a form over ``MIN_RUN`` letters is held back until it stops to agree; when it has agreed over ``MAX_RUN``, or over
a whole form, it is replaced. So a word that happens to be in a key passes, and of a key that comes letter by letter its
first ``MIN_RUN`` letters may have passed before it is known.

What the conversation holds may be repeated: a key that is in it as a whole in any form, of another one the parts in it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from unicodedata import normalize

from modelport.domain.redaction import REDACTED, UNIT, forms_of, letters_in, letters_of

MIN_RUN = 8
MAX_RUN = 12
MAX_SIGNS = 16
"""Blanks and signs in a row that may stand between letters of a key."""
_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))
_SIGNS = bytes(code for code in range(256) if not (code < 128 and chr(code).isalnum()))
_INCOMPLETE = re.compile(
    r"(?:%(?:25)*[0-9a-fA-F]?|\\{1,4}(?:u\{?[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|&(?:amp;)*[#a-zA-Z0-9]{0,7})$"
)
"""The beginning of an escape, at the end of a delta."""


def _is_encoded(text: str) -> bool:
    """Whether a text may hold letters in escapes."""
    return "%" in text or "\\" in text or "&" in text or "0x" in text or "0X" in text


class SecretForms:
    """What secrets look like, for the texts of one answer; ``length`` is how long a run must be to be one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = [[form for form in forms_of(secret) if len(form) >= MIN_RUN] for secret in secrets]
        self.length, self.parts = _parts(self._forms)

    def without(self, said: str) -> SecretForms:
        """The forms of what a text does not hold; takes as long as reading all of the text."""
        letters = letters_in(said)
        held = [any(form in letters for form in forms) for forms in self._forms]
        if not any(held) and self.parts.isdisjoint(_windows(letters)):
            return self
        left = SecretForms(())
        left._forms = [forms for forms, is_held in zip(self._forms, held, strict=True) if not is_held]
        left.length, parts = _parts(left._forms)
        # Keys may begin alike, as all tokens of one issuer do.
        _, repeated = _parts(forms for forms, is_held in zip(self._forms, held, strict=True) if is_held)
        left.parts = (parts - repeated).difference(_windows(letters))
        return left


def _parts(secrets: Iterable[list[str]]) -> tuple[int, frozenset[str]]:
    """The letters that make a run a key, and all parts of the forms of secrets."""
    forms = [form for forms in secrets for form in forms]
    return min([MAX_RUN, *map(len, forms)]), frozenset(part for form in forms for part in _windows(form))


def _windows(letters: str) -> Iterator[str]:
    return (letters[at : at + MIN_RUN] for at in range(len(letters) - MIN_RUN + 1))


class StreamRedactor:
    """Takes secrets out of one text. At the first of them ``unsaid`` is asked for the forms that may not pass."""

    def __init__(self, forms: SecretForms, unsaid: Callable[[], SecretForms]) -> None:
        self._parts = forms.parts
        self._length = forms.length
        self._unsaid: Callable[[], SecretForms] | None = unsaid
        """None once it was asked."""
        self._passes = False
        self._recent = ""
        """The last letters."""
        self._escape = ""
        """The beginning of an escape, which has passed, or is held."""
        self._run = 0
        """How many letters agree, up to the last one; 0 where those do not."""
        self._begun = ""
        """These letters, while ``unsaid`` has not been asked."""
        self._signs = 0
        self._held: list[str] = []
        self._agreed = 0
        """How much of that ends with the last letter that agrees."""
        self._kept: list[str] = []
        self._places: deque[int] = deque(maxlen=MIN_RUN)
        """Where in ``_kept`` the last letters of this delta begin."""

    def feed(self, text: str) -> str:
        """What of the text so far may pass now."""
        if self._passes:
            return text
        if not (self._run or self._escape or _is_encoded(text)):
            simple = text if text.isascii() else normalize("NFKC", text)
            recent = self._recent + simple.encode("ascii", "ignore").translate(_LOWER, _SIGNS).decode()
            if not self._may_hold(recent):
                self._recent = recent[1 - MIN_RUN :]
                return text
        return self._compared(text)

    def end(self) -> str:
        """What was held back; the text is over, or goes on as another."""
        self._kept = []
        self._stop()
        self._recent = self._escape = ""
        return "".join(self._kept)

    def _may_hold(self, letters: str) -> bool:
        """Whether a run may be long enough for a key, which has a part at every stride, or goes on beyond the end."""
        parts, last = self._parts, len(letters) - MIN_RUN
        if letters[last:] in parts:
            return True
        for at in range(0, last, self._length - MIN_RUN + 1):  # noqa: SIM110  a generator takes twice as long
            if letters[at : at + MIN_RUN] in parts:
                return True
        return False

    def _compared(self, text: str) -> str:
        passed, self._escape = len(self._escape), self._escape + text
        whole, self._kept = self._escape, []
        self._places.clear()
        incomplete = _INCOMPLETE.search(whole)
        end = incomplete.start() if incomplete else len(whole)
        for unit in UNIT.finditer(whole, 0, end):
            self._take(whole[max(unit.start(), passed) : unit.end()], letters_of(unit))
        self._escape = whole[end:]
        if rest := whole[max(end, passed) :]:
            (self._held if self._run else self._kept).append(rest)
        return "".join(self._kept)

    def _take(self, raw: str, letters: str) -> None:
        """The next unit of the text, and the letters that it stands for."""
        if not letters:
            self._signs += 1
            if self._run and self._signs > MAX_SIGNS:
                self._stop()
            (self._held if self._run else self._kept).append(raw)
            return
        self._signs = 0
        for letter in letters:
            self._recent = (self._recent + letter)[-MIN_RUN:]
            self._places.append(len(self._kept))
            if self._recent not in self._parts:
                self._stop()
            elif self._run:
                self._run += 1
                self._begun += letter if self._unsaid else ""
            else:
                self._run, self._begun = MIN_RUN, self._recent
                first = self._places[0] if len(self._places) == MIN_RUN else 0
                self._held = self._kept[first:]
                del self._kept[first:]
            if self._unsaid and self._run >= self._length:
                self._ask(self._unsaid)
        (self._held if self._run else self._kept).append(raw)
        self._agreed = len(self._held)

    def _ask(self, unsaid: Callable[[], SecretForms]) -> None:
        """Goes on with the forms that may not pass, by which the run that is a key may be shorter, or none."""
        self._unsaid, forms = None, unsaid()
        self._parts, self._length, self._passes = forms.parts, forms.length, not forms.parts
        agree = [part in self._parts for part in _windows(self._begun)]
        last = agree[::-1].index(False) if False in agree else len(agree)
        if last:
            self._run = last + MIN_RUN - 1
        else:
            self._run = 0
            self._stop()

    def _stop(self) -> None:
        """Ends a run: what is held passes, or is replaced where it was long enough."""
        if self._run >= self._length:
            self._kept += (REDACTED, *self._held[self._agreed :])
        else:
            self._kept += self._held
        self._held, self._run, self._signs = [], 0, 0
