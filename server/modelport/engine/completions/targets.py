"""The targets of a completion request, each a fallback of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from modelport.domain.completions.request import read_request
from modelport.domain.errors import InvalidParams
from modelport.domain.failover.chains import PREFIX, chain_of_role, named_chain
from modelport.domain.failover.fitness import needs_of
from modelport.domain.providers.registry import Target
from modelport.engine.completions.candidates import Candidate, Candidates
from modelport.engine.completions.parts import CompletionParts
from modelport.engine.completions.preparation import Preparation
from modelport.engine.time_limit import TimeLimit
from modelport.protocol import types


class Targets:
    """Finds the targets of requests."""

    def __init__(self, parts: CompletionParts) -> None:
        self._parts = parts

    async def prepare(self, params: types.CreateCompletionParams, limit: TimeLimit, client: str | None) -> Preparation:
        """The preparation of the calls for a request of a client.

        Raises:
            InvalidParams: a parameter is wrong, or names what is not known.
            RequestFailed: the time was up.
        """
        request = read_request(params)
        found = await limit.within(lambda: self.find(params))
        candidates = Candidates(found, needs_of(request), self._parts.facts_of)
        return Preparation(self._parts, candidates, request, limit, role=params.role or "chat", client=client)

    async def find(self, params: types.CreateCompletionParams) -> list[Candidate]:
        """The targets in the order in which they are called, each once.

        What the request names comes first, then its fallbacks, then the chain of its role, unless it names another
        chain. Where it names nothing and nothing is connected, the chain comes before the order that needs no
        configuration.

        Raises:
            InvalidParams: one that is named is not known, or nothing is named and there is none.
        """
        connections = self._parts.connections
        chains = connections.configured.chains
        explicit = connections.is_explicit(params.resolution)
        name, models = chain_of_role(chains, params.role)
        # A provider of the user's own may have this name.
        named = None if connections.configured.find(PREFIX) else named_chain(chains, params.provider, params.model)
        has_chain = not explicit and named is None and params.fallbacks != ()
        chain = await self._chain(name, models, params) if has_chain else []
        is_named = params.provider is not None or params.model is not None
        automatic: Sequence[Target] = ()
        first: list[Target]
        if named is not None:
            first = await self._chain(*named, params)
            if not first:
                raise InvalidParams(
                    f"No model of the chain {named[0]} is known: modelport config check shows why.",
                    kind="unknown_model",
                    field="model",
                    model=params.model,
                    action="correct the chain",
                )
        elif is_named or not connections.takes_defaults(params.resolution):
            first = [await connections.target(params.provider, params.model, params.resolution)]
        else:
            first = (await self._chain(name, models, params))[:1]
            if not first and self._parts.defaults is not None:
                automatic = await self._parts.defaults.targets()
            if not first and not automatic:
                first = [await connections.target(None, None, params.resolution)]
        own = [*first, *await self._fallbacks(params), *chain]
        return [
            *(Candidate(target, own=False) for target in automatic),
            *(Candidate(target, own=True) for target in _once(own)),
        ]

    async def _fallbacks(self, params: types.CreateCompletionParams) -> list[Target]:
        targets: list[Target] = []
        for position, name in enumerate(params.fallbacks or ()):
            try:
                targets.append(await self._parts.connections.target(None, name, params.resolution))
            except InvalidParams as error:
                error.field = f"fallbacks[{position}]"
                raise
        return targets

    async def _chain(self, name: str, models: Sequence[str], params: types.CreateCompletionParams) -> list[Target]:
        """The targets of a chain; a model that is not known is left out, which the check of the file reports."""
        targets: list[Target] = []
        for model in models:
            try:
                target = await self._parts.connections.target(None, model, params.resolution)
            except InvalidParams:
                continue
            reason = f"the chain {name} of config.toml names it"
            targets.append(replace(target, resolved_by="chain", reason=reason))
        return targets


def _once(targets: Iterable[Target]) -> list[Target]:
    """The targets without those that came before: to call one again is no fallback."""
    found: dict[tuple[str, str | None, str | None], Target] = {}
    for target in targets:
        found.setdefault((target.provider.id, target.connection, target.model), target)
    return [*found.values()]
