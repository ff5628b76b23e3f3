"""What may be sent to a port of this machine at which the user named no address, by whose program listens there.

Any account can listen on a free port, and on the usual port of a model server while that server is not running.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import ResolutionStep

Account = Literal["own", "administrator", "system", "person", "unknown"]
"""The account that a program runs as: this user's, root, one of the system's, another person's."""
Owner = Literal["own", "administrator", "service", "system", "unknown", "person"]
"""The same; ``service`` is the system account that the provider's row names."""
Sent = Literal["default_prompt", "prompt", "key"]
"""``default_prompt`` is that of a request that names nothing, ``prompt`` that of one that names the provider."""

ALLOWED: dict[Owner, frozenset[Sent]] = {
    "own": frozenset({"default_prompt", "prompt", "key"}),
    "administrator": frozenset({"default_prompt", "prompt", "key"}),
    "service": frozenset({"default_prompt", "prompt", "key"}),
    # Its answers say what it is, and nothing says more.
    "unknown": frozenset({"default_prompt", "prompt"}),
    # Only an administrator starts programs as such an account, but which model server would do so is not known.
    "system": frozenset({"prompt"}),
    "person": frozenset(),
}
"""What may be sent to whose program, the most trusted first."""
_DEFAULTS: frozenset[ResolutionStep] = frozenset({"credential", "localServer"})
"""The steps that choose a target for a request that names nothing."""


Ends = tuple[tuple[str, int], tuple[str, int]]
"""The two ends of a connection as this process sees it, its own first: the number of a host, and a port."""


class ListeningProgram(Struct, frozen=True):
    """The account of a program that listens, with its name where that is known."""

    account: Account
    name: str | None = None


class PortListeners(Protocol):
    """The accounts whose programs listen on a port of this machine."""

    @property
    def sees_others(self) -> bool:
        """Whether the system shows listeners of other accounts; else only this user's own are seen."""
        ...

    async def at(self, host: str, port: int) -> Sequence[ListeningProgram]:
        """The listeners that a connection to a loopback host may reach; none where the system shows none."""
        ...

    async def of_connection(self, ends: Ends) -> Sequence[ListeningProgram]:
        """Who holds the other end of an open connection, or will; none where the system does not show it."""
        ...


def owner(programs: Collection[ListeningProgram], row: Provider) -> Owner:
    """Whose program listens at an address; the least trusted where several do, unknown where none is seen."""
    kinds = [_owner(program, row) for program in programs] or ["unknown"]
    return next(kind for kind in reversed(ALLOWED) if kind in kinds)


def _owner(program: ListeningProgram, row: Provider) -> Owner:
    if row.system_user and program.name == row.system_user and program.account in ("system", "person"):
        return "service"
    return program.account


def carries_key(endpoint: Endpoint) -> bool:
    """Whether a request to an endpoint holds a key, or headers of the user's own, which may be one."""
    return endpoint.credential.secret is not None or bool(endpoint.headers)


def permitted(endpoint: Endpoint, kind: Owner, step: ResolutionStep) -> Endpoint:
    """The endpoint as far as a listener may have it: without the key where it may not have that.

    ``step`` is what chose the provider.

    Raises:
        RequestFailed: nothing may be sent to it.
    """
    prompt: Sent = "default_prompt" if step in _DEFAULTS else "prompt"
    if prompt not in ALLOWED[kind]:
        raise _refused(
            endpoint,
            f"The program that listens at {endpoint.base_url} runs as another user, so nothing is sent there: "
            f"{_how_to_name(endpoint)} if it is the {endpoint.provider.display_name} that you want.",
        )
    if "key" in ALLOWED[kind] or not carries_key(endpoint):
        return endpoint
    withheld = (
        f"it cannot be told whose program listens at {endpoint.base_url}, so the key is not sent there: "
        f"{_how_to_name(endpoint)} if it is yours"
    )
    if step == "credential":
        # It was chosen for its key, and its answers were not looked at.
        raise _refused(endpoint, f"{withheld[0].upper()}{withheld[1:]}.")
    credential = msgspec.structs.replace(endpoint.credential, secret=None)
    return msgspec.structs.replace(endpoint, credential=credential, headers={}, key_withheld=withheld)


def admitted(endpoint: Endpoint, kind: Owner) -> None:
    """Lets a request to an endpoint that ``permitted`` has returned go out on a connection that is open.

    Raises:
        RequestFailed: the other end is another program's than the one that was looked at.
    """
    step = endpoint.listener_for
    if step is not None and permitted(endpoint, kind, step) is not endpoint:
        raise _refused(
            endpoint,
            f"Another program than before listens at {endpoint.base_url}, and it cannot be told whose it is, so "
            f"nothing is sent there: {_how_to_name(endpoint)} if it is yours.",
        )


def _refused(endpoint: Endpoint, sentence: str) -> RequestFailed:
    return RequestFailed("forbidden", sentence, provider=endpoint.provider.id, action=_how_to_name(endpoint))


def _how_to_name(endpoint: Endpoint) -> str:
    variables = endpoint.provider.base_url_env_vars
    return f"set {variables[0]} to {endpoint.address}" if variables else f"give {endpoint.address} as the base URL"
