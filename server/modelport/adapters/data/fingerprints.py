"""Reads the fingerprints that ship with the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from modelport.domain.local.fingerprints import Fingerprints


def load_fingerprints() -> Fingerprints:
    """Reads and checks ``data/fingerprints.toml``; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    text = files("modelport.data").joinpath("fingerprints.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Fingerprints)
