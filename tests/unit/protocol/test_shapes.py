"""Questions about JSON values of unknown shape."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.protocol.shapes import is_id, is_list, is_object


@pytest.mark.parametrize("value", [{}, {"a": 1}])
def test_objects(value: Any) -> None:
    assert is_object(value)
    assert not is_list(value)


@pytest.mark.parametrize("value", [[], [1]])
def test_lists(value: Any) -> None:
    assert is_list(value)
    assert not is_object(value)


@pytest.mark.parametrize(
    ("value", "fits"), [(0, True), (-1, True), ("", True), ("a", True), (True, False), (1.5, False), (None, False), ([], False)]
)  # fmt: skip
def test_an_id_is_a_whole_number_or_a_text(value: Any, fits: bool) -> None:
    assert is_id(value) is fits
