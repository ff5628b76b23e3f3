"""The request that renews a token, and what of its failures ends a log-in. Source: RFC 6749, 6 and 5.2."""

from __future__ import annotations

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth.replies import error_code, is_outage, post_form, tokens_of
from modelport.adapters.log_ins.requests import Reply, refused
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.flow import Tokens
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.log_ins import LogInRequest

OVER = frozenset({"invalid_grant", "invalid_token", "bad_refresh_token", "expired_token", "unauthorized_client"})
"""Codes for a refresh token that is good for nothing any more."""


class LogInOver(Exception):
    """The provider takes a refresh token no more."""


class Refresher:
    """Requests new tokens over the shared pool."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool

    async def refreshed(self, endpoint: Endpoint, log_in: StoredLogIn) -> Tokens:
        """New tokens for the refresh token of a log-in.

        Raises:
        LogInOver: the provider refuses the refresh token.
        RequestFailed: it cannot be had now; the log-in is as good as before.
        """
        wire = endpoint.provider.login or LogInWire()
        url = log_in.token_url or wire.address(wire.token_url or "")
        client_id = log_in.client_id or wire.client_id or ""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": log_in.refresh_token.reveal() if log_in.refresh_token else "",
            "client_id": client_id,
        }
        reply = await post_form(self._pool, endpoint, url, {name: text for name, text in form.items() if text})
        asked = LogInRequest(endpoint=endpoint, wire=wire, client_id=client_id, method="device")
        tokens = tokens_of(asked, reply.fields)
        if reply.is_success and tokens is not None and error_code(reply.fields) is None:
            return tokens
        if _is_over(reply):
            raise LogInOver
        raise _not_now(endpoint, url, reply)


def _is_over(reply: Reply) -> bool:
    """Whether the provider refuses the refresh token itself; a failure of the service does not."""
    if is_outage(reply) or reply.status == 429:
        return False
    return error_code(reply.fields) in OVER or reply.status in (400, 401)


def _not_now(endpoint: Endpoint, url: str, reply: Reply) -> RequestFailed:
    failure = refused(endpoint, url, reply)
    if failure.kind in ("auth_rejected", "auth_required", "forbidden", "invalid_response"):
        row = endpoint.provider
        return RequestFailed(
            "provider_unavailable",
            f"The log-in of {row.display_name} cannot be renewed now (it answered {reply.status}): try again later.",
            provider=row.id,
            http_status=reply.status,
            action="try later",
        )
    return failure
