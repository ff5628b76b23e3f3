"""The use cases over all keys, as the front ends find them."""

from __future__ import annotations

from msgspec import Struct

from modelport.engine.credentials.checks import KeyChecks
from modelport.engine.credentials.deletion import KeyDeletion
from modelport.engine.credentials.listing import CredentialList


class KeyCases(Struct, frozen=True, kw_only=True):
    """What can be done with the keys that are found."""

    listing: CredentialList
    checks: KeyChecks
    deletion: KeyDeletion
