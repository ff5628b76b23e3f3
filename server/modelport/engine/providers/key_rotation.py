"""Which of a provider's keys is sent: one stays in use until it fails, since a prompt cache belongs to a key."""

from __future__ import annotations

from collections.abc import Collection

from modelport.domain.providers.credential import Credential


class KeyRotation:
    """Remembers, for the life of the process, the key of each provider and connection that is in use."""

    def __init__(self) -> None:
        self._in_use: dict[tuple[str, str | None], str] = {}

    def choose(self, credential: Credential, tried: Collection[str]) -> Credential:
        """The key in use, else the next one in their order whose fingerprint is not among ``tried``.

        It is the one in use from now on. Where all were tried it is the first again.
        """
        if not credential.alternatives:
            return credential
        owner = (credential.provider, credential.connection)
        keys = credential.keys()
        fingerprints = [key.fingerprint for key in keys]
        in_use = self._in_use.get(owner)
        start = fingerprints.index(in_use) if in_use in fingerprints else 0
        untried = (n for n in (*range(start, len(keys)), *range(start)) if fingerprints[n] not in tried)
        chosen = next(untried, 0)
        self._in_use[owner] = fingerprints[chosen]
        return keys[chosen]
