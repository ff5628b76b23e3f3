"""GitHub Copilot: a token of the editor plug-ins' app is exchanged for a short-lived one, any other is sent as it is.

Source: the exchange that GitHub's editor plug-ins make; GitHub documents none of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import msgspec

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.log_in import Unsigned
from modelport.adapters.log_ins.requests import Reply, refused, request
from modelport.adapters.log_ins.tokens import Lease, Refusals, due_after, seconds_of
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.entry import is_safe
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret, SecretValues
from modelport.protocol.shapes import is_object

EXCHANGED_PREFIX = "ghu_"
"""Tokens of GitHub Apps, which the service takes only after the exchange."""
_PROXY = re.compile(r"(?:^|;)\s*proxy-ep=(?:https?://)?proxy\.([\w.-]+)")
"""The host of another service of the account, in the exchanged token."""


class CopilotToken:
    """Keeps one exchanged token per GitHub token, and exchanges it anew before its end."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._tokens: dict[Secret, Lease] = {}
        self._refusals = Refusals()
        self._lock = anyio.Lock()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the exchanged token, at the address that came with it."""
        own = endpoint.credential.secret
        wire = endpoint.provider.login
        if own is None or wire is None or wire.exchange_url is None or not own.startswith(EXCHANGED_PREFIX):
            return endpoint
        async with self._lock:
            token = self._tokens.get(own)
            if token is None or not token.fresh or token.secret in self._refusals:
                refused = token is not None and token.secret in self._refusals
                token = self._tokens[own] = await self._exchange(endpoint, own, wire.address(wire.exchange_url))
                if refused:
                    self._refusals.replaced(token.secret)
        credential = msgspec.structs.replace(endpoint.credential, secret=token.secret)
        # An address that the user gave is kept: the token's own counts in place of the row's only.
        at_row = endpoint.base_url == endpoint.provider.base_url
        base_url = token.base_url if at_row and token.base_url else endpoint.base_url
        return msgspec.structs.replace(endpoint, credential=credential, base_url=base_url)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Takes note that the exchanged token of an endpoint was refused."""
        token = endpoint.credential.secret
        exchanged = any(known.secret == token for known in self._tokens.values()) or token in self._refusals
        return token is not None and exchanged and self._refusals.add(token)

    async def _exchange(self, endpoint: Endpoint, own: Secret, url: str) -> Lease:
        headers = SecretValues(
            {"Authorization": f"token {own.reveal()}", "Accept": "application/json", **endpoint.row_headers}
        )
        reply = await request(self._pool, endpoint, "GET", url, headers=headers)
        if not reply.is_success:
            raise refused(endpoint, url, reply)
        token, life = reply.fields.get("token"), _life_s(reply)
        if not isinstance(token, str) or life is None:
            raise RequestFailed(
                "auth_rejected",
                f"GitHub gave no token for {endpoint.provider.display_name}: check that the account may use Copilot.",
                provider=endpoint.provider.id,
                action="check the account",
            )
        return Lease(Secret(token), due_after(life), _base_url(reply.fields.get("endpoints"), token))


def _life_s(reply: Reply) -> float | None:
    """How long the token lasts, by the clock of the service: that of this machine may be wrong."""
    if (life := seconds_of(reply.fields.get("refresh_in"))) is not None:
        return life
    ends = reply.fields.get("expires_at")
    if not isinstance(ends, int | float):
        return None
    try:
        now = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        now = time.time()
    # The number may be larger than any float.
    return seconds_of(min(ends, 1e15) - now)


def _base_url(addresses: Any, token: str) -> str | None:
    """The address for calls: as the service names it, or as the exchanged token has it."""
    named = addresses.get("api") if is_object(addresses) else None
    if isinstance(named, str) and is_safe(named):
        return named.rstrip("/")
    found = _PROXY.search(token)
    return f"https://api.{found[1]}" if found else None
