"""The request that renews a token, and what of its failures ends a log-in. Source: RFC 6749, 6 and 5.2."""

from __future__ import annotations

import time

import msgspec

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth.replies import error_code, is_outage, post_form, tokens_of
from modelport.adapters.log_ins.requests import Reply, refused
from modelport.domain.errors import RETRYABLE, RequestFailed
from modelport.domain.log_ins.flow import Tokens
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import SecretValues

OVER = frozenset({"invalid_grant", "invalid_token", "bad_refresh_token", "expired_token", "unauthorized_client"})
"""Codes for a refresh token that is good for nothing any more."""


class LogInOver(Exception):
    """The provider takes a refresh token no more."""


class Refresher:
    """Requests new tokens over the shared pool."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool

    async def refreshed(self, endpoint: Endpoint, key: StoredKey) -> StoredKey:
        """What to store in place of a key of a log-in: with new tokens, and the old ones where none have come.

        Raises:
            LogInOver: the provider refuses the refresh token.
            RequestFailed: it cannot be had now, and the log-in is as good as before; or there is no refresh token.
        """
        log_in = key.log_in
        if log_in is None or log_in.refresh_token is None:
            raise log_in_over(endpoint)
        wire = endpoint.provider.login or LogInWire()
        url = log_in.token_url or wire.address(wire.token_url or "")
        client_id = log_in.client_id or wire.client_id or ""
        form = SecretValues(
            {"grant_type": "refresh_token", "refresh_token": log_in.refresh_token.reveal(), "client_id": client_id}
        )
        reply = await post_form(
            self._pool, endpoint, url, SecretValues({name: text for name, text in form.items() if text})
        )
        tokens = tokens_of(wire, reply.fields)
        if reply.is_success and tokens is not None and error_code(reply.fields) is None:
            return _renewed(key, log_in, tokens)
        if _is_over(reply):
            raise LogInOver
        raise _not_now(endpoint, url, reply)


def _renewed(key: StoredKey, log_in: StoredLogIn, tokens: Tokens) -> StoredKey:
    renewed = msgspec.structs.replace(
        log_in,
        obtained_s=time.time(),
        life_s=tokens.life_s,
        # One that is not sent stays good.
        refresh_token=tokens.refresh_token or log_in.refresh_token,
        base_url=tokens.base_url or log_in.base_url,
    )
    return msgspec.structs.replace(key, secret=tokens.secret, log_in=renewed)


def _is_over(reply: Reply) -> bool:
    """Whether the provider refuses the refresh token itself; a failure of the service does not."""
    if is_outage(reply) or reply.status == 429:
        return False
    code = error_code(reply.fields)
    # Some answer a status alone.
    return code in OVER or (code is None and reply.status in (400, 401))


def _not_now(endpoint: Endpoint, url: str, reply: Reply) -> RequestFailed:
    failure = refused(endpoint, url, reply)
    if failure.reason not in RETRYABLE:
        row = endpoint.provider
        code = f", {named}" if (named := error_code(reply.fields)) else ""
        return RequestFailed(
            "provider_unavailable",
            f"The log-in of {row.display_name} cannot be renewed now (it answered {reply.status}{code}): try again "
            f"later, or check [providers.{row.id}.login] of config.toml.",
            provider=row.id,
            http_status=reply.status,
            action="try later",
        )
    return failure


def log_in_over(endpoint: Endpoint) -> RequestFailed:
    """The failure for a log-in that nothing but another one can renew."""
    row = endpoint.provider
    name = f" --name {endpoint.credential.connection}" if endpoint.credential.connection else ""
    return RequestFailed(
        "auth_required",
        f"The log-in of {row.display_name} has ended: run modelport login {row.id}{name}.",
        provider=row.id,
        action="log in again",
    )
