"""The chains of the configuration file: which one goes with a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.configuration import did_you_mean
from modelport.protocol.types import CompletionRole

DEFAULT = "default"
PREFIX = "chain"
"""What stands before the name of a chain, in the place of a provider."""

Chains = Mapping[str, Sequence[str]]
"""Models to call in turn, by name."""
NamedChain = tuple[str, Sequence[str]]


def chain_of_role(chains: Chains, role: CompletionRole | None) -> NamedChain:
    """The chain of a role with its name, else the default one; without models where there is neither."""
    if role is not None and chains.get(role):
        return role, chains[role]
    return DEFAULT, chains.get(DEFAULT, ())


def named_chain(chains: Chains, provider: str | None, model: str | None) -> NamedChain | None:
    """The chain that a request names as its model; None where it names none.

    Raises:
        InvalidParams: there is no chain of this name.
    """
    prefix, slash, name = (model or "").partition("/")
    if provider is not None or not slash or prefix != PREFIX:
        return None
    if name not in chains:
        known = did_you_mean(name, tuple(chains)) or (f" (there are {', '.join(sorted(chains))})" if chains else "")
        raise InvalidParams(
            f'No chain is called "{name}"{known}: define it under [chains] in config.toml.',
            kind="unknown_model",
            field="model",
            model=model,
            action="define the chain",
        )
    return name, chains[name]
