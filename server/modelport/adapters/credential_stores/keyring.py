"""The operating system's keyring, through the keyring library, never on the event loop.

A keyring may have to ask its owner to unlock it, so every access runs in a worker thread with a
time limit, one at a time; while one hangs, the next fails at once.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from modelport.adapters.credential_stores.entries import decode, encode
from modelport.adapters.credential_stores.index_file import IndexFile
from modelport.adapters.credential_stores.keyring_backend import BackendNotLoaded, backend_in_use
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret, forget_frames

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")
SERVICE = "modelport"
DEFAULT_TIMEOUT_S = 20.0
RECHECK_INTERVAL_S = 1.0
MAX_HANGING_THREADS = 2
OTHER_PLACES = "set the provider's environment variable, or set api_key_command in config.toml"


class KeyringStore:
    """A ``CredentialStore`` over the keyring; keys are cached until any process changes one."""

    def __init__(self, index: Path, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._index = IndexFile(index)
        self._timeout_s = timeout_s
        self._limiter = anyio.CapacityLimiter(1)
        self._cache: dict[str, StoredKey | None] = {}
        self._names: list[str] = []
        self._version = -1
        self._looked_at = -math.inf
        self._hanging = 0
        self._absent = False

    async def get(self, provider: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key kept for a provider; no keyring counts as no key, and one that is locked fails without ``unlock``.

        ``fresh`` reads it from the keyring although it is known.
        """
        await self._look()
        if fresh or provider not in self._cache:
            self._cache[provider] = await self._run(lambda: _read(provider, unlock=unlock))
        return self._cache[provider]

    async def set(self, provider: str, key: StoredKey) -> None:
        """Keeps a key, in place of any other of the provider.

        Raises:
            RequestFailed: no keyring can be used, or it does not give the key back.
        """
        await self._run(lambda: _write(provider, key), needed=True)
        await self._change(lambda: self._index.add(provider))

    async def delete(self, provider: str) -> bool:
        """Deletes a key; returns whether there was one."""
        found = await self._run(lambda: _remove(provider), needed=True)
        await self._change(lambda: self._index.remove(provider))
        return bool(found)

    async def providers(self) -> Sequence[str]:
        """The providers a key is kept for."""
        await self._look()
        return self._names

    def location(self, provider: str) -> str:
        """The entry's name, as the keyring's own programs show it."""
        return f"{SERVICE}/{provider}"

    async def describe(self, *, unlock: bool = True) -> str:
        """The keyring's name; without ``unlock`` it is not read, so that a locked one does not ask its owner.

        Raises:
            RequestFailed: there is none, it does not answer, or it keeps nothing.
        """
        return await self._run(lambda: _describe(read=unlock), needed=True) or ""

    async def _look(self) -> None:
        """Clears the cache when another process changed a key or no keyring was there; looks at most once a second."""
        if anyio.current_time() - self._looked_at < RECHECK_INTERVAL_S:
            return
        version = await anyio.to_thread.run_sync(self._index.version)
        if version != self._version or self._absent:
            self._names = await anyio.to_thread.run_sync(self._index.read)
            self._version, self._absent = version, False
            self._cache.clear()
        self._looked_at = anyio.current_time()

    async def _change(self, change: Callable[[], None]) -> None:
        await anyio.to_thread.run_sync(change)
        self._looked_at, self._version = -math.inf, -1

    def _counted(self, work: Callable[[], T]) -> T:
        """Runs on the worker thread; counts the threads that are under way, abandoned ones too."""
        self._hanging += 1
        try:
            return work()
        finally:
            self._hanging -= 1

    async def _run(self, work: Callable[[], T], *, needed: bool = False) -> T | None:
        if self._hanging >= MAX_HANGING_THREADS:
            raise _stuck()
        with anyio.move_on_after(self._timeout_s):
            try:
                return await anyio.to_thread.run_sync(
                    self._counted, work, abandon_on_cancel=True, limiter=self._limiter
                )
            except _NoKeyring as error:
                if not needed:
                    # It may be started later.
                    self._absent = True
                    return None
                raise _unavailable(
                    f"This machine has no keyring that can be used ({error}): install one, {OTHER_PLACES}.",
                    "install a keyring such as gnome-keyring, or set keys in the environment",
                ) from error
            except BackendNotLoaded as error:
                raise _unavailable(
                    f"{error}, {OTHER_PLACES}.", "choose another keyring, or unset the choice"
                ) from error
            except _KeptNothing as error:
                raise _unavailable(
                    f"The keyring {error} keeps nothing: choose another one with keyring's configuration or "
                    f"PYTHON_KEYRING_BACKEND, {OTHER_PLACES}.",
                    "choose another keyring, or set keys in the environment",
                ) from error
            except _KeyringFailed as error:
                raise _unavailable(
                    f"The keyring refused ({error}): unlock it, {OTHER_PLACES}.", "unlock the keyring"
                ) from error
        raise _stuck()


class _NoKeyring(Exception):
    pass


class _KeyringFailed(Exception):
    pass


class _KeptNothing(Exception):
    """Holds the keyring's name."""


def _stuck() -> RequestFailed:
    return _unavailable(f"The keyring does not answer: unlock it, {OTHER_PLACES}.", "unlock the keyring")


def _unavailable(message: str, action: str) -> RequestFailed:
    return RequestFailed("keyring_unavailable", message, action=action)


def _translated(work: Callable[[KeyringBackend], T]) -> T:
    """The result of the work with the backend in use."""
    import keyring.errors

    backend = backend_in_use()
    try:
        return work(backend)
    except keyring.errors.NoKeyringError as error:
        forget_frames(error)
        raise _NoKeyring("none is installed or running") from error
    except keyring.errors.PasswordDeleteError:
        raise
    except keyring.errors.KeyringError as error:
        # In the frames of a backend is the key.
        forget_frames(error)
        raise _KeyringFailed(str(error).rstrip(".! ") or type(error).__name__) from error
    except Exception as error:
        # Backends let errors of D-Bus, the Keychain and the like through.
        forget_frames(error)
        raise _KeyringFailed(type(error).__name__) from error


def _read(provider: str, *, unlock: bool) -> StoredKey | None:
    if not unlock and _translated(_is_locked):
        raise _KeyringFailed("it is locked")
    text = _translated(lambda backend: Secret(backend.get_password(SERVICE, provider) or ""))
    return decode(text.reveal()) if text else None


def _is_locked(used: KeyringBackend) -> bool:
    """Whether the keyring would ask its owner; False where that is unknown without a prompt."""
    from keyring.backends import SecretService

    for backend in getattr(used, "backends", [used]):
        if isinstance(backend, SecretService.Keyring):
            return _collection_is_locked(getattr(backend, "preferred_collection", None))
    return False


def _collection_is_locked(path: str | None) -> bool:
    # Not by the library's own way, which makes a collection where there is none and asks for a password for it.
    import secretstorage

    with contextlib.closing(secretstorage.dbus_init()) as bus:
        try:
            collection = secretstorage.Collection(bus, path) if path else secretstorage.Collection(bus)
            return collection.is_locked()
        except secretstorage.ItemNotFoundException:
            return True


def _write(provider: str, key: StoredKey) -> None:
    import keyring

    text = Secret(encode(key))
    _translated(lambda _: keyring.set_password(SERVICE, provider, text.reveal()))
    # Keyring's null backend, which "keyring --disable" selects, takes every key and keeps none.
    if _translated(lambda backend: Secret(backend.get_password(SERVICE, provider) or "")) != text:
        raise _KeptNothing(_translated(_name))


def _remove(provider: str) -> bool:
    import keyring.errors

    try:
        _translated(lambda backend: backend.delete_password(SERVICE, provider))
    except keyring.errors.PasswordDeleteError:
        return False
    return True


def _describe(*, read: bool) -> str:
    from keyring.backends import fail, null

    backend = backend_in_use()
    if isinstance(backend, null.Keyring):
        raise _KeptNothing(_name(backend))
    if read or isinstance(backend, fail.Keyring):
        # The one that stands for none says so when it is read.
        _translated(lambda used: used.get_password(SERVICE, "modelport-doctor"))
    return _name(backend)


def _name(backend: object) -> str:
    return str(getattr(backend, "name", type(backend).__name__))
