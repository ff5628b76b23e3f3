"""What a Secret Service tells without a password: whether it is locked, and the names of the entries."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import secretstorage
    from keyring.backend import KeyringBackend
    from keyring.backends.SecretService import Keyring

SETTLED_S = 2.0
"""How long after a change its time may still be that of a further one."""


def secret_service(used: KeyringBackend) -> Keyring | None:
    """The Secret Service among the backends in use."""
    from keyring.backends import SecretService

    found = (one for one in getattr(used, "backends", [used]) if isinstance(one, SecretService.Keyring))
    return next(found, None)


def is_locked(service: Keyring) -> bool:
    """Whether reading a key would ask the owner; a keyring that is to be created asks, too."""
    import secretstorage

    try:
        with _collection(service) as collection:
            return collection.is_locked()
    except secretstorage.ItemNotFoundException:
        return True


def names_of(service: Keyring, application: str) -> tuple[frozenset[str], bool]:
    """The names of the application's entries, and whether these are all.

    One that has not been unlocked since the log-in may tell how many there are and not their names.
    """
    import secretstorage

    attributes = service.schemes[service.scheme]
    try:
        with _collection(service) as collection:
            items = collection.search_items({attributes["service"]: application})
            names = [item.get_attributes().get(attributes["username"]) for item in items]
            locked = collection.is_locked()
    except secretstorage.ItemNotFoundException:
        return frozenset(), False
    return frozenset(name for name in names if name), all(names) and not locked


def version_of(service: Keyring, application: str, entry: str) -> tuple[tuple[str, int], ...] | None:
    """A value that changes whenever the entry does, at a tenth of the cost of reading it; None where that is unsure.

    Reading a secret takes the exchange of a key with the service, its time of change does not, nor an unlocked keyring.
    Source: Secret Service API, Item, ``Modified``: whole seconds.
    """
    import secretstorage

    attributes = service.schemes[service.scheme]
    wanted = {attributes["service"]: application, attributes["username"]: entry}
    try:
        with _collection(service) as collection:
            found = [(item.item_path, item.get_modified()) for item in collection.search_items(wanted)]
    except secretstorage.ItemNotFoundException:
        return None
    # Two changes in one second have one time, and some services have none.
    settled = time.time() - SETTLED_S
    return tuple(sorted(found)) if all(0 < modified < settled for _, modified in found) else None


@contextlib.contextmanager
def _collection(service: Keyring) -> Generator[secretstorage.Collection]:
    # Not by the library's own way, which makes a collection where there is none and asks for a password for it.
    import secretstorage

    path: str | None = getattr(service, "preferred_collection", None)
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        yield secretstorage.Collection(bus, path) if path else secretstorage.Collection(bus)
