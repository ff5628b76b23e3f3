"""Finds the provider and the model that a request means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.configuration import FailoverEntry, Finding, LocalModelsEntry, TelemetryEntry
from modelport.domain.providers.connection import Overrides, has_own_models
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret
from modelport.protocol.types import Resolution, ResolutionStep

if TYPE_CHECKING:
    from modelport.domain.budgets.budget import Budget

CONNECTION_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)
TYPO = 0.75
"""How alike an unknown name and a provider's are, from 0 to 1, for the one to be the other with a mistake."""


class Target(Struct, frozen=True):
    """A provider and, where the request named one, the model as that provider spells it."""

    provider: Provider
    model: str | None
    resolved_by: ResolutionStep = "request"
    """The step of the resolution that decided."""
    reason: str | None = None
    """Why it is this provider, for a person; None where the request names it."""
    connection: str | None = None
    """The name of the connection to use; None where the provider has none."""


class Registry:
    """The providers, found by id or alias in any case, and the models their rows list.

    ``defaults`` are the configuration's overrides, by provider id, ``common`` those of every other provider,
    ``default_target`` is the target of a request
    that names nothing, ``resolution`` the configuration's answer to whether a request must name its provider,
    ``local_models`` its table of the user's own model files, ``budgets`` its limits on what calls cost,
    ``telemetry`` its table of a collector, and ``passphrase_command`` what prints the passphrase of the key file.

    Raises:
        ValueError: two rows share a name.
    """

    def __init__(
        self,
        providers: Iterable[Provider],
        defaults: Mapping[str, Overrides] | None = None,
        common: Overrides | None = None,
    ) -> None:
        self._defaults = defaults or {}
        self._common = common or Overrides()
        self.default_target: Target | None = None
        self.resolution: Resolution = "automatic"
        self.local_models: LocalModelsEntry | None = None
        self.chains: Mapping[str, Sequence[str]] = {}
        self.failover = FailoverEntry()
        self.budgets: tuple[Budget, ...] = ()
        self.telemetry: TelemetryEntry | None = None
        self.passphrase_command: tuple[str, ...] = ()
        self._providers = tuple(providers)
        self._by_name: dict[str, Provider] = {}
        self._by_model: dict[str, list[Provider]] = {}
        for row in self._providers:
            for name in (row.id, *row.aliases):
                if self._by_name.setdefault(name.casefold(), row) is not row:
                    raise ValueError(f"two providers are called {name!r}")
            for model in listed_models(row):
                self._by_model.setdefault(model.casefold(), []).append(row)

    def replace(self, other: Registry) -> None:
        """Takes over the contents of another registry, for every request from now on."""
        self._providers, self._by_name, self._by_model = other._providers, other._by_name, other._by_model
        self._defaults, self._common, self.default_target = other._defaults, other._common, other.default_target
        self.local_models, self.resolution, self.budgets = other.local_models, other.resolution, other.budgets
        self.chains, self.failover = other.chains, other.failover
        self.telemetry, self.passphrase_command = other.telemetry, other.passphrase_command

    def all(self) -> tuple[Provider, ...]:
        """Every provider, in the order of the data file."""
        return self._providers

    def defaults(self, row: Provider) -> Overrides:
        """The configuration's overrides for a provider."""
        return self._defaults.get(row.id) or self._common

    def is_explicit(self, resolution: Resolution | None) -> bool:
        """Whether a request must name its provider. A request can only be stricter than the configuration."""
        return "explicit" in (self.resolution, resolution)

    def in_folder(self, row: Provider) -> bool:
        """Whether the provider's models are the user's own files."""
        return row.runner is not None and self.local_models is not None

    def find(self, name: str) -> Provider | None:
        """The provider with this id or alias, in any case."""
        return self._by_name.get(name.strip().casefold())

    def get(self, name: str, field: str = "provider") -> Provider:
        """The provider with this id or alias.

        Raises:
            InvalidParams: no provider has this name; the message offers the nearest ones.
        """
        row = self.find(name)
        if row is None:
            raise InvalidParams(
                f'No provider is called "{name}"{_did_you_mean(name, self._by_name)}; provider/list names them all.',
                kind="unknown_provider",
                field=field,
                action="name another provider",
            )
        return row

    def connection_name(self, given: str | None, row: Provider) -> str | None:
        """The name of a connection to a provider; None for the one that has the provider's id.

        Raises:
            InvalidParams: it is not made of what names are made of, or is the name of another provider.
        """
        other = self.find(given) if given is not None else row
        if other is not None and other.id == row.id:
            return None
        if given is None or other is not None or not CONNECTION_NAME.fullmatch(given):
            why = f"{other.display_name} has it" if other is not None else "use letters, digits, dots, - and _"
            raise InvalidParams(f"name cannot be the name of a connection: {why}.", field="name", provider=row.id)
        return given

    def check_prefix(self, row: Provider, secret: Secret, field: str) -> None:
        """Stops a key that is known to belong to another provider; a key that may be right always passes.

        Raises:
            InvalidParams: with kind ``invalid_key_format``.
        """
        marked = [other for other in self._providers if other.key_prefix and secret.startswith(other.key_prefix)]
        longest = max((len(other.key_prefix or "") for other in marked), default=0)
        owners = [other for other in marked if len(other.key_prefix or "") == longest]
        if row.key_prefix is None or not owners or row in owners:
            return
        raise InvalidParams(
            f"This is a key of {owners[0].display_name}, not of {row.display_name}, whose keys begin with "
            f"{row.key_prefix}: give the other key, or name {owners[0].id} as the provider.",
            kind="invalid_key_format",
            field=field,
            provider=row.id,
            action="give the provider's own key",
        )

    def resolve(self, provider: str | None, model: str | None) -> Target:
        """The target of a request over the rows alone: provider, then model prefix (id or alias), then catalog entry.

        A redundant prefix is removed (``openai`` with ``openai/gpt-4o``), a real one is kept
        (``openrouter`` with ``anthropic/claude-sonnet-4``).

        Raises:
            InvalidParams: neither is given, the provider or the prefix is unknown, or no single provider lists the
                model.
        """
        if provider is not None:
            row = self.get(provider)
            return Target(row, None if model is None else self._strip(row, model))
        if model is None:
            raise InvalidParams("Name a model or a provider.", field="model", action="name a model")
        prefix, slash, _ = model.partition("/")
        row = self.find(prefix)
        if row is not None and slash:
            return Target(row, self._strip(row, model))
        if row is not None and (row.default_model or has_own_models(row)) and not self.serves(model):
            # A provider's name in the place of a model means its default model, or the one that a local server has.
            return Target(row, None)
        if slash and not self.names_provider(model):
            self.get(prefix, "model")
        return self._by_catalog(model)

    def names_provider(self, model: str) -> bool:
        """Whether the name implies a provider: by its prefix, as listed in a row, or by its maker's patterns."""
        prefix, slash, _ = model.partition("/")
        named = bool(slash) and self.find(prefix) is not None
        return named or bool(self.serves(model)) or self.maker(model) is not None

    def serves(self, model: str) -> Sequence[Provider]:
        """The providers whose rows list this model."""
        return self._by_model.get(model.casefold(), ())

    def _strip(self, row: Provider, model: str) -> str:
        """The model without the provider's own name in front, unless the provider's own models carry it."""
        prefix, slash, name = model.partition("/")
        if not slash or self.find(prefix) is not row or row in self.serves(model):
            return model
        if not name:
            raise InvalidParams(
                f'"{model}" names a provider and no model: write {row.id}/MODEL.',
                kind="unknown_model",
                field="model",
                provider=row.id,
            )
        return name

    def maker(self, model: str) -> Provider | None:
        """The provider that makes the model, by the pattern of its names."""
        name = model.casefold()
        return next((row for row in self._providers if any(fnmatchcase(name, p) for p in row.model_patterns)), None)

    def _by_catalog(self, model: str) -> Target:
        rows = self.serves(model)
        # A bare model name means the lab's own service; hosts and gateways resell it.
        makers = [row for row in rows if row.category.endswith("Labs")] if len(rows) > 1 else rows
        if len(makers) == 1:
            row = makers[0]
            spelled = (name for name in listed_models(row) if name.casefold() == model.casefold())
            return Target(row, next(spelled), "catalog", f"{row.display_name} is known to serve this model")
        if not rows and (maker := self.maker(model)) is not None:
            return Target(maker, model, "maker", f"{maker.display_name} makes the models with such names")
        if rows:
            choices = ", ".join(f"{row.id}/{model}" for row in rows[:5])
            reason = f'Several providers serve "{model}": write one of {choices}'
        elif (named := self.find(model)) is not None:
            reason = f"{named.display_name} has no default model: write {named.id}/MODEL"
        else:
            reason = f'No provider is known for the model "{model}"{_did_you_mean(model, self._by_model)}'
            reason += ": write PROVIDER/MODEL, or give provider too"
        raise InvalidParams(reason + ".", kind="unknown_model", field="model", model=model, action="name the provider")


def listed_models(row: Provider) -> tuple[str, ...]:
    """The models a row names, its default first, each once."""
    names = (row.default_model, *row.example_models) if row.default_model else row.example_models
    return tuple(dict.fromkeys(names))


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    # Only a mistake pays for this import.
    from difflib import get_close_matches

    near = get_close_matches(name.casefold(), list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def chain_findings(registry: Registry) -> list[Finding]:
    """Warnings of the models in the configuration's chains that no provider is known for.

    A name that is like no provider's may be that of a connection, which a key is stored for at any time.
    """
    findings: list[Finding] = []
    for name, models in registry.chains.items():
        if not models:
            findings.append(Finding(("chains", name), "The chain has no model, so it is not used.", "warning"))
        for model in models:
            try:
                registry.resolve(None, model)
            except InvalidParams as error:
                if error.kind != "unknown_provider" or not _may_be_a_connection(registry, model.partition("/")[0]):
                    findings.append(Finding(("chains", name), error.message, "warning"))
    return findings


def _may_be_a_connection(registry: Registry, name: str) -> bool:
    # Only a name that is unknown pays for this import.
    from difflib import get_close_matches

    known = [word.casefold() for row in registry.all() for word in (row.id, *row.aliases)]
    return CONNECTION_NAME.fullmatch(name) is not None and not get_close_matches(
        name.casefold(), known, n=1, cutoff=TYPO
    )
