"""The examples of the documentation: what they print stands behind them in a comment."""

from __future__ import annotations

import re


def words(text: str) -> str:
    """The words of a text, however they stand in lines."""
    return " ".join(text.split())


def expected_output(example: str) -> str:
    """What the comments behind the calls of ``print`` say."""
    return " ".join(re.findall(r"^\s*print\(.*\)  # (.*)$", example, re.M))
