"""GitHub Copilot: a token of the editor plug-ins' app is exchanged for a short-lived one, any other is sent as it is.

Source: the exchange that GitHub's editor plug-ins make; GitHub documents none of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio
import msgspec

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.log_in import Unsigned
from modelport.adapters.log_ins.tokens import MAX_LIFE_S, Token, request_json
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

EXCHANGED_PREFIX = "ghu_"
"""Tokens of GitHub Apps, which the service takes only after the exchange."""
RENEW_MARGIN_S = 300.0


class CopilotToken:
    """Keeps one exchanged token per GitHub token, until five minutes before its end."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._tokens: dict[Secret, Token] = {}
        self._lock = anyio.Lock()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the exchanged token, at the address that came with it."""
        own = endpoint.credential.secret
        row = endpoint.provider
        if own is None or row.token_url is None or not own.reveal().startswith(EXCHANGED_PREFIX):
            return endpoint
        async with self._lock:
            token = self._tokens.get(own)
            if token is None or not token.fresh(RENEW_MARGIN_S):
                token = self._tokens[own] = await self._exchange(endpoint, own, row.token_url)
        credential = msgspec.structs.replace(endpoint.credential, secret=token.secret)
        # An address that the user gave is kept: the token's own counts in place of the row's only.
        base_url = token.base_url if token.base_url and endpoint.base_url == row.base_url else endpoint.base_url
        return msgspec.structs.replace(endpoint, credential=credential, base_url=base_url)

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """Nothing: the token is the key."""
        return {}

    def discard_token(self, endpoint: Endpoint) -> bool:
        """Drops the exchanged token of an endpoint."""
        refused = endpoint.credential.secret
        owners = [own for own, token in self._tokens.items() if token.secret == refused]
        for own in owners:
            del self._tokens[own]
        return bool(owners)

    async def _exchange(self, endpoint: Endpoint, own: Secret, url: str) -> Token:
        headers = {"Authorization": f"token {own.reveal()}", "Accept": "application/json", **endpoint.row_headers}
        reply = await request_json(self._pool, endpoint, "GET", url, headers=headers)
        token, ends, addresses = reply.get("token"), reply.get("expires_at"), reply.get("endpoints")
        if not isinstance(token, str) or not isinstance(ends, int | float):
            raise RequestFailed(
                "auth_rejected",
                f"GitHub gave no token for {endpoint.provider.display_name}: check that the account may use Copilot.",
                provider=endpoint.provider.id,
                action="check the account",
            )
        base_url = addresses.get("api") if is_object(addresses) else None
        # The number may be larger than any float.
        last = min(ends, time.time() + MAX_LIFE_S)
        return Token(Secret(token), float(last), base_url.rstrip("/") if isinstance(base_url, str) else None)
