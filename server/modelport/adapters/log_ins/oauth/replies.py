"""What the endpoints of OAuth answer: tokens, or an error with a code of its own.

Source: RFC 6749, 4.1.2.1, 5.1 and 5.2; RFC 8628, 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelport.adapters.http.failures import clean
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.requests import Reply, refused, request
from modelport.adapters.log_ins.tokens import seconds_of
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.flow import Tokens
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret
from modelport.protocol.types import ErrorKind

HEADERS = {"Accept": "application/json"}
MAX_TOKEN_CHARS = 100_000
MAX_WORDS = 200
_CODE = re.compile(r"[\w.-]{1,60}", re.ASCII)
OUTAGES = frozenset({"temporarily_unavailable", "server_error"})
"""Codes for a failure of the service, which refuses nothing."""
OVER = frozenset({"expired_token", "code_expired"})
DENIED = frozenset({"access_denied", "authorization_declined", "consent_required", "login_required"})
WRONG_CLIENT = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_grant_type",
        "incorrect_client_credentials",
        "device_flow_disabled",
        "redirect_uri_mismatch",
    }
)
"""Codes for a log-in that is set up wrongly."""


async def post_form(pool: HttpPool, endpoint: Endpoint, url: str, form: Mapping[str, str]) -> Reply:
    """The reply to a form.

    Raises:
        RequestFailed: there is none.
    """
    return await request(pool, endpoint, "POST", url, headers=HEADERS, form=form)


def error_code(fields: Mapping[str, Any]) -> str | None:
    """The code of an error, wherever it came: with a status of success too, as GitHub sends it."""
    code = fields.get("error")
    if not isinstance(code, str) or not code.strip():
        return None
    return code.strip() if _CODE.fullmatch(code.strip()) else "unknown"


def is_outage(reply: Reply) -> bool:
    """Whether a reply says nothing about the log-in: the service or something before it has failed."""
    return reply.status >= 500 or error_code(reply.fields) in OUTAGES


def refusal(endpoint: Endpoint, url: str, reply: Reply) -> RequestFailed:
    """The failure for a reply that is no success."""
    code = error_code(reply.fields)
    if code is None or reply.status >= 500:
        return refused(endpoint, url, reply)
    return refusal_by_code(endpoint, code, reply.fields.get("error_description"), reply.status)


def refusal_by_code(endpoint: Endpoint, code: str, description: Any, status: int | None = None) -> RequestFailed:
    """The failure for the code of an error. Its description is the provider's, and shown on one line."""
    row = endpoint.provider
    words = clean(endpoint, description)[:MAX_WORDS].rstrip(". ") if isinstance(description, str) else ""
    words = words or code
    again = f"modelport login {row.id}"
    kind: ErrorKind = "auth_rejected"
    why, action = f"refused the log-in ({words}): run {again} again", "log in again"
    if code in OVER:
        kind, why = "auth_required", f"had no answer to the log-in in time: run {again} again"
    elif code in DENIED:
        why = f"was told not to allow the log-in ({words}): run {again} again if that was a mistake"
    elif code in OUTAGES:
        kind, why, action = "provider_unavailable", f"cannot log anyone in now ({words}): try again later", "try later"
    elif code in WRONG_CLIENT:
        why = f"does not allow this program to log in ({words}): check [providers.{row.id}.login] in config.toml"
        action = "check the client id"
    return RequestFailed(kind, f"{row.display_name} {why}.", provider=row.id, http_status=status, action=action)


def tokens_of(wire: LogInWire, fields: Mapping[str, Any]) -> Tokens | None:
    """The tokens of a reply; None where it holds none that could be sent."""
    secret = token_text(fields.get("access_token"))
    if secret is None:
        return None
    named = fields.get(wire.base_url_field) if wire.base_url_field else None
    return Tokens(
        secret=secret,
        refresh_token=token_text(fields.get("refresh_token")),
        life_s=seconds_of(fields.get("expires_in")),
        base_url=named if isinstance(named, str) and named else None,
    )


def token_text(value: Any) -> Secret | None:
    """A token or key as a vendor sends it; None where it is none that could be sent in a header."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TOKEN_CHARS or not value.isascii():
        return None
    return Secret(value) if value.isprintable() and " " not in value else None
