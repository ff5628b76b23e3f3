"""Compares candidates with the stored keys, stores those that are new, and reports each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.key_imports.found import Place
from modelport.domain.key_imports.report import KeyStatus, ReportedKey, ReportedPlace
from modelport.domain.ports import CredentialStore
from modelport.domain.providers.base_urls import shown
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.registry import Registry
from modelport.engine.key_imports.candidates import Candidate
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.secret import Secret


class KeyStoring:
    """Stores keys that no other key stands in the way of. A stored key is never replaced."""

    def __init__(self, registry: Registry, credentials: Credentials, store: CredentialStore) -> None:
        self._registry = registry
        self._credentials = credentials
        self._store = store

    async def reported(
        self, keys: Sequence[Candidate], new_providers: Collection[str], *, stores: bool
    ) -> tuple[list[ReportedKey], str | None]:
        """What becomes of each key, and why the store cannot be used where it cannot.

        With ``stores`` they are stored; without it the user is asked to unlock nothing. ``new_providers`` are those
        whose tables are new, and known only once they are written.
        """
        reports: list[ReportedKey] = []
        taken: dict[str, str | None] = {}
        trouble: str | None = None
        for key in keys:
            status, reason = self._refused(key, new_providers, taken)
            if status == "found" and trouble is not None:
                status, reason = "failed", trouble
            if status == "found":
                taken[key.provider] = key.secret.last4 if key.secret else None
                try:
                    status, reason = await self._stored(key, new_providers, stores=stores)
                except RequestFailed as error:
                    trouble = error.message
                    status, reason = ("failed", trouble) if stores else ("found", None)
            reports.append(_report(key, status, reason))
        return reports, trouble

    def _refused(
        self, key: Candidate, new_providers: Collection[str], taken: dict[str, str | None]
    ) -> tuple[KeyStatus, str | None]:
        """Why a key is not even compared with the stored one; ``found`` where it is."""
        row = self._registry.find(key.provider)
        if key.reason is not None or key.secret is None:
            return "skipped", key.reason
        if row is None and key.provider not in new_providers:
            return (
                "skipped",
                f"No provider has this name: add it to config.toml, then modelport keys set {key.provider}.",
            )
        if key.provider in taken:
            which = f" that ends in {taken[key.provider]}" if taken[key.provider] else ""
            return (
                "skipped",
                f"The key{which} comes first: modelport keys set {key.provider} --add keeps this one, too.",
            )
        if row is not None and key.base_url is None:
            try:
                self._registry.check_prefix(row, key.secret, "secret")
            except InvalidParams as error:
                return "skipped", error.message
        return "found", None

    async def _stored(
        self, key: Candidate, new_providers: Collection[str], *, stores: bool
    ) -> tuple[KeyStatus, str | None]:
        row = self._registry.find(key.provider)
        if row is None or key.secret is None:
            # The table of its provider is written before keys are stored.
            return (
                ("skipped", "Its provider could not be added: see modelport config check.")
                if stores
                else ("found", None)
            )
        before = await self._before(row.id, unlock=stores)
        if before is not None:
            if key.secret in (before.secret, *before.more):
                return "same", None
            which = f"the one that ends in {before.secret.last4}" if before.secret.last4 else "another one"
            return "kept", f"The keyring keeps {which}: modelport keys set {row.id} replaces it."
        if not stores:
            return "found", None
        try:
            await self._credentials.store(row.id, key.secret, key.base_url)
        except InvalidParams as error:
            return "skipped", error.message
        return "stored", None

    async def _before(self, provider: str, *, unlock: bool) -> StoredKey | None:
        """The key that is stored for a provider; an unreadable one counts as a key without letters to show."""
        try:
            return await self._store.get(provider, unlock=unlock)
        except RequestFailed:
            if unlock or provider not in await self._store.providers():
                raise
            return StoredKey(Secret(""))


def _report(key: Candidate, status: KeyStatus, reason: str | None) -> ReportedKey:
    return ReportedKey(
        provider=key.provider,
        status=status,
        last4=key.secret.last4 if key.secret else None,
        base_url=shown(key.base_url) if key.base_url else None,
        reason=reason,
        places=tuple(_place(place, removable=status in ("found", "stored", "same")) for place in key.places),
    )


def _place(place: Place, *, removable: bool) -> ReportedPlace:
    removal: str | None = None
    if removable:
        if place.is_whole_line and place.line is not None:
            removal = f"Remove line {place.line} of {place.path}."
        else:
            line = f", line {place.line}," if place.line is not None else ""
            removal = f"Remove {place.entry}{line} from {place.path}."
    return ReportedPlace(program=place.program, path=place.path, entry=place.entry, line=place.line, removal=removal)
