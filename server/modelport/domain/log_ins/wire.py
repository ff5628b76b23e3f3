"""How users log in to a provider with OAuth, as data."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modelport.protocol.types import LoginMethod

HOST = "{host}"
"""Stands for the host in the addresses of a log-in."""


class LogInWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addresses and habits of a provider's log-in.

    Source: RFC 6749 (OAuth 2.0), RFC 8628 (device flow), RFC 7636 (PKCE), RFC 8252 (native apps).
    """

    needs_client_id: bool = True
    client_id: str | None = None
    """The public id of the program that logs in; absent where it is needed: the user registers one."""
    client_id_help: str | None = None
    """Where such an id is made, the end of a sentence."""
    scopes: tuple[str, ...] = ()
    host: str | None = None
    """What ``{host}`` in the addresses stands for."""
    device_url: str | None = None
    """Where a code for another device is had; absent: the provider has no device flow."""
    authorize_url: str | None = None
    """The page that sends the browser back with a code; absent: the provider has no such flow."""
    token_url: str | None = None
    """Where a code becomes tokens, and where these are renewed."""
    exchange_url: str | None = None
    """Where what the log-in gives is exchanged for what is sent with calls."""
    redirect_uri: str | None = None
    """The address that the provider sends the browser to, where it allows only one. Absent: a free port and a path that
    nobody can guess. One that is not on this machine shows the code, to be pasted."""
    redirect_parameter: str = "redirect_uri"
    echoes_state: bool = True
    """Whether the browser brings back the ``state``; else the path of the address proves that it is ours."""
    device_pkce: bool = False
    """Whether the device flow takes a code challenge, too."""
    gives: Literal["tokens", "key"] = "tokens"
    """``key``: the code becomes a lasting key at ``exchange_url``."""
    base_url_field: str | None = None
    """The field of the reply with the tokens that names the address for calls."""
    other_host_base_url: str | None = None
    """The base URL of calls where the user names another ``host``."""
    notice: str | None = None
    """What the user is to know before logging in, one or two sentences."""

    @property
    def methods(self) -> tuple[LoginMethod, ...]:
        """The ways to log in, the usual one first: a code on another device needs no browser on this one."""
        found: list[LoginMethod] = []
        if self.device_url is not None:
            found.append("device")
        if self.authorize_url is not None:
            found.append("code")
        return tuple(found)

    def address(self, url: str) -> str:
        """An address with the host in it."""
        return url.replace(HOST, self.host or "")
