"""The provider rows that ship with the package, read once per process: reading them takes longer than most tests."""

from __future__ import annotations

from functools import cache

from modelport.adapters.data.providers import load_registry
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider


@cache
def shipped_rows() -> tuple[Provider, ...]:
    """All rows, in their order; they are frozen."""
    return tuple(load_registry().all())


def shipped_registry() -> Registry:
    """A registry of its own, since a configuration changes its content."""
    return Registry(shipped_rows())
