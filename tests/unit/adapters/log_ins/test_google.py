"""Google Cloud's tokens: a service account's and a user's, from a token endpoint that checks as Google would."""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import Credential
from support.builders import credential, endpoint, row
from support.http_server import Answer, LocalServer, Received

NONE = Credential(provider="vertex", source="none")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Google:
    """A token endpoint and an API."""

    def __init__(self) -> None:
        self.grants: list[dict[str, str]] = []
        self.calls: list[Received] = []
        self.refuse = 0
        self.error: Any = None
        self.server = LocalServer(self)
        self.pool = HttpPool()
        self.exchange = ProviderClient(self.pool)

    def __call__(self, request: Received) -> Answer:
        if request.path == "/token":
            self.grants.append({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
            if self.error:
                return Answer(400, chunks=[json.dumps(self.error).encode()])
            return Answer(chunks=[json.dumps({"access_token": f"ya29.{len(self.grants)}", "expires_in": 3600, "token_type": "Bearer"}).encode()])  # fmt: skip
        self.calls.append(request)
        return Answer(401 if len(self.calls) <= self.refuse else 200, chunks=[b"{}"])

    async def call(self, found: Credential = NONE) -> Received:
        provider = row("vertex", auth="google", requires_api_key=False, base_url=self.server.url)
        place = msgspec.structs.replace(endpoint(provider), credential=found)
        async with self.exchange.post(place, "m", HttpRequest("/chat", {}, "Authorization")):
            return self.calls[-1]


@pytest.fixture
async def google() -> Any:
    made = Google()
    yield made
    await made.pool.aclose()
    made.server.close()


@pytest.fixture
def account(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "account.json"
    path.write_text(json.dumps({"type": "service_account", "project_id": "p", "private_key_id": "key-1", "private_key": pem.decode(), "client_email": "robot@p.example", "client_id": "1", "token_uri": f"{google.server.url}/token"}))  # fmt: skip
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return path


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_a_service_account_signs_for_its_token(google: Google, account: Path) -> None:
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
    (grant,) = google.grants
    assert grant["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, signature = grant["assertion"].split(".")
    KEY.public_key().verify(part(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(part(claims))
    assert json.loads(part(head)) == {"typ": "JWT", "alg": "RS256", "kid": "key-1"}
    assert (said["iss"], said["aud"]) == ("robot@p.example", "https://oauth2.googleapis.com/token")
    assert said["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert abs(said["iat"] - time.time()) < 60
    assert said["exp"] - said["iat"] == 3600


async def test_a_token_is_kept_while_it_lasts(google: Google, account: Path) -> None:
    for _ in range(3):
        await google.call()
    assert len(google.grants) == 1


async def test_a_token_that_is_refused_is_renewed_once(google: Google, account: Path) -> None:
    google.refuse = 1
    assert (await google.call()).headers["authorization"] == "Bearer ya29.2"
    assert len(google.calls) == 2


async def test_a_person_who_logged_in_with_gcloud(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "user.json"
    path.write_text(json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "renew-me", "token_uri": f"{google.server.url}/token"}))  # fmt: skip
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{google.server.url}/token")
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
    assert (google.grants[0]["grant_type"], google.grants[0]["refresh_token"]) == ("refresh_token", "renew-me")


async def test_an_api_key_is_left_as_it_is(google: Google) -> None:
    assert (await google.call(credential("AIza-0123456789"))).headers["authorization"] == "Bearer AIza-0123456789"
    assert google.grants == []


async def test_a_refusal_has_an_action(google: Google, account: Path) -> None:
    google.error = {"error": "invalid_grant", "error_description": "Account not found."}
    with pytest.raises(RequestFailed, match="gcloud auth application-default login") as failed:
        await google.call()
    assert failed.value.kind == "auth_required"
    assert google.calls == []
    assert "PRIVATE" not in str(failed.value.data()) + failed.value.message


async def test_missing_credentials_have_an_action(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(RequestFailed, match="GOOGLE_APPLICATION_CREDENTIALS") as failed:
        await google.call()
    assert str(tmp_path) not in failed.value.message


async def test_without_the_library_the_extra_is_named(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(RequestFailed, match=r"modelport\[vertex\]") as failed:
        await google.call()
    assert failed.value.kind == "unsupported"
