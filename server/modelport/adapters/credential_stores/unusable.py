"""The error of a credential store that cannot be used, with the state that it is in."""

from __future__ import annotations

from modelport.domain.errors import RequestFailed
from modelport.protocol.types import CredentialStoreState

OTHER_PLACES = (
    "set the provider's environment variable, set api_key_command in config.toml, or store the key in a file with "
    "modelport keys set PROVIDER --file"
)
"""Where a key can be given instead, as the end of a sentence."""


class Unusable(RequestFailed):
    """A store cannot be read or written now; the message says why, and ``action`` what to do."""

    def __init__(self, state: CredentialStoreState, message: str, action: str) -> None:
        super().__init__("keyring_unavailable", message, action=action)
        self.state: CredentialStoreState = state
