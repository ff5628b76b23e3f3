"""The backend that the keyring library uses: found again when it was absent, and explained when it cannot be loaded."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

NAMED_BY = "PYTHON_KEYRING_BACKEND"
"""The variable of the keyring library that names a backend. Source: keyring, README, Configuring."""


class BackendNotLoaded(Exception):
    """The user names a backend that cannot be loaded; the text says where, and what to correct."""


def backend_in_use() -> KeyringBackend:
    """The backend in use. Where there was none it is searched for again: a Secret Service may start after the server.

    Raises:
        BackendNotLoaded: the variable or the library's configuration file names none that can be used.
    """
    import keyring
    from keyring.backends import fail

    try:
        found = keyring.get_keyring()
        return _search_again() if isinstance(found, fail.Keyring) else found
    except Exception as error:
        # The library imports whatever is named, which fails in any way.
        raise BackendNotLoaded(_reason(os.environ.get(NAMED_BY))) from error


def _search_again() -> KeyringBackend:
    from keyring import backend, core

    # The library remembers which backends can be used.
    with contextlib.suppress(KeyError):
        backend.get_all_keyring.reset()
    core.init_backend()
    return core.get_keyring()


def _reason(name: str | None) -> str:
    if name is None:
        return "The keyring that keyring's file keyringrc.cfg names cannot be used: correct or delete that file"
    if not name.strip():
        return f"{NAMED_BY} is set and names no keyring: unset it, or name one"
    return f'The keyring "{name}" that {NAMED_BY} names cannot be used: correct the name or unset the variable'
