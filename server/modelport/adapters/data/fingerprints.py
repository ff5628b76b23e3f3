"""Reads the fingerprints that ship with the package."""

from __future__ import annotations

from modelport.adapters.data.rows import shipped
from modelport.domain.local.fingerprints import Fingerprints


def load_fingerprints() -> Fingerprints:
    """Reads the rows of ``data/fingerprints.toml``, from what is generated of them; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return shipped("fingerprints", Fingerprints)
