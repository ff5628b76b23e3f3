"""An authorization server for tests, by the letter of the RFCs, which fails in every way that they and vendors have.

Source: RFC 6749, RFC 7636, RFC 8628; GitHub's errors with status 200; Qwen's 429 for ``slow_down``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import ssl
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from support.http_server import Answer, LocalServer, Received
from support.sse import streamed

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT = "modelport-tests"
Trouble = Answer | None
"""What is answered in place of the right answer; None for the right one."""


def answer(status: int, fields: Any, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **headers}, [json.dumps(fields).encode()])


def refusal(code: str, status: int = 400, **more: Any) -> Answer:
    return answer(status, {"error": code, **more})


class OAuthServer:
    """Device flow, code flow and renewal, and an API that takes the tokens which are good.

    A browser that loads a page of it allows the log-in: ``/activate`` sets ``approved`` unless ``page_approves`` is
    False, ``/authorize`` sends back. ``visits`` are the requests for ``/activate``.
    ``troubles`` are answered first, one per request of the token endpoint; ``polls`` are the times of its requests.
    """

    def __init__(
        self,
        *,
        interval: Any = 1,
        expires_in: Any = 60,
        life_s: Any = 3600,
        rotates: bool = True,
        tls: ssl.SSLContext | None = None,
        url: str | None = None,
    ) -> None:
        self.interval, self.expires_in, self.life_s, self.rotates = interval, expires_in, life_s, rotates
        self.approved = threading.Event()
        self.denied = False
        self.troubles: list[Trouble] = []
        self.polls: list[float] = []
        self.renewals: list[dict[str, str]] = []
        self.good: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.calls: list[Received] = []
        self.visits: list[Received] = []
        self.page_approves = True
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.access_token: str | None = None
        self.refresh_token: str | None = None
        """What is given out, in place of tokens with numbers."""
        self.device_code = "device-0123456789"
        self.device_extra: dict[str, Any] = {}
        self.on_renewal: Callable[[], None] = lambda: None
        self._numbers = itertools.count(1)
        self._codes: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self.server = LocalServer(self._behave, tls=tls)
        self._url = url

    @property
    def url(self) -> str:
        return self._url or self.server.url

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The log-in for ``[providers.X.login]``."""
        found = {
            "client_id": CLIENT,
            "scopes": ["models:call", "offline"],
            "device_url": f"{self.url}/device",
            "token_url": f"{self.url}/token",
            "authorize_url": f"{self.url}/authorize",
        } | changes
        return {name: value for name, value in found.items() if value is not None}

    def toml(self, provider: str = "acme", **changes: Any) -> str:
        """A configuration file with a provider of its own whose API and log-in are here."""
        lines = [f"[providers.{provider}]", f'base_url = "{self.url}/v1"', f"[providers.{provider}.login]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.settings(**changes).items()]
        return "\n".join(lines) + "\n"

    def visit(self, page: str, **changes: Any) -> tuple[str, dict[str, str]]:
        """What a browser does with the page of a code flow: the address that it is sent to, and the query it had.

        ``changes`` are made to what it brings back; None leaves a field out.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        code = f"code-{next(self._numbers)}"
        back: dict[str, Any] = {"code": code, "state": asked.get("state")} | changes
        self._codes[back["code"] or code] = asked
        query = urlencode({name: value for name, value in back.items() if value is not None})
        return f"{asked.get('redirect_uri') or asked.get('callback_url')}?{query}", asked

    def revoke(self) -> None:
        """No access token is good any more."""
        self.good.clear()

    def tokens(self) -> dict[str, Any]:
        """New tokens, as they are sent."""
        number = next(self._numbers)
        access = self.access_token or f"access-{number}-0123456789"
        refresh = self.refresh_token or f"refresh-{number}-0123456789"
        self.good.add(access)
        fields: dict[str, Any] = {"access_token": access, "token_type": "bearer", "scope": "models:call"}
        if self.life_s is not None:
            fields["expires_in"] = self.life_s
        if self.rotates or not self.refresh_tokens:
            self.refresh_tokens = {refresh}
            fields["refresh_token"] = refresh
        return fields

    def _behave(self, request: Received) -> Answer:
        path = urlsplit(request.path).path
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if path == "/device":
            self.forms.append((path, form))
            return self._device(form)
        if path == "/token":
            with self._lock:
                self.forms.append((path, form))
                self.polls.append(time.monotonic())
                trouble = self.troubles.pop(0) if self.troubles else None
                return trouble or self._token(form)
        if path == "/keys":
            self.forms.append((path, json.loads(request.body)))
            return self._key(json.loads(request.body))
        if path == "/activate":
            self.visits.append(request)
            if self.page_approves:
                self.approved.set()
            return Answer(200, {"Content-Type": "text/html"}, [b"Allowed."])
        if path == "/authorize":
            return Answer(302, {"Location": self.visit(request.path)[0]}, [])
        return self._call(request)

    def _device(self, form: dict[str, str]) -> Answer:
        if form.get("client_id") != CLIENT:
            return refusal("invalid_client", 401)
        fields = {
            "device_code": self.device_code,
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.url}/activate",
            "expires_in": self.expires_in,
            "interval": self.interval,
        } | self.device_extra
        return answer(200, {name: value for name, value in fields.items() if value is not None})

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("client_id") != CLIENT:
            return refusal("invalid_client", 401)
        match form.get("grant_type"):
            case "refresh_token":
                self.renewals.append(form)
                self.on_renewal()
                if form.get("refresh_token") not in self.refresh_tokens:
                    return refusal("invalid_grant")
                return answer(200, self.tokens())
            case "authorization_code":
                asked = self._codes.pop(form.get("code", ""), None)
                if asked is None or not fits(asked, form.get("code_verifier", "")):
                    return refusal("invalid_grant")
                if asked.get("redirect_uri") != form.get("redirect_uri") or asked.get("client_id") != CLIENT:
                    return refusal("invalid_grant")
                return answer(200, self.tokens())
            case grant if grant == DEVICE_GRANT:
                if form.get("device_code") != self.device_code:
                    return refusal("invalid_grant")
                if self.denied:
                    return refusal("access_denied")
                return answer(200, self.tokens()) if self.approved.is_set() else refusal("authorization_pending")
            case _:
                return refusal("unsupported_grant_type")

    def _key(self, fields: dict[str, str]) -> Answer:
        asked = self._codes.pop(fields.get("code", ""), None)
        if asked is None or not fits(asked, fields.get("code_verifier", "")):
            return answer(403, {"error": {"message": "Invalid code or code_verifier", "code": 403}})
        key = f"sk-or-v1-{next(self._numbers)}-0123456789"
        self.good.add(key)
        return answer(200, {"key": key, "user_id": "user_1"})

    def _call(self, request: Received) -> Answer:
        self.calls.append(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.good:
            return answer(401, {"error": {"message": "token expired", "code": "token_expired"}})
        return streamed("ok") if request.method == "POST" else answer(200, {"data": [{"id": "m"}]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()


def fits(asked: dict[str, str], verifier: str) -> bool:
    """Whether a verifier is that of the challenge. Source: RFC 7636, 4.6."""
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return asked.get("code_challenge_method") == "S256" and digest == asked.get("code_challenge")
