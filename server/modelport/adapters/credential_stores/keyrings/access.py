"""Reads, writes, deletes and lists entries with the backend in use, and tells its troubles apart. Blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from modelport.adapters.credential_stores.keyrings.backend import backend_in_use
from modelport.adapters.credential_stores.keyrings.long_values import (
    IncompleteError,
    delete_value,
    read_value,
    write_value,
)
from modelport.adapters.credential_stores.keyrings.secret_service import is_locked, names_of, secret_service, version_of
from modelport.protocol.secret import Secret, forget_frames

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")
SERVICE = "modelport"
NO_PROMPT = frozenset({"SecretService.Keyring", "WinVaultKeyring", "PlaintextKeyring"})
"""Backends of which an entry can be read without that the owner is asked, a Secret Service while it is unlocked."""


class NoKeyring(Exception):
    """There is none; the text says why."""


class KeyringFailed(Exception):
    """The keyring refused, or cannot be reached; the text says why, without a full stop."""


class KeyringIsLocked(KeyringFailed):
    """The keyring wants its owner's password, or did not get it."""


class KeepsNothing(Exception):
    """The keyring takes keys and gives none back; holds its name."""


Version = tuple[tuple[str, int], ...]


class Reread(NamedTuple):
    """The text of an entry, whether it may be read again at any time, and its version where that is known."""

    text: Secret | None
    repeatable: bool
    version: Version | None


class Unchanged(NamedTuple):
    """The entry is as it was, or might ask its owner to be read: in both cases it is not read."""

    repeatable: bool


class Listing(NamedTuple):
    """The entries of a keyring, as far as it lists them."""

    names: frozenset[str]
    complete: bool


def read(entry: str, *, unlock: bool) -> Secret | None:
    """The text of an entry, or None; without ``unlock`` a locked keyring fails and asks nobody.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded: the keyring cannot be used.
    """
    used = backend_in_use()
    if not unlock:
        _stay_locked(used)
    return _with(used, lambda backend: Secret(read_value(backend, SERVICE, entry) or "")) or None


def reread(entry: str, *, prompting: bool, version: Version | None) -> Reread | Unchanged:
    """The text of an entry, from a keyring that is unlocked, unless it is still of this version.

    Where reading it might ask the owner it is read only with ``prompting``.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded: the keyring cannot be used.
    """
    used = backend_in_use()
    prompts = not all(_kind(one) in NO_PROMPT for one in getattr(used, "backends", [used]))
    if prompts and not prompting:
        return Unchanged(repeatable=False)
    service = secret_service(used)
    now = (
        _with(used, lambda _: version_of(service, SERVICE, entry)) if service is not None and service is used else None
    )
    if now is not None and now == version:
        return Unchanged(repeatable=True)
    return Reread(read(entry, unlock=False), repeatable=not prompts, version=now)


def write(entry: str, text: Secret) -> None:
    """Stores a text, in place of any other of the entry, and reads it back.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded, KeepsNothing: it is not stored.
    """
    used = backend_in_use()
    _with(used, lambda backend: write_value(backend, SERVICE, entry, text.reveal()))
    # Keyring's null backend, which "keyring --disable" selects, takes every key and keeps none.
    if _with(used, lambda backend: Secret(read_value(backend, SERVICE, entry) or "")) != text:
        raise KeepsNothing(name_of(used))


def remove(entry: str) -> bool:
    """Deletes an entry; returns whether there was one.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded: the keyring cannot be used.
    """
    import keyring.errors

    try:
        _with(backend_in_use(), lambda backend: delete_value(backend, SERVICE, entry))
    except keyring.errors.PasswordDeleteError:
        return False
    return True


def list_names() -> Listing:
    """The entries that the keyring lists without a password; incomplete where it lists none or not all.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded: the keyring cannot be used.
    """
    used = backend_in_use()
    service = secret_service(used)
    if service is None:
        return Listing(frozenset(), complete=False)
    names, all_named = _with(used, lambda _: names_of(service, SERVICE))
    return Listing(frozenset(name for name in names if "#" not in name), complete=all_named and service is used)


def describe(*, prompting: bool) -> str:
    """The name of the keyring; with ``prompting`` it is read, to see that it answers.

    Raises:
        NoKeyring, KeyringFailed, BackendNotLoaded, KeepsNothing: the keyring cannot be used.
    """
    from keyring.backends import fail, null

    used = backend_in_use()
    if isinstance(used, null.Keyring):
        raise KeepsNothing(name_of(used))
    _stay_locked(used)
    if prompting or isinstance(used, fail.Keyring):
        # The one that stands for none says so when it is read.
        _with(used, lambda backend: backend.get_password(SERVICE, "modelport-doctor"))
    return name_of(used)


def name_of(backend: object) -> str:
    """What the keyring library calls a backend."""
    return str(getattr(backend, "name", type(backend).__name__))


def _kind(backend: KeyringBackend) -> str:
    """The name of a backend's class; most are called Keyring, and then the module is named, too."""
    kind = type(backend)
    return f"{kind.__module__.rpartition('.')[2]}.Keyring" if kind.__name__ == "Keyring" else kind.__name__


def _stay_locked(used: KeyringBackend) -> None:
    service = secret_service(used)
    if service is not None and _with(used, lambda _: is_locked(service)):
        raise KeyringIsLocked("it is locked")


def _with(backend: KeyringBackend, work: Callable[[KeyringBackend], T]) -> T:
    """The result of the work; a missing entry is the only error of the library that is let through."""
    import keyring.errors

    try:
        return work(backend)
    except keyring.errors.NoKeyringError as error:
        forget_frames(error)
        raise NoKeyring("none is installed or running") from error
    except keyring.errors.PasswordDeleteError:
        raise
    except (keyring.errors.KeyringLocked, keyring.errors.InitError) as error:
        forget_frames(error)
        raise KeyringIsLocked(_reason(error)) from error
    except keyring.errors.KeyringError as error:
        # In the frames of a backend is the key.
        forget_frames(error)
        raise KeyringFailed(_reason(error)) from error
    except IncompleteError as error:
        forget_frames(error)
        raise KeyringFailed("the entry is incomplete, so store the key again") from error
    except Exception as error:
        # Backends let errors of D-Bus, the Keychain and the like through.
        forget_frames(error)
        raise KeyringFailed(type(error).__name__) from error


def _reason(error: Exception) -> str:
    return str(error).rstrip(".! ") or type(error).__name__
