"""Log-ins at a provider: the request for one, the port to what carries it out, and the address that comes with one."""

from __future__ import annotations

from typing import Protocol

import msgspec
from msgspec import Struct

from modelport.domain.log_ins.entry import is_safe
from modelport.domain.log_ins.flow import Tell, Tokens
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential
from modelport.protocol.secret import Secret
from modelport.protocol.types import LoginMethod

VERSION = "/v1"


def called_at(endpoint: Endpoint, credential: Credential) -> Endpoint:
    """The endpoint with a credential, at the address that came with it unless the user has named another one."""
    named = credential.log_in.base_url if credential.log_in is not None else None
    base_url = endpoint.base_url
    if named and base_url == endpoint.provider.base_url:
        url = read_named(named)
        base_url = url if is_safe(url) else base_url
    return msgspec.structs.replace(endpoint, credential=credential, base_url=base_url)


def read_named(host: str) -> str:
    """The base URL of an address that a log-in gives, which may lack the scheme and the version."""
    url = (host if host.startswith(("http://", "https://")) else f"https://{host}").rstrip("/")
    return url if url.endswith(VERSION) else f"{url}{VERSION}"


class LogInRequest(Struct, frozen=True, kw_only=True):
    """A log-in to make. Of ``endpoint`` the provider and the settings of the network are used."""

    endpoint: Endpoint
    wire: LogInWire
    client_id: str
    method: LoginMethod


class LogInFlow(Protocol):
    """One log-in, to be run once."""

    async def run(self, tell: Tell) -> Tokens:
        """Calls ``tell`` when the user can begin, and returns when the provider has given the tokens.

        Raises:
            RequestFailed: refused, over, or the provider cannot be reached.
        """
        ...

    def paste(self, text: Secret) -> None:
        """Takes what the provider's page shows.

        Raises:
            InvalidParams: it does not belong to this log-in, or nothing is to be pasted.
        """
        ...


class LogInFlows(Protocol):
    """The ways to log in that this build has."""

    async def make(self, request: LogInRequest) -> LogInFlow:
        """A log-in by the method of the request; loaded off the event loop on first use."""
        ...
