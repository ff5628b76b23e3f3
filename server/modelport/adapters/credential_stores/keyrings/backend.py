"""The backend that the keyring library uses: found again when it was absent, and explained when it cannot be loaded."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

RECOMMENDED = 1
"""The priority from which on the library recommends a backend. Source: keyring, KeyringBackend.priority."""
NAMED_BY = "PYTHON_KEYRING_BACKEND"
"""The variable of the keyring library that names a backend. Source: keyring, README, Configuring."""


class BackendNotLoaded(Exception):
    """The user names a backend that cannot be loaded; the text says where, and what to correct."""


def backend_in_use() -> KeyringBackend:
    """The backend in use. Where there was none, or no good one, it is searched for again.

    A Secret Service may start after the server, and the library remembers what it found at first.

    Raises:
        BackendNotLoaded: the variable or the library's configuration file names none that can be used.
    """
    import keyring
    from keyring.backends import fail

    try:
        found = keyring.get_keyring()
        return _search_again() if isinstance(found, fail.Keyring) or _may_be_bettered(found) else found
    except Exception as error:
        # The library imports whatever is named, which fails in any way.
        raise BackendNotLoaded(_reason(os.environ.get(NAMED_BY))) from error


def _may_be_bettered(found: KeyringBackend) -> bool:
    """Whether a Secret Service is there that a makeshift, such as a file, or a chain was chosen without."""
    from keyring.backends import SecretService, chainer, null

    if isinstance(found, chainer.ChainerBackend):
        without = not any(isinstance(one, SecretService.Keyring) for one in found.backends)
    else:
        without = found.priority < RECOMMENDED and not isinstance(found, null.Keyring)
    return without and bool(SecretService.Keyring.viable)


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
