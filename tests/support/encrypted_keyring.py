"""The encrypted file of keyrings.alt with its password from the environment; by itself it asks on the terminal."""

from __future__ import annotations

from keyrings.alt.file import EncryptedKeyring


class EncryptedFile(EncryptedKeyring):
    """Takes ``KEYRING_PROPERTY_KEYRING_KEY``, as the keyring library's other backends do."""

    def __init__(self) -> None:
        super().__init__()
        self.set_properties_from_env()
