"""A file of keys in the configuration folder, for machines without a keyring: used only once a key was put there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

import anyio
import anyio.to_thread

from modelport.adapters.credential_stores.entries import decode, encode
from modelport.adapters.credential_stores.key_files.contents import Contents, KeyFile, Refused
from modelport.adapters.credential_stores.key_files.encryption import (
    Cipher,
    Encryption,
    NotInstalled,
    WrongPassphrase,
    new_encryption,
    open_encryption,
)
from modelport.adapters.credential_stores.unusable import Unusable
from modelport.adapters.system.user_path import short_path
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret, forget_frames
from modelport.protocol.types import CredentialStoreId, CredentialStoreState, CredentialStoreStatus

T = TypeVar("T")

FILE_NAME = "private/credentials.json"
"""Behind the configuration folder; the folder is of its own, so that it can be closed to others."""
MAX_AGE_S = 1.0
UNLOCK = "set MODELPORT_PASSPHRASE, or passphrase_command in the table credentials of config.toml"


class Passphrase(Protocol):
    """Where the passphrase of the file comes from."""

    async def find(self, *, unlock: bool) -> Secret | None:
        """The passphrase, or None; without ``unlock`` no command is run for it.

        Raises:
            RequestFailed: the command that prints it fails.
        """
        ...

    def is_pending(self) -> bool:
        """Whether a command prints it that has not been run yet."""
        ...


class FileStore:
    """A store over the file. Names can be listed without the passphrase."""

    id: ClassVar[CredentialStoreId] = "file"

    def __init__(self, path: Path, passphrase: Passphrase) -> None:
        self._file = KeyFile(path)
        self._passphrase = passphrase
        self._contents = Contents()
        self._read_at = -math.inf
        self._opened: tuple[Encryption, Cipher] | None = None

    @property
    def is_offered(self) -> bool:
        """Always: its state says whether there is one."""
        return True

    async def get(self, entry: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key of an entry; without ``unlock`` no command that prints the passphrase is run.

        ``fresh`` reads the file although it was read a moment ago.

        Raises:
            Unusable: the file is not safe, is broken, or is encrypted and there is no passphrase.
        """
        contents = await self._current(fresh=fresh)
        text = contents.entries.get(entry)
        if text is None:
            return None
        if contents.encryption is None:
            return decode(text.reveal())
        cipher = await self._cipher(contents.encryption, unlock=unlock)
        return decode((await self._run(partial(cipher.decrypt, entry, text.reveal()))).reveal())

    async def set(self, entry: str, key: StoredKey) -> None:
        """Stores a key, in place of any other of the entry; where there is a passphrase all entries are encrypted.

        Raises:
            Unusable: see ``get``; or it cannot be written.
        """
        contents = await self._current(fresh=True)
        passphrase = await self._passphrase.find(unlock=True)
        encryption, cipher = contents.encryption, None
        if encryption is not None:
            cipher = await self._cipher(encryption, unlock=True)
        elif passphrase is not None:
            encryption, cipher = await self._run(lambda: new_encryption(passphrase))

        def edit(old: Contents) -> Contents:
            if old.encryption != contents.encryption:
                raise Refused("another process encrypted it just now", "try again")
            entries = {**old.entries, entry: Secret(encode(key))}
            if cipher is not None:
                changed = entries if old.encryption is None else {entry: entries[entry]}
                entries |= {name: Secret(cipher.encrypt(name, text)) for name, text in changed.items()}
            return Contents(entries=entries, encryption=encryption)

        await self._change(edit)
        if encryption is not None and cipher is not None:
            self._opened = (encryption, cipher)

    async def delete(self, entry: str) -> bool:
        """Deletes a key; returns whether there was one. Needs no passphrase.

        Raises:
            Unusable: the file is not safe, is broken, or cannot be written.
        """
        if entry not in (await self._current(fresh=True)).entries:
            return False

        def edit(old: Contents) -> Contents:
            left = {name: text for name, text in old.entries.items() if name != entry}
            # Without an entry there is nothing that the passphrase protects, and the next file may have another.
            return Contents(entries=left, encryption=old.encryption if left else None)

        await self._change(edit)
        return True

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        """The entries of the file; none where it is not used."""
        try:
            return sorted((await self._current()).entries)
        except Unusable:
            return []

    def location(self, entry: str) -> str:
        """The file, as short as it can be written."""
        return short_path(self._file.path)

    def invalidate(self, provider: str) -> None:
        """Has the file read again at its next use."""
        self._read_at = -math.inf

    async def status(self, *, prompting: bool = False) -> CredentialStoreStatus:
        """Whether the file can be used. No command is run for its passphrase, also not with ``prompting``."""
        try:
            contents = await self._current(fresh=True)
            if not contents.entries:
                return self._status("disabled", "No key is in it: modelport keys set PROVIDER --file stores one.")
            if contents.encryption is not None and self._passphrase.is_pending():
                return self._status("locked", "It is encrypted; passphrase_command is run when a key is needed.")
            if contents.encryption is not None:
                await self._cipher(contents.encryption, unlock=False)
        except Unusable as error:
            return self._status(error.state, error.message, error.action)
        except RequestFailed as error:
            return self._status("locked", error.message, error.action)
        kept = "encrypted" if contents.encryption is not None else "not encrypted"
        return self._status("available", f"Entries with keys: {len(contents.entries)}, {kept}.")

    def _status(self, state: CredentialStoreState, detail: str, action: str | None = None) -> CredentialStoreStatus:
        return CredentialStoreStatus(id=self.id, state=state, name=self.location(""), detail=detail, action=action)

    async def _current(self, *, fresh: bool = False) -> Contents:
        """What is in the file, read at most once a second."""
        if fresh or anyio.current_time() - self._read_at >= MAX_AGE_S:
            self._contents = await self._run(self._file.read)
            self._read_at = anyio.current_time()
        return self._contents

    async def _change(self, edit: Callable[[Contents], Contents]) -> None:
        self._contents = await self._run(lambda: self._file.change(edit))
        self._read_at = anyio.current_time()

    async def _cipher(self, encryption: Encryption, *, unlock: bool) -> Cipher:
        if self._opened is not None and self._opened[0] == encryption:
            return self._opened[1]
        passphrase = await self._passphrase.find(unlock=unlock)
        if passphrase is None:
            raise Unusable(
                "locked", f"{self.location('')} is encrypted, and there is no passphrase for it: {UNLOCK}.", UNLOCK
            )
        cipher = await self._run(lambda: open_encryption(encryption, passphrase))
        self._opened = (encryption, cipher)
        return cipher

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work)
        except Refused as error:
            # In the frames that wrote it are the keys.
            forget_frames(error)
            raise Unusable(
                "unavailable", f"{self.location('')} is not used, because {error}: {error.action}.", error.action
            ) from error
        except WrongPassphrase as error:
            raise Unusable(
                "locked", f"{self.location('')} is encrypted with another passphrase: {UNLOCK}.", UNLOCK
            ) from error
        except NotInstalled as error:
            action = 'install it with pip install "modelport[encrypted]"'
            raise Unusable(
                "unavailable", f"What encrypts {self.location('')} is not installed: {action}.", action
            ) from error
