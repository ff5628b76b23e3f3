"""Authorization servers of other makers, each with an API that takes the tokens which it says are good."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

import pytest

from support import programs
from support.http_server import Answer, LocalServer, Received
from support.oauth_server import answer
from support.peers import Program
from support.sse import streamed
from support.web_browser import WebBrowser

CLIENT = "modelport-tests"


class Issuer:
    """An authorization server of another maker, and an API."""

    paths: ClassVar[dict[str, str]]
    scopes: ClassVar[tuple[str, ...]]

    def __init__(self, url: str, close: Callable[[], None]) -> None:
        self.url = url
        self.calls: list[Received] = []
        self._api = LocalServer(self._answer)
        self._close = close

    def toml(self, **changes: Any) -> str:
        """A configuration file with a provider whose log-in is here."""
        addresses = {name: self.url + path for name, path in self.paths.items()}
        login = {"client_id": CLIENT, "scopes": self.scopes, "redirect_uri": "http://127.0.0.1/callback"}
        lines = ["[providers.acme]", f'base_url = "{self._api.url}/v1"', "[providers.acme.login]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in {**login, **addresses, **changes}.items()]
        return "\n".join(lines) + "\n"

    def post(self, path: str, form: dict[str, str], **headers: str) -> tuple[int, dict[str, Any]]:
        """The status and the fields of the reply to a form."""
        request = urllib.request.Request(self.url + path, data=urlencode(form).encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())

    def renew(self, refresh_token: str) -> tuple[int, dict[str, Any]]:
        """What another program gets for a refresh token."""
        form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": refresh_token}
        return self.post(self.paths["token_url"], form)

    def is_good(self, token: str) -> bool:
        """Whether a token is good by the server's own word."""
        raise NotImplementedError

    def revoke(self, token: str) -> None:
        """Makes an access token worthless before its end, and nothing else."""
        raise NotImplementedError

    def refuse(self, browser: WebBrowser, page: str) -> None:
        """Sends a page back as a user does who allows nothing."""
        raise NotImplementedError

    def _answer(self, request: Received) -> Answer:
        self.calls.append(request)
        if self.is_good(request.headers.get("authorization", "").removeprefix("Bearer ")):
            return streamed("ok")
        return answer(401, {"error": {"message": "token expired", "code": "token_expired"}})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()
        self._close()


class OidcProvider(Issuer):
    """npm's oidc-provider."""

    paths: ClassVar = {"device_url": "/device/auth", "token_url": "/token", "authorize_url": "/auth"}
    scopes: ClassVar = ("openid", "offline_access")

    def __init__(self, device_code_s: int = 60) -> None:
        programs.node_module("oidc-provider/package.json")
        script = Path(__file__).with_name("oidc_provider.mjs")
        program = Program([programs.node(), script], env={**os.environ, "DEVICE_CODE_S": str(device_code_s)})
        try:
            super().__init__(program.wait_for(r"listening on (http://127\.0\.0\.1:\d+)")[1], program.stop)
        except BaseException:
            program.stop()
            raise

    def is_good(self, token: str) -> bool:
        basic = b64encode(b"the-api:a-secret-of-tests").decode()
        status, fields = self.post("/token/introspection", {"token": token}, Authorization=f"Basic {basic}")
        assert status == 200
        return fields["active"]

    def revoke(self, token: str) -> None:
        request = urllib.request.Request(f"{self.url}/tokens/{token}", method="DELETE")
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert reply.status == 204

    def refuse(self, browser: WebBrowser, page: str) -> None:
        _, text = browser.load(page)
        if (link := re.search(r'href="([^"]*/abort)"', text)) is not None:
            browser.load(self.url + link[1].removeprefix(self.url))
            return
        browser.log_in(page, refuses_with={"abort": "yes"})


class Authlib(Issuer):
    """PyPI's authlib."""

    paths: ClassVar = {"device_url": "/device_authorization", "token_url": "/token", "authorize_url": "/authorize"}
    scopes: ClassVar = ("models:call",)

    def __init__(self, device_code_s: int = 60) -> None:
        try:
            from support.authlib_server import AuthlibServer
        except ModuleNotFoundError:
            programs.missing("authlib is not installed: pip install authlib")
        self._environment = pytest.MonkeyPatch()
        # authlib refuses plain HTTP otherwise, on this machine too.
        self._environment.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        self._server = AuthlibServer(device_code_s)
        super().__init__(self._server.url, self._end)

    def is_good(self, token: str) -> bool:
        return self._server.is_good(token)

    def revoke(self, token: str) -> None:
        self._server.revoke(token)

    def refuse(self, browser: WebBrowser, page: str) -> None:
        browser.log_in(page, refuses_with={"allow": "no"})

    def _end(self) -> None:
        self._server.close()
        self._environment.undo()


MAKERS: dict[str, Callable[..., Issuer]] = {"oidc-provider": OidcProvider, "authlib": Authlib}
