"""An authorization server of PyPI's authlib, with one public client, whose users allow or refuse on a page with a form.

What authlib leaves to its users is here: a memory, and pages. What it decides (grants, PKCE, codes of errors) is its own.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, OAuth2Error, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import (
    DEVICE_CODE_GRANT_TYPE,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)

from support.http_server import Answer, LocalServer, Received

CLIENT = "modelport-tests"
USER = "someone"
FORM = '<form method="post" action="{action}"><input name="allow" value="yes"/></form>'


class PublicClient(ClientMixin):
    """A native program: no secret, and any port of this machine. Source: RFC 8252, 7.3."""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        parts = urlsplit(redirect_uri)
        return (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/callback")

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token", DEVICE_CODE_GRANT_TYPE)


@dataclass
class Code(AuthorizationCodeMixin):
    """A code, with what it was given for."""

    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Issued(TokenMixin):
    """An access token with its refresh token."""

    fields: dict[str, Any]
    revoked: bool = False

    def check_client(self, client: PublicClient) -> bool:
        return client.get_client_id() == CLIENT

    def get_scope(self) -> str:
        return self.fields["scope"]


class FormRequest(OAuth2Request):
    """A request whose parameters are those of its address and of its form."""

    def __init__(self, url: str, request: Received) -> None:
        super().__init__(request.method, url + request.path, headers=request.headers)
        self._form = first_of(request.body.decode())
        self._args = first_of(urlsplit(request.path).query)
        self.payload = BasicOAuth2Payload({**self._args, **self._form})

    @property
    def form(self) -> dict[str, str]:
        return self._form

    @property
    def args(self) -> dict[str, str]:
        return self._args


def first_of(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@dataclass
class Memory:
    """What the server remembers."""

    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, DeviceCredentialDict] = field(default_factory=dict)
    decisions: dict[str, bool] = field(default_factory=dict)
    """What users have said to a device, by its code."""
    tokens: list[Issued] = field(default_factory=list)


class Server(AuthorizationServer):
    """authlib's server over a memory."""

    def __init__(self, url: str, memory: Memory) -> None:
        super().__init__()
        self.url, self.memory = url, memory
        self.register_token_generator(
            "default",
            BearerTokenGenerator(lambda **_: secrets.token_urlsafe(24), lambda **_: secrets.token_urlsafe(24)),
        )

    def query_client(self, client_id: str) -> PublicClient | None:
        return PublicClient() if client_id == CLIENT else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.memory.tokens.append(Issued(token))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """No one listens to signals."""

    def create_oauth2_request(self, request: Received | OAuth2Request) -> OAuth2Request:
        return request if isinstance(request, OAuth2Request) else FormRequest(self.url, request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        text = json.dumps(body) if isinstance(body, dict) else body or ""
        return Answer(status, dict(headers), [text.encode()])


class ByCode(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        data = request.payload.data
        self.server.memory.codes[code] = Code(
            data["redirect_uri"], data["scope"], data["code_challenge"], data["code_challenge_method"]
        )

    def query_authorization_code(self, code: str, client: PublicClient) -> Code | None:
        return self.server.memory.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.memory.codes
        self.server.memory.codes = {name: code for name, code in codes.items() if code is not authorization_code}

    def authenticate_user(self, authorization_code: Code) -> str:
        return USER


class Renewal(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Issued | None:
        return next(
            (t for t in self.server.memory.tokens if t.fields["refresh_token"] == refresh_token and not t.revoked), None
        )

    def authenticate_user(self, refresh_token: Issued) -> str:
        return USER

    def revoke_old_credential(self, refresh_token: Issued) -> None:
        refresh_token.revoked = True


class Devices(DeviceAuthorizationEndpoint):
    INTERVAL = 1

    def get_verification_uri(self) -> str:
        return f"{self.server.url}/device"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        ends = time.time() + data["expires_in"]
        self.server.memory.devices[data["device_code"]] = DeviceCredentialDict(
            {"client_id": client_id, "scope": scope, "expires_at": ends, **data}
        )


class ByDevice(DeviceCodeGrant):
    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return self.server.memory.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        said = self.server.memory.decisions.get(user_code)
        return None if said is None else (USER, said)

    def should_slow_down(self, credential: DeviceCredentialDict) -> bool:
        return False


class AuthlibServer:
    """The server on a port of its own; ``device_code_s`` is how long a code of the device flow lasts."""

    def __init__(self, device_code_s: int = 60) -> None:
        self.memory = Memory()
        self.server = LocalServer(self._answer)
        self.url = self.server.url
        self.oauth = Server(self.url, self.memory)
        self.oauth.register_grant(ByCode, [CodeChallenge(required=True)])
        self.oauth.register_grant(Renewal)
        self.oauth.register_grant(ByDevice)
        devices = Devices(self.oauth)
        devices.EXPIRES_IN = device_code_s
        self.oauth.register_endpoint(devices)

    def is_good(self, token: str) -> bool:
        return any(t.fields["access_token"] == token and not t.revoked for t in self.memory.tokens)

    def revoke(self, token: str) -> None:
        """Makes an access token worthless, and not its refresh token."""
        for issued in self.memory.tokens:
            if issued.fields["access_token"] == token:
                issued.fields["access_token"] = ""

    def close(self) -> None:
        self.server.close()

    def _answer(self, request: Received) -> Answer:
        path = urlsplit(request.path).path
        if path == "/device_authorization":
            return self.oauth.create_endpoint_response("device_authorization", request)
        if path == "/token":
            return self.oauth.create_token_response(request)
        if request.method == "GET":
            return Answer(200, {"Content-Type": "text/html"}, [FORM.format(action=request.path).encode()])
        allowed = first_of(request.body.decode()).get("allow") == "yes"
        if path == "/device":
            self.memory.decisions[first_of(urlsplit(request.path).query)["user_code"]] = allowed
            return Answer(200, {"Content-Type": "text/html"}, [b"You may close this page."])
        return self._authorize(request, allowed=allowed)

    def _authorize(self, request: Received, *, allowed: bool) -> Answer:
        try:
            grant = self.oauth.get_consent_grant(request, USER)
        except OAuth2Error as error:
            return self.oauth.handle_error_response(self.oauth.create_oauth2_request(request), error)
        user = USER if allowed else None
        return self.oauth.create_authorization_response(grant.request, grant_user=user, grant=grant)
