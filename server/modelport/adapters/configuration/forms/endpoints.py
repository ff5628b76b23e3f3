"""Providers of a document whose entries are models, each with the address and the key it is called with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.providers.configuration import KeyPath

_UNFIT = re.compile(r"[^a-z0-9._-]+")


class Endpoints:
    """Collects the models of a document under the providers that serve them."""

    def __init__(self, done: Translated, find: Find) -> None:
        self._done = done
        self._find = find

    def add(self, here: KeyPath, provider: str, model: str, base_url: str | None, title: str) -> str:
        """Adds a model; returns the name of its provider here.

        A model at an address of its own gets a provider of its own where the known one is at another address.
        """
        row = self._find(provider)
        known = row.id if row is not None else name_of(provider)
        name = known if self._is_free(known, base_url) else self._next(name_of(title) or known, base_url)
        table = self._table(name, here)
        if base_url is not None:
            table["base_url"] = base_url
        models = table.setdefault("models", [])
        if model not in models:
            models.append(model)
        return name

    def set(self, name: str, setting: str, value: Any) -> None:
        """Sets a setting of a provider, the first time it is given."""
        self._done.raw["providers"][name].setdefault(setting, value)

    def _table(self, name: str, here: KeyPath) -> dict[str, Any]:
        self._done.written.setdefault(("providers", name), here)
        return self._done.raw["providers"].setdefault(name, {})

    def _is_free(self, name: str, base_url: str | None) -> bool:
        providers: Mapping[str, Any] = self._done.raw["providers"]
        return name not in providers or providers[name].get("base_url") == base_url

    def _next(self, name: str, base_url: str | None) -> str:
        taken = self._done.raw["providers"]
        tries = (f"{name}-{number}" if number else name for number in range(len(taken) + 2))
        return next(one for one in tries if self._is_free(one, base_url) and (one in taken or self._find(one) is None))


def name_of(title: str) -> str:
    """A title as the name of a provider: ``My GPT (eu)`` becomes ``my-gpt-eu``."""
    return _UNFIT.sub("-", title.casefold()).strip("-._")
