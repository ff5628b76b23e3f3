"""Reads the files of rows that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def shipped(name: str, kind: type[T]) -> T:
    """Reads ``data/NAME.json``; where there is a ``NAME.toml``, ``rows/generate.py`` writes it from that.

    Raises:
        msgspec.ValidationError: the file does not fit the type; a defect of the package.
    """
    # JSON takes a tenth of the time of TOML, which every process would spend at its start.
    # Not importlib.resources, which takes longer to load than this to read.
    path = Path(__file__).parents[2] / "data" / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=kind)
