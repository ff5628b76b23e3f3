"""Reads the provider rows that ship with the package."""

from __future__ import annotations

from msgspec import Struct

from modelport.adapters.data.rows import shipped
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider


class ProviderFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file: the rows, in the order of lists."""

    provider: tuple[Provider, ...]


def load_registry() -> Registry:
    """Reads the rows of ``data/providers.toml``, from what is generated of them; takes about 2 ms.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
        ValueError: two rows share a name; likewise.
    """
    return Registry(shipped("providers", ProviderFile).provider)
