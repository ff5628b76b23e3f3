"""Questions about JSON values of unknown shape, answered in types."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def is_id(value: Any) -> TypeGuard[int | str]:
    """Whether a JSON value can be the id of a request: a whole number or a text."""
    return isinstance(value, int | str) and not isinstance(value, bool)
