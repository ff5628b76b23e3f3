"""Cleans texts of agents for a terminal and a record: one line, cut to length, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from modelport.borders import json_bytes
from modelport.domain.redaction import REDACTED, Redactor
from modelport.domain.terminal_text import SEQUENCES
from modelport.protocol.shapes import is_list, is_object

MAX_TEXT_CHARS = 300
"""Of a text in a record."""
MAX_KEY_CHARS = 64
MAX_READ_CHARS = 4096
"""Of a text, the characters that are read; the others are never shown."""
MIN_SECRET_CHARS = 8
MAX_DEPTH = 6
MAX_ENTRIES = 64
MAX_JSON_CHARS = 16_384
"""Of a whole JSON value."""
MAX_META_BYTES = 512
MAX_AUTH_METHODS = 20
SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "COOKIE")
_SECRET_FIELDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "COOKIE")
_METHOD_FIELDS = ("id", "methodId", "name", "title", "description", "type", "link", "varName")

# What looks like a secret anywhere in a text. Words of English have no digits.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',]+"),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer\s+)(?=[^\s\"',]*\d)[^\s\"',]{8,}"), rf"\1{REDACTED}"),
    (
        re.compile(
            r"\b(?:(?:sk|pk|rk|gsk|xai|nvapi|pplx|glpat|xox[a-z])[-_]|gh[opsur]_|github_pat_|AIza|ya29\.|AKIA|ASIA|eyJ)"
            r"[A-Za-z0-9_.~+/=-]{12,}|\b(?:hf|r8)_[A-Za-z0-9]{20,}"
        ),
        REDACTED,
    ),
    (re.compile(r"(?<=://)[^\s/@:?#]+(?::[^\s/@?#]*)?@"), f"{REDACTED}@"),
    (
        re.compile(r"(?i)([?&#;][\w.-]{0,40}(?:key|token|secret|passw|sig|code|auth|credential)[\w.-]{0,40}=)[^\s&#\"'<>]+"),
        rf"\1{REDACTED}",
    ),
    (
        re.compile(
            r"(?i)\b([\w-]{0,40}(?:api[_-]?key|token|secret|passw(?:or)?d)[\w-]{0,40}[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
            r"(?=[^\s\"',;&]*\d)[^\s\"',;&]{8,}"
        ),
        rf"\1{REDACTED}",
    ),
)  # fmt: skip


def one_line(text: str, max_chars: int = MAX_TEXT_CHARS) -> str:
    """The text on one line and cut to length, without escape sequences, control characters and invisible ones.

    Among the invisible ones are those that turn the direction of writing.
    """
    plain = SEQUENCES.sub("", text[:MAX_READ_CHARS])
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in plain)
    return _cut(" ".join(shown.split()), max_chars)


def redacted(text: str, take_out: Callable[[str], str] = str, home: str = "") -> str:
    """The text without what ``take_out`` removes, without what looks like a secret, and with ``~`` for home."""
    text = take_out(text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text) if len(home) > 1 else text


def secrets_of(variables: Mapping[str, str], argv: Sequence[str], names: Iterable[str] = ()) -> tuple[str, ...]:
    """The secrets an agent was started with: values of variables with secret-sounding names, and of such arguments.

    ``names`` are further variables that hold keys. The max_chars comes first, so that no part of it is left.
    """
    own = frozenset(names)
    values = [value for name, value in variables.items() if name in own or _sounds_secret(name)]
    for option, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = option.partition("=")
        if option.startswith("-") and _sounds_secret(name):
            values.append(value if equals else following)
    # A key may have several lines, and each is shown on one of its own.
    parts = {one_line(line, MAX_READ_CHARS) for value in values for line in value.splitlines()}
    return tuple(sorted((part for part in parts if len(part) >= MIN_SECRET_CHARS), key=len, reverse=True))


class Censor:
    """Cleans everything that an agent has sent, before it is shown or stored."""

    def __init__(self, secrets: Iterable[str] = (), home: str = "") -> None:
        self._secrets = tuple(secrets)
        self._redactor = Redactor(self._secrets)
        self._home = home

    def text(self, text: str, max_chars: int = MAX_TEXT_CHARS) -> str:
        """A text: on one line, without secrets, cut to length."""
        line = one_line(text, MAX_READ_CHARS)
        if len(text) > MAX_READ_CHARS // 4:
            # It may have been cut in the middle of a secret.
            line = self._without_begun(line)
        return _cut(redacted(line, self._redactor, self._home), max_chars)

    def json(self, value: Any) -> Any:
        """A JSON value with its texts and names cleaned, limited in depth, width and size."""
        return _Copy(self).of(value, MAX_DEPTH)

    def auth_methods(self, value: Any) -> tuple[dict[str, Any], ...] | None:
        """Ways to log in, with their names and types, and without the values they would set.

        None where it is not a list, or none of its items has an id.
        """
        if not is_list(value):
            return None
        named = [m for m in value if is_object(m) and isinstance(m.get("id", m.get("methodId")), str)]
        if value and not named:
            return None
        return tuple(self._method(method) for method in named[:MAX_AUTH_METHODS])

    def _method(self, method: dict[str, Any]) -> dict[str, Any]:
        kept = {name: self.text(text) for name in _METHOD_FIELDS if isinstance(text := method.get(name), str)}
        variables = method.get("vars")
        if is_list(variables):
            names = [one["name"] for one in variables if is_object(one) and isinstance(one.get("name"), str)]
            return {**kept, "vars": [{"name": self.text(name)} for name in names[:MAX_ENTRIES]]}
        return kept

    def _without_begun(self, line: str) -> str:
        line = line.removesuffix("…")
        for secret in self._secrets:
            for length in range(min(len(secret), len(line)), 3, -1):
                if line.endswith(secret[:length]):
                    return line[:-length]
        return line


class _Copy:
    """One walk through a JSON value, with a limit on its total size."""

    def __init__(self, censor: Censor) -> None:
        self._censor = censor
        self._left = MAX_JSON_CHARS

    def of(self, value: Any, deep: int) -> Any:
        if isinstance(value, str):
            text = self._censor.text(value)
            self._left -= len(text)
            return text
        self._left -= 8
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return value if abs(value) < 2**53 else None
        if deep == 0:
            return None
        if is_list(value):
            return [self.of(one, deep - 1) for one in value[:MAX_ENTRIES] if self._left > 0]
        return self._object(value, deep) if is_object(value) else None

    def _object(self, value: dict[str, Any], deep: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, inner in list(value.items())[:MAX_ENTRIES]:
            if self._left <= 0:
                break
            if name == "_meta" and not _is_small(inner):
                continue
            shown = self._censor.text(name, MAX_KEY_CHARS)
            self._left -= len(shown)
            hidden = isinstance(inner, str) and name.upper().endswith(_SECRET_FIELDS)
            kept[shown] = REDACTED if hidden else self.of(inner, deep - 1)
        return kept


def _is_small(value: Any) -> bool:
    return len(json_bytes(value)) <= MAX_META_BYTES


def _sounds_secret(name: str) -> bool:
    upper = name.upper()
    return upper.endswith("_PAT") or any(word in upper for word in SECRET_WORDS)


def _cut(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[: max_chars - 1].rstrip()}…"
