"""A keyring backend for tests: keys in a JSON file named by an environment variable, or one of several troubles."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, PasswordDeleteError


def _path() -> Path:
    return Path(os.environ["TEST_KEYRING_FILE"])


def _entries() -> dict[str, str]:
    return json.loads(_path().read_text()) if _path().exists() else {}


class FileKeyring(KeyringBackend):
    """Keeps keys in a file."""

    priority = 1  # type: ignore[assignment]
    name = "file for tests"

    def get_password(self, service: str, username: str) -> str | None:
        return _entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _path().write_text(json.dumps({**_entries(), f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        entries = _entries()
        if entries.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("No such password!")
        _path().write_text(json.dumps(entries))


class WinVaultKeyring(FileKeyring):
    """Takes as much as Windows does, 2,560 bytes in UTF-16. Source: wincred.h, CRED_MAX_CREDENTIAL_BLOB_SIZE."""

    name = "Windows for tests"

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise OSError(1783, "CredWrite: The stub received bad data")
        super().set_password(service, username, password)


class HangingKeyring(FileKeyring):
    """Waits for ever, like a dialog that is not answered."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(60)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(60)


class LockedKeyring(FileKeyring):
    """Fails like a dialog that was dismissed."""

    def get_password(self, service: str, username: str) -> str | None:
        raise InitError("Failed to unlock the collection: Prompt dismissed")

    set_password = get_password  # type: ignore[assignment]
    delete_password = get_password  # type: ignore[assignment]


@contextmanager
def used_keyring(file: Path) -> Iterator[Path]:
    """Makes the file the keyring of this process and of those it starts."""
    before = keyring.get_keyring()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEYRING_FILE", str(file))
        keyring.set_keyring(FileKeyring())
        yield file
    keyring.set_keyring(before)
