"""What a log-in shows its user, and what is stored of it."""

from __future__ import annotations

from msgspec import Struct

from modelport.domain.log_ins.flow import LogInPrompt, Tokens
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.log_ins import LogInRequest
from modelport.domain.timestamps import rfc3339
from modelport.protocol.types import CredentialUpdateParams


class LogInBegun(Struct, frozen=True):
    """A log-in that waits for the user: what to show, and the page to open."""

    update: CredentialUpdateParams
    open_uri: str


def begun_of(request: LogInRequest, connection: str | None, prompt: LogInPrompt, now_ms: int) -> LogInBegun:
    """What to show of a log-in that waits for the user."""
    update = CredentialUpdateParams(
        provider=request.endpoint.provider.id,
        name=connection,
        user_code=prompt.user_code,
        verification_uri=prompt.verification_uri,
        expires_at=rfc3339(now_ms + int(prompt.expires_in_s * 1000)),
        notice=request.wire.notice,
    )
    return LogInBegun(update, prompt.open_uri)


def key_of(request: LogInRequest, tokens: Tokens, now_ms: int) -> StoredKey:
    """What is stored of a log-in that has succeeded now."""
    wire = request.wire
    log_in = StoredLogIn(
        obtained_s=now_ms / 1000,
        life_s=tokens.life_s,
        refresh_token=tokens.refresh_token,
        token_url=wire.address(wire.token_url) if wire.token_url else None,
        client_id=request.client_id or None,
        base_url=tokens.base_url,
    )
    return StoredKey(tokens.secret, log_in=log_in)
