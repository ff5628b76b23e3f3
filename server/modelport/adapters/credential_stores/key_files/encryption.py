"""Encrypts the entries of a key file under a passphrase: scrypt for the key, AES-256-GCM for each entry.

The names of the entries stay readable, so that they can be listed; each is bound to its value, so that none can be
put in the place of another. Source: RFC 7914 (scrypt), NIST SP 800-38D (GCM); cryptography's AESGCM and Scrypt.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from modelport.protocol.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
SALT_BYTES = 16
_CHECK = "modelport key file"


class WrongPassphrase(Exception):
    """The passphrase is not that of the file, or an entry was changed by something else."""


class NotInstalled(Exception):
    """The library that encrypts is not there."""


class Encryption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is encrypted. ``check`` is a known text, encrypted, by which a wrong passphrase is noticed."""

    method: Literal["scrypt-aes256gcm"] = "scrypt-aes256gcm"
    salt: str
    check: str
    # A file may have been made by somebody else: the limits keep it from taking all memory.
    n: Annotated[int, Meta(ge=2**14, le=2**20)] = 2**15
    r: Annotated[int, Meta(ge=1, le=16)] = 8
    p: Annotated[int, Meta(ge=1, le=4)] = 1


class Cipher:
    """Encrypts and decrypts values under names; it holds the key and never the passphrase."""

    def __init__(self, key: AESGCM) -> None:
        self._key = key

    def encrypt(self, name: str, value: Secret) -> str:
        """The value, encrypted and bound to its name, as base64."""
        nonce = os.urandom(NONCE_BYTES)
        return b64encode(nonce + self._key.encrypt(nonce, value.reveal().encode(), name.encode())).decode()

    def decrypt(self, name: str, text: str) -> Secret:
        """The value again.

        Raises:
            WrongPassphrase: it was not encrypted with this key, under this name.
        """
        from cryptography.exceptions import InvalidTag

        try:
            sealed = b64decode(text, validate=True)
            return Secret(self._key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode()).decode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise WrongPassphrase from error


def new_encryption(passphrase: Secret) -> tuple[Encryption, Cipher]:
    """An encryption for a new file.

    Raises:
        NotInstalled: the library is not there.
    """
    bare = Encryption(salt=b64encode(os.urandom(SALT_BYTES)).decode(), check="")
    cipher = _cipher(bare, passphrase)
    return Encryption(salt=bare.salt, check=cipher.encrypt("", Secret(_CHECK))), cipher


def open_encryption(encryption: Encryption, passphrase: Secret) -> Cipher:
    """The cipher of a file.

    Raises:
        WrongPassphrase: the passphrase is not that of the file.
        NotInstalled: the library is not there.
    """
    cipher = _cipher(encryption, passphrase)
    cipher.decrypt("", encryption.check)
    return cipher


def _cipher(encryption: Encryption, passphrase: Secret) -> Cipher:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    except ImportError as error:
        raise NotInstalled from error
    try:
        salt = b64decode(encryption.salt, validate=True)
        kdf = Scrypt(salt=salt, length=32, n=encryption.n, r=encryption.r, p=encryption.p)
    except ValueError as error:
        raise WrongPassphrase from error
    return Cipher(AESGCM(kdf.derive(passphrase.reveal().encode())))
