"""The interface of log-ins, which add a token or a signature; a provider with a plain key needs none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint

_PATH = re.compile(r"(?<![:\w/])(?:~|[A-Za-z]:)?[\\/][\w.\\/ -]*[\w.-]")


StartProgram = Callable[..., Any]
"""Takes the arguments of ``subprocess.Popen``; what it returns has ``communicate`` and ``returncode``."""


class Unsigned(Struct, frozen=True):
    """A request as it will be sent, but for its signature."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


class LogIn(Protocol):
    """One kind of log-in.

    Raises:
        RequestFailed: there is nothing to log in with, or the vendor refuses it.
    """

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the token, and the address, that calls use now."""
        ...

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Headers that have to be computed from the request as it will be sent."""
        ...

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Drops a token that was just refused; returns whether another one may be had."""
        ...


def reason(error: Exception) -> str:
    """The message of a library's error, fit to be shown: one line, cut to length, without the paths of files."""
    message = str(error.args[0] if error.args else error)
    return _PATH.sub("a file", " ".join(message.split()))[:200].rstrip(". ")


def needs(endpoint: Endpoint, extra: str) -> RequestFailed:
    """The failure for a missing library that an extra installs."""
    return RequestFailed(
        "unsupported",
        f"{endpoint.provider.display_name} needs one more library: install modelport[{extra}].",
        provider=endpoint.provider.id,
        action=f"install modelport[{extra}]",
    )
