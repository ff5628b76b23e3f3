"""Finds the provider that answers in place of one that has no key."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from modelport.domain.ports import Environment
from modelport.domain.providers import address
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.credentials import Credentials


class InstalledPrograms(Protocol):
    """Tells which programs that serve providers are on this machine."""

    async def installed(self, row: Provider) -> bool | None:
        """Whether the provider's program is on this machine; None where it needs none."""
        ...


class StandIns:
    """The providers that rows name for calls without a key, as far as their programs are installed."""

    def __init__(
        self, registry: Registry, environment: Environment, credentials: Credentials, programs: InstalledPrograms
    ) -> None:
        self._registry = registry
        self._environment = environment
        self._credentials = credentials
        self._programs = programs

    async def answering(self, target: Target, overrides: Overrides) -> Target:
        """The target, or that of its stand-in, with the reason; ``overrides`` are those of the calls to the provider.

        A provider at an address of the user's own, or with headers of the user's, which may be a log-in, is called
        itself.
        """
        row, stand_in = target.provider, target.provider.without_key
        if stand_in is None or overrides.headers or overrides.header_sources:
            return target
        if address.is_given(row, overrides.base_url, overrides.over(self._environment.variables())):
            return target
        other = self._registry.find(stand_in.provider)
        if other is None or not await self._programs.installed(other):
            return target
        (credential,) = await self._credentials.statuses([(row, overrides, None)])
        if credential.source != "none":
            return target
        named = target.model and f"{stand_in.model_prefix}{target.model}"
        reason = f"{row.display_name} has no key, and {other.display_name} answers in its place"
        return replace(target, provider=other, model=named, reason=reason, connection=None)
