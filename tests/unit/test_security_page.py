"""The promises of SECURITY.md name tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")
PROMISES = re.findall(
    r"^\* .*(?:\n  .*)*", PAGE.partition("## What is protected")[2].partition("## What is not")[0], re.MULTILINE
)


def test_there_are_promises() -> None:
    assert len(PROMISES) >= 10
    assert PAGE.count("tests/") == len(NAMED.findall(PAGE))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: " ".join(text.split()[1:6]))
def test_a_promise_names_its_tests(promise: str) -> None:
    named = NAMED.findall(promise)
    assert named
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in functions, f"{path} has no {name}"
        assert name.startswith("test_")
