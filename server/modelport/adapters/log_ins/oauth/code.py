"""The code flow: the browser logs in at the provider, and comes back to this machine with a code for the tokens.

Source: RFC 6749, 4.1; RFC 7636 (PKCE); RFC 8252 (native apps). OpenRouter, OAuth PKCE, for a code that becomes a key.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

import anyio

from modelport.adapters.http.failures import clean
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth.callback import PortTaken, Redirect, listening, read_redirect
from modelport.adapters.log_ins.oauth.pkce import METHOD, new_pkce
from modelport.adapters.log_ins.oauth.replies import (
    HEADERS,
    error_code,
    post_form,
    refusal,
    refusal_by_code,
    token_text,
    tokens_of,
)
from modelport.adapters.log_ins.requests import Reply, refused, request
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.flow import LogInPrompt, Tell, Tokens
from modelport.domain.providers.log_ins import LogInRequest
from modelport.protocol.secret import Secret, SecretValues

EXPIRES_S = 600.0
"""How long a browser may take."""
MAX_FIELDS = 50
MIN_CODE_CHARS, MAX_CODE_CHARS = 4, 4000


class CodeFlow:
    """One log-in by the code flow."""

    def __init__(self, pool: HttpPool, asked: LogInRequest) -> None:
        self._pool = pool
        self._asked = asked
        self._pkce = new_pkce()
        self._state = secrets.token_urlsafe(24)
        self._redirect_uri = ""
        self._code: Secret | None = None
        self._refusal: RequestFailed | None = None
        self._arrived = anyio.Event()

    async def run(self, tell: Tell) -> Tokens:
        """Listens, tells the user the page, waits for the code, and redeems it.

        Raises:
            RequestFailed: refused, over, or the port that the provider sends browsers to is taken.
        """
        redirect = read_redirect(self._asked.wire.redirect_uri)
        if redirect is None:
            # The provider's own page shows the code.
            self._redirect_uri = self._asked.wire.redirect_uri or ""
            await self._wait(tell)
        else:
            await self._listen(redirect, tell)
        if self._refusal is not None:
            raise self._refusal
        return await self._redeem()

    def paste(self, text: Secret) -> None:
        """Takes the address that the browser was sent to, or the code in it.

        Raises:
            InvalidParams: it is of another log-in, or holds no code.
        """
        if self._arrived.is_set():
            raise InvalidParams("The log-in has its code already.", field="text")
        if (why := self._take_pasted(text)) is not None:
            raise InvalidParams(why, field="text")

    def _take_pasted(self, text: Secret) -> str | None:
        """Takes the code in a text; returns why it cannot. It raises nothing, since its frame holds the code."""
        pasted = text.reveal().strip()
        query = pasted.partition("?")[2].partition("#")[0] if "?" in pasted else pasted
        if "=" in query:
            status, _, sentence = self.accept(query)
            wrong = status >= 400 and not self._arrived.is_set()
            return f"{sentence.rstrip('.')}: copy the whole address." if wrong else None
        # Some pages show the code with the state behind it.
        code, separator, state = query.partition("#")
        if separator and not secrets.compare_digest(state.encode(), self._state.encode()):
            return "This is the code of another log-in: copy the one of the last page."
        if not MIN_CODE_CHARS <= len(code) <= MAX_CODE_CHARS or token_text(code) is None:
            return "This holds no code: copy the whole address of the page."
        self._finish(Secret(code))
        return None

    def accept(self, query: str) -> tuple[int, str, str]:
        """Takes the query that the browser came back with; returns the status, the heading and the text of its page."""
        if self._arrived.is_set():
            return 410, "Over", "This log-in is over already."
        fields = _fields_of(query)
        if any(len(values) > 1 for values in fields.values()):
            return 400, "Not understood", "This address names something twice."
        known = {name: values[0] for name, values in fields.items()}
        if self._asked.wire.echoes_state and not secrets.compare_digest(
            known.get("state", "").encode(), self._state.encode()
        ):
            return 400, "Another log-in", "This page belongs to another log-in. Go on with the last one."
        name = self._asked.endpoint.provider.display_name
        if code := error_code(known):
            described = known.get("error_description")
            self._refusal = refusal_by_code(self._asked.endpoint, code, described)
            self._arrived.set()
            words = clean(self._asked.endpoint, described or code)[:300]
            return 400, "Not logged in", f"{name} said: {words}. Go back to your editor."
        secret = token_text(known.get("code"))
        if secret is None or len(secret.reveal()) > MAX_CODE_CHARS:
            return 400, "No code", "This address holds no code."
        self._finish(secret)
        return 200, "Nearly done", f"{name} has allowed the log-in. Close this page and go back to your editor."

    def _finish(self, code: Secret) -> None:
        self._code = code
        self._arrived.set()

    async def _listen(self, redirect: Redirect, tell: Tell) -> None:
        failure: RequestFailed | None = None
        try:
            async with listening(redirect, self.accept) as uri:
                self._redirect_uri = uri
                try:
                    await self._wait(tell)
                except RequestFailed as over:
                    # The task group would wrap it.
                    failure = over
        except PortTaken as taken:
            raise self._taken(taken) from taken
        if failure is not None:
            raise failure

    async def _wait(self, tell: Tell) -> None:
        url = self._authorize_url()
        tell(LogInPrompt(verification_uri=url, open_uri=url, expires_in_s=EXPIRES_S))
        with anyio.move_on_after(EXPIRES_S):
            await self._arrived.wait()
        if not self._arrived.is_set():
            raise refusal_by_code(self._asked.endpoint, "expired_token", None)

    def _authorize_url(self) -> str:
        wire = self._asked.wire
        fields: dict[str, str] = {"response_type": "code"} if wire.gives == "tokens" else {}
        fields |= {"client_id": self._asked.client_id} if self._asked.client_id else {}
        fields |= {wire.redirect_parameter: self._redirect_uri}
        fields |= {"scope": " ".join(wire.scopes)} if wire.scopes else {}
        fields |= {"state": self._state} if wire.echoes_state else {}
        fields |= {"code_challenge": self._pkce.challenge, "code_challenge_method": METHOD}
        url = wire.address(wire.authorize_url or "")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"

    async def _redeem(self) -> Tokens:
        wire = self._asked.wire
        url = wire.address((wire.exchange_url if wire.gives == "key" else wire.token_url) or "")
        try:
            reply = await self._sent(url)
        except RequestFailed as failure:
            # A code is good for one time, which a request that did not get through has not used up.
            if failure.kind != "network" or not failure.may_repeat:
                raise
            reply = await self._sent(url)
        tokens = _key_of(reply.fields) if wire.gives == "key" else tokens_of(self._asked.wire, reply.fields)
        if reply.is_success and tokens is not None and error_code(reply.fields) is None:
            return tokens
        if not reply.is_success or error_code(reply.fields):
            raise refusal(self._asked.endpoint, url, reply)
        raise refused(self._asked.endpoint, url, reply)

    async def _sent(self, url: str) -> Reply:
        code = self._code or Secret("")
        proof = SecretValues({"code": code.reveal(), "code_verifier": self._pkce.verifier.reveal()})
        if self._asked.wire.gives == "key":
            body = proof | {"code_challenge_method": METHOD}
            return await request(self._pool, self._asked.endpoint, "POST", url, headers=HEADERS, json=body)
        form = proof | {
            "grant_type": "authorization_code",
            "redirect_uri": self._redirect_uri,
            "client_id": self._asked.client_id,
        }
        form = SecretValues({name: text for name, text in form.items() if text})
        return await post_form(self._pool, self._asked.endpoint, url, form)

    def _taken(self, taken: PortTaken) -> RequestFailed:
        row = self._asked.endpoint.provider
        where = f"port {taken.port}" if taken.port else "every port that was tried"
        return RequestFailed(
            "unsupported",
            f"The log-in of {row.display_name} needs {where} of this machine, where another program listens: end that "
            f"program, or set redirect_uri in [providers.{row.id}.login] of config.toml.",
            provider=row.id,
            action="free the port",
        )


def _fields_of(query: str) -> dict[str, list[str]]:
    """The fields of a query; none of one that is longer than any of a log-in."""
    if len(query) > MAX_CODE_CHARS * 2 or query.count("&") >= MAX_FIELDS:
        return {}
    return parse_qs(query)


def _key_of(fields: Mapping[str, object]) -> Tokens | None:
    key = token_text(fields.get("key"))
    return Tokens(secret=key) if key is not None else None
