"""The environment variables of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping


class ProcessEnvironment:
    """The environment of this process."""

    def variables(self) -> Mapping[str, str]:
        """The variables as they are now, and as they will be."""
        return Variables()


class Variables(Mapping[str, str]):
    """The variables of this process, some of them keys: it shows none, where ``os.environ`` shows all."""

    def __getitem__(self, name: str) -> str:
        return os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)
