"""The device flow: the user enters a code on another device, and the provider is asked until that is done.

Source: RFC 8628. GitHub answers errors with status 200, Qwen ``slow_down`` with 429.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import anyio
from msgspec import Struct

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth.pkce import METHOD, Pkce, new_pkce
from modelport.adapters.log_ins.oauth.replies import (
    error_code,
    is_outage,
    post_form,
    refusal,
    refusal_by_code,
    tokens_of,
)
from modelport.adapters.log_ins.requests import Reply, refused
from modelport.adapters.log_ins.tokens import seconds_of
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.entry import is_safe
from modelport.domain.log_ins.flow import LogInPrompt, Tell, Tokens
from modelport.domain.providers.log_ins import LogInRequest
from modelport.protocol.secret import Secret, SecretValues

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL_S = 5.0
"""Where the provider names none. Source: RFC 8628, 3.2."""
SLOW_DOWN_S = 5.0
"""What an interval grows by. Source: RFC 8628, 3.5."""
MAX_INTERVAL_S = 300.0
EXPIRES_S = 900.0
"""How long a code lasts that comes without a time."""
MAX_EXPIRES_S = 3600.0
PASSING = frozenset({"network", "timeout", "tls", "stream_interrupted", "provider_unavailable"})
"""Kinds of failures that end no log-in: the next poll may get through."""


class _Code(Struct, frozen=True, kw_only=True):
    device_code: Secret
    interval_s: float
    prompt: LogInPrompt


class DeviceFlow:
    """One log-in by the device flow."""

    def __init__(self, pool: HttpPool, asked: LogInRequest) -> None:
        self._pool = pool
        self._asked = asked
        self._pkce = new_pkce() if asked.wire.device_pkce else None

    def paste(self, text: Secret) -> NoReturn:
        """Refuses the text: the code is entered on the provider's page.

        Raises:
            InvalidParams: always.
        """
        raise InvalidParams("Nothing is to be pasted: enter the code on the page that was named.", field="text")

    async def run(self, tell: Tell) -> Tokens:
        """Tells the user the code, and polls until the provider has given the tokens.

        Raises:
            RequestFailed: refused, over, or no code can be had.
        """
        code = await self._code()
        deadline = anyio.current_time() + code.prompt.expires_in_s
        tell(code.prompt)
        interval_s = code.interval_s
        outage: RequestFailed | None = None
        while True:
            # Before the first poll too: nobody enters a code at once.
            if anyio.current_time() + interval_s >= deadline:
                await anyio.sleep_until(deadline)
                raise outage or refusal_by_code(self._asked.endpoint, "expired_token", None)
            await anyio.sleep(interval_s)
            try:
                reply = await self._poll(code)
            except RequestFailed as failure:
                if failure.kind not in PASSING:
                    raise
                # A server that does not answer is asked less often.
                outage, interval_s = failure, _slower(interval_s, None)
                continue
            if (tokens := self._tokens(reply)) is not None:
                return tokens
            if is_outage(reply):
                outage = refusal(self._asked.endpoint, self._token_url, reply)
                continue
            outage = None
            pending = error_code(reply.fields)
            if pending == "slow_down" or (pending is None and reply.status == 429):
                interval_s = _slower(interval_s, reply)
            elif pending != "authorization_pending":
                raise refusal(self._asked.endpoint, self._token_url, reply)

    @property
    def _token_url(self) -> str:
        return self._asked.wire.address(self._asked.wire.token_url or "")

    def _tokens(self, reply: Reply) -> Tokens | None:
        return tokens_of(self._asked.wire, reply.fields) if reply.is_success and not error_code(reply.fields) else None

    async def _code(self) -> _Code:
        wire = self._asked.wire
        url = wire.address(wire.device_url or "")
        form = {"client_id": self._asked.client_id, "scope": " ".join(wire.scopes), **_challenge(self._pkce)}
        reply = await post_form(self._pool, self._asked.endpoint, url, {k: v for k, v in form.items() if v})
        if not reply.is_success or error_code(reply.fields):
            raise refusal(self._asked.endpoint, url, reply)
        code = _read(reply.fields)
        if code is None:
            raise refused(self._asked.endpoint, url, reply)
        return code

    async def _poll(self, code: _Code) -> Reply:
        form = SecretValues(
            {
                "grant_type": GRANT,
                "client_id": self._asked.client_id,
                "device_code": code.device_code.reveal(),
                "code_verifier": self._pkce.verifier.reveal() if self._pkce else "",
            }
        )
        form = SecretValues({name: text for name, text in form.items() if text})
        return await post_form(self._pool, self._asked.endpoint, self._token_url, form)


def _challenge(pkce: Pkce | None) -> dict[str, str]:
    return {"code_challenge": pkce.challenge, "code_challenge_method": METHOD} if pkce else {}


def _slower(interval_s: float, reply: Reply | None) -> float:
    """The next interval: five seconds more, or what the provider names where that is more."""
    named = () if reply is None else (reply.fields.get("interval"), reply.headers.get("retry-after"))
    wanted = [seconds for value in named if (seconds := seconds_of(value)) is not None]
    return min(max(interval_s + SLOW_DOWN_S, *wanted, 0.0), MAX_INTERVAL_S)


def _read(fields: dict[str, Any]) -> _Code | None:
    """The code of a reply; None where the user could not enter it, or where its page is no web page."""
    device, user = fields.get("device_code"), fields.get("user_code")
    # Google names it differently.
    page = fields.get("verification_uri", fields.get("verification_url"))
    if not all(isinstance(text, str) and text for text in (device, user, page)):
        return None
    if not is_safe(str(page)) or not str(user).isprintable() or len(str(user)) > 64:
        return None
    complete = fields.get("verification_uri_complete")
    interval = seconds_of(fields.get("interval"))
    expires = seconds_of(fields.get("expires_in"))
    return _Code(
        device_code=Secret(str(device)),
        interval_s=INTERVAL_S if interval is None else min(max(interval, 1.0), MAX_INTERVAL_S),
        prompt=LogInPrompt(
            verification_uri=str(page),
            open_uri=complete if isinstance(complete, str) and is_safe(complete) else str(page),
            user_code=str(user),
            expires_in_s=EXPIRES_S if expires is None or not math.isfinite(expires) else min(expires, MAX_EXPIRES_S),
        ),
    )
