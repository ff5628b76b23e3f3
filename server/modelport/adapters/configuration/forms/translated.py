"""What a document of another program becomes: ours, its keys, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from modelport.domain.providers.configuration import Finding, KeyPath, did_you_mean
from modelport.domain.providers.connection import is_header
from modelport.domain.providers.credential import is_secret_header
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret

Find = Callable[[str], Provider | None]
"""Finds a shipped provider by its id or an alias."""


class Translated:
    """The document in our own form, the keys that stood in it, and where each setting was written."""

    def __init__(self, raw: dict[str, Any] | None = None) -> None:
        self.raw: dict[str, Any] = {"providers": {}} if raw is None else raw
        self.keys: dict[str, Secret] = {}
        self.findings: list[Finding] = []
        self.written: dict[KeyPath, KeyPath] = {}

    def wrong(self, here: KeyPath, why: str) -> None:
        """Notes that the document cannot be used."""
        self.findings.append(Finding(here, why))

    def left_out(self, here: KeyPath, why: str) -> None:
        """Notes that a setting is left out, and why."""
        self.findings.append(Finding(here, why, "warning"))

    def unknown(self, here: KeyPath, known: Iterable[str], program: str) -> None:
        """Notes that a setting is left out since it is none that the other program documents."""
        self.left_out(
            here, f"This is no setting of {program}'s that is known here{did_you_mean(here[-1], tuple(known))}."
        )

    def header(self, here: KeyPath, name: str) -> bool:
        """Whether a header of the document can be sent; one that cannot be is noted."""
        if is_header(name) and not is_secret_header(name):
            return True
        self.left_out(here, "This header is set by Modelport itself, or holds a secret: it is left out.")
        return False

    def key(self, provider: str, here: KeyPath, value: Any) -> None:
        """Takes a key that stands in the document; an abbreviated one is none."""
        if not isinstance(value, str):
            self.wrong(here, "The value must be a text.")
        elif value.endswith("...") or not value.strip():
            self.left_out(here, "This is no key, so it is left out.")
        else:
            self.keys[provider] = Secret(value.strip())
            note = f"A key in a file can be read by every program: keep it with modelport keys set {provider}."
            self.left_out(here, note)
