"""Loads the use cases over all keys; import-heavy, so call it in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelport.app.core import Core

if TYPE_CHECKING:
    from modelport.engine.credentials.use_cases import KeyCases


def load_keys(core: Core) -> KeyCases:
    """Lists, checks and deletes the keys that are found without any connection."""
    from modelport.engine.credentials.checks import KeyChecks
    from modelport.engine.credentials.deletion import KeyDeletion
    from modelport.engine.credentials.key_endpoints import KeyEndpoints
    from modelport.engine.credentials.listing import CredentialList
    from modelport.engine.credentials.use_cases import KeyCases
    from modelport.engine.providers.stored_connections import StoredConnections

    listing = CredentialList(core.registry, core.credentials, core.circuits, core.ledger, core.clock)
    stored = StoredConnections(core.registry, core.credentials)
    endpoints = KeyEndpoints(core.registry, listing, stored, core.endpoints, core.guard)
    return KeyCases(
        listing=listing,
        checks=KeyChecks(endpoints, core.dialects, core.circuits),
        deletion=KeyDeletion(core.registry, core.credentials, core.store, listing),
    )
