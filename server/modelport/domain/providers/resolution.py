"""Resolves the provider and the model of a request over a session's connections.

Source: the numbered list in ``protocol/methods/completion.md``, whose steps are the values of ``ResolutionStep``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.connection import OpenConnection, known_model
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Resolution, ResolutionStep


class NamedConnection(Struct, frozen=True):
    """A connection that nothing has opened, but that a key is stored for."""

    provider: Provider
    name: str
    """In lower case."""


def resolve(
    registry: Registry,
    connections: Sequence[OpenConnection],
    provider: str | None,
    model: str | None,
    resolution: Resolution | None = None,
    stored: Sequence[NamedConnection] = (),
) -> Target:
    """The target of a request, of which ``connections`` are those of its session: the active one, then the newest.

    ``stored`` are further ones, which a request means only where it has their name.

    Raises:
        InvalidParams: nothing is named and nothing is connected, a name is unknown, or the provider is not named and
            must be.
    """
    explicit = registry.is_explicit(resolution)
    named = _by_name(registry, connections, provider, model) or _by_stored_name(registry, stored, provider, model)
    if named is not None:
        return named
    if provider is None and model is None and not explicit:
        return _unnamed(registry, connections[:1])
    if provider is None and explicit:
        _require_provider(registry, model)
    found = None
    if provider is None and model is not None and not explicit:
        found = _connected(registry, connections, model)
    if found is None:
        found = registry.resolve(provider, model)
    if found.connection is not None:
        return found
    used = _of_provider(connections, found)
    if used is None:
        return found
    return replace(found, model=found.model or known_model(used), connection=used.name)


def _by_name(
    registry: Registry, connections: Sequence[OpenConnection], provider: str | None, model: str | None
) -> Target | None:
    """The target that names a connection; None where the request names none, or one that has its provider's name."""
    prefix, slash, rest = (model or "").partition("/")
    for open_ in connections:
        if open_.name == open_.provider.id:
            continue
        row = current(registry, open_)
        if provider is not None and provider.casefold() == open_.name.casefold():
            own = rest if slash and prefix.casefold() == open_.name.casefold() else model
            return Target(row, own or known_model(open_), connection=open_.name)
        if provider is None and prefix.casefold() == open_.name.casefold():
            return Target(row, rest or known_model(open_), connection=open_.name)
    return None


def _by_stored_name(
    registry: Registry, stored: Sequence[NamedConnection], provider: str | None, model: str | None
) -> Target | None:
    """The target that names a connection that a key is stored for: as provider, or in front of the model.

    Raises:
        InvalidParams: connections to several providers have the name, and the request does not say which is meant.
    """
    prefix, slash, rest = (model or "").partition("/")
    row = registry.find(provider) if provider is not None else None
    if provider is None and not slash and model is not None and registry.names_provider(model):
        return None
    wanted = (prefix if provider is None or (row is not None and slash) else provider).casefold()
    found = [one for one in stored if one.name == wanted and (row is None or one.provider.id == row.id)]
    if len(found) > 1:
        owners = " and ".join(one.provider.id for one in found)
        raise InvalidParams(
            f"Keys of {owners} are stored for {wanted}: give provider too, such as {found[0].provider.id}.",
            field="provider",
            model=model,
            action="name the provider",
        )
    own = (rest or None) if prefix.casefold() == wanted else model
    return Target(found[0].provider, own, connection=found[0].name) if found else None


def _of_provider(connections: Sequence[OpenConnection], found: Target) -> OpenConnection | None:
    """The connection for a provider: one that lists the model, else the one with the provider's name, else the newest.

    ``connections`` begin with the active one.
    """
    own = [open_ for open_ in connections if open_.provider.id == found.provider.id]
    listing = (open_ for open_ in own if found.model in open_.models)
    plain = (open_ for open_ in own if open_.name == open_.provider.id)
    return next(listing, None) or next(plain, None) or next(iter(own), None)


def _unnamed(registry: Registry, active: Sequence[OpenConnection]) -> Target:
    if active:
        return _active(registry, active[0], known_model(active[0]))
    if registry.default_target is None:
        raise InvalidParams(
            "Name a model, or connect a provider first with provider/connect.", field="model", action="name a model"
        )
    return registry.default_target


def _require_provider(registry: Registry, model: str | None) -> None:
    if model is not None and registry.find(model.partition("/")[0]) is not None:
        return
    if model is None:
        example, kind = "PROVIDER/MODEL", None
    else:
        # An unknown name keeps its own error, with the nearest names.
        example, kind = f"{registry.resolve(None, model).provider.id}/{model}", "unknown_model"
    raise InvalidParams(
        f"Name the provider too, such as {example}: with explicit resolution no other is looked for.",
        kind=kind,
        field="model",
        model=model,
        action="name the provider",
    )


def _connected(registry: Registry, connections: Sequence[OpenConnection], model: str) -> Target | None:
    """The target among the connections; None where the name means something else."""
    prefixed = registry.find(model.partition("/")[0]) is not None
    # A gateway lists ids that begin with another provider's name: only the connection in use is asked for those.
    for open_ in _listing(registry, connections[:1] if prefixed else connections, model):
        return _because("connection", registry, open_, model, "is connected and lists this model")
    # Only a bare name goes to a connection that does not list it: an unknown prefix is a mistake, and the name of a
    # provider means that one. Neither must send a prompt to another company.
    if connections and not prefixed and "/" not in model and not registry.names_provider(model):
        return _active(registry, connections[0], model)
    return None


def _listing(registry: Registry, connections: Sequence[OpenConnection], model: str) -> Iterator[OpenConnection]:
    """The connections whose server lists the model, then those whose provider is known to serve it."""
    yield from (open_ for open_ in connections if model in open_.models)
    yield from (open_ for open_ in connections if current(registry, open_) in registry.serves(model))


def _active(registry: Registry, open_: OpenConnection, model: str | None) -> Target:
    return _because("activeConnection", registry, open_, model, "is the active connection")


def _because(step: ResolutionStep, registry: Registry, open_: OpenConnection, model: str | None, reason: str) -> Target:
    row = current(registry, open_)
    return Target(row, model, resolved_by=step, reason=f"{row.display_name} {reason}", connection=open_.name)


def current(registry: Registry, open_: OpenConnection) -> Provider:
    """The row of a connection as the configuration has it now."""
    return registry.find(open_.provider.id) or open_.provider
