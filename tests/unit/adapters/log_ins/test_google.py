"""Google Cloud's tokens: a service account's and a user's, from a token endpoint that checks as Google would."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from modelport.adapters.child_processes.running import Finished, run_for_library
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.system.programs import Programs
from modelport.adapters.system.workspace import Workspace
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import Credential
from modelport.protocol.secret import Secret
from support.builders import credential, endpoint, row
from support.http_server import Answer, LocalServer, Received
from support.proxies import RealProxy

NONE = Credential(provider="vertex", source="none")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Google:
    """A token endpoint and an API."""

    def __init__(self) -> None:
        self.grants: list[dict[str, str]] = []
        self.calls: list[Received] = []
        self.refuse = 0
        self.error: Any = None
        self.settings: dict[str, str] = {}
        self.server = LocalServer(self)
        self.pool = HttpPool()
        self.exchange = ProviderClient(self.pool)
        self.proxy: Secret | None = None
        self.odd: Answer | None = None

    def start_with(self, programs: Programs, hidden: list[str]) -> None:
        self.exchange = ProviderClient(self.pool, partial(run_for_library, programs, lambda: hidden))

    def __call__(self, request: Received) -> Answer:
        if request.path == "/token":
            self.grants.append({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
            if self.odd:
                return self.odd
            if self.error:
                return Answer(400, chunks=[json.dumps(self.error).encode()])
            return Answer(chunks=[json.dumps({"access_token": f"ya29.{len(self.grants)}", "expires_in": 3600, "token_type": "Bearer"}).encode()])  # fmt: skip
        self.calls.append(request)
        return Answer(401 if len(self.calls) <= self.refuse else 200, chunks=[b"{}"])

    async def call(self, found: Credential = NONE) -> Received:
        provider = row("vertex", auth="google", requires_api_key=False, base_url=self.server.url)
        place = msgspec.structs.replace(endpoint(provider), credential=found, settings=self.settings, proxy=self.proxy)
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


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
@pytest.mark.parametrize("named", [True, False])
async def test_the_log_in_of_gcloud_needs_no_gcloud(
    google: Google, named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "application_default_credentials.json"
    path.write_text(json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": f"{google.server.url}/token"}))  # fmt: skip
    (tmp_path / "gcloud").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gcloud").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    if named:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    else:
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{google.server.url}/token")
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
    assert not (tmp_path / "ran").exists()


IDENTITY = {
    "version": 1,
    "success": True,
    "token_type": "urn:ietf:params:oauth:token-type:id_token",
    "id_token": "printed-token",
    "expiration_time": 9999999999,
}


@pytest.fixture
def federated(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential whose token a program prints; the fixture is the folder of that program."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'project'}:{tools}:/usr/bin:/bin")
    monkeypatch.setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "federated.json"))
    audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
    source = {"executable": {"command": "print-token --format 'a b'", "timeout_millis": 5000}}
    (tmp_path / "federated.json").write_text(json.dumps({"type": "external_account", "audience": audience, "subject_token_type": IDENTITY["token_type"], "token_url": f"{google.server.url}/token", "credential_source": source}))  # fmt: skip
    return tools


def prints(folder: Path, words: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / "print-token"
    program.write_text(f'#!/bin/sh\necho "$2/$ACME_API_KEY/$GOOGLE_EXTERNAL_ACCOUNT_REVOKE" >> {folder}/ran\n{words}\n')
    program.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
async def test_a_program_that_prints_a_token_is_started_as_all_programs_are(
    google: Google, federated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(federated, f"echo '{json.dumps(IDENTITY)}'")
    prints(tmp_path / "project", f"echo '{json.dumps(IDENTITY)}'")
    monkeypatch.setenv("ACME_API_KEY", "canary-0123456789abcdef")
    google.start_with(Programs(Workspace([str(tmp_path / "project")], str(tmp_path))), ["ACME_API_KEY"])
    monkeypatch.chdir(tmp_path / "project")
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
    assert google.grants[0]["subject_token"] == "printed-token"
    # Once, not the workspace's, without a key, and with what the library says to it.
    assert (federated / "ran").read_text() == "a b//0\n"
    assert not (tmp_path / "project" / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
@pytest.mark.parametrize("nested", [False, True])
async def test_a_program_for_an_account_that_is_impersonated(google: Google, federated: Path, nested: bool) -> None:
    """The library makes a copy of the credentials for it; within others it would run the program by itself."""
    prints(federated, f"echo '{json.dumps(IDENTITY)}'")
    url = f"{google.server.url}/impersonate/robot@p:generateAccessToken"
    rewrite(federated, lambda inside: {"type": "impersonated_service_account", "service_account_impersonation_url": url, "source_credentials": inside} if nested else inside | {"service_account_impersonation_url": url})  # fmt: skip
    started: list[list[str]] = []

    def start(command: list[str], **more: Any) -> Finished:
        started.append(list(command))
        return run_for_library(Programs(), tuple, command, **more)

    google.exchange = ProviderClient(google.pool, start)
    with pytest.raises(RequestFailed) as failed:
        # Google's own address for it is not here.
        await google.call()
    assert started == ([] if nested else [["print-token", "--format", "a b"]])
    assert ((federated / "ran").exists(), "write service_account_imp" in failed.value.message) == (not nested, nested)


def rewrite(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder.parent / "federated.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
@pytest.mark.parametrize("words", ["exit 3", "true", "echo nonsense", "echo '[]'", "head -c 200000 /dev/zero | tr '\\\\0' '['", "echo 5", "echo '{}'", "echo '\"x\"'", "printf '\\377'", "sleep 60", "yes", f"echo '{json.dumps({**IDENTITY, 'success': False, 'code': '401', 'message': 'no'})}'"])  # fmt: skip
async def test_a_program_that_prints_no_token_has_an_action(google: Google, federated: Path, words: str) -> None:
    prints(federated, words)
    if words == "sleep 60":
        # No credential may set less than five seconds.
        google.exchange = ProviderClient(google.pool, lambda command, **_: run_for_library(Programs(), tuple, command, timeout=0.2))  # fmt: skip
    with pytest.raises(RequestFailed, match="gcloud auth application-default login") as failed:
        await google.call()
    assert (failed.value.kind, google.calls) == ("auth_required", [])
    assert str(federated) not in failed.value.message


async def test_a_program_that_is_not_there_has_an_action(google: Google, federated: Path) -> None:
    with pytest.raises(RequestFailed, match="gcloud auth application-default login"):
        await google.call()


@pytest.mark.parametrize("content", ["", "[" * 200_000, "[]", "5", "null", '"x"', "\ud800", '{"type": 5}', '{"type": "service_account"}', '{"type": "service_account", "client_email": 1, "token_uri": 2, "private_key": 3}', '{"type": "authorized_user", "refresh_token": [], "client_id": {}, "client_secret": 1}', '{"type": "external_account", "audience": 1, "subject_token_type": 2, "token_url": 3, "credential_source": 4}', '{"type": "impersonated_service_account", "source_credentials": []}'])  # fmt: skip
async def test_a_file_that_holds_something_else_has_an_action(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:  # fmt: skip
    (tmp_path / "odd.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "odd.json"))
    with pytest.raises(RequestFailed, match="Google Cloud credentials") as failed:
        await google.call()
    assert (failed.value.kind, google.calls) == ("auth_required", [])
    assert str(tmp_path) not in failed.value.message


async def test_the_token_comes_through_the_endpoints_own_proxy(google: Google, account: Path) -> None:
    account.write_text(account.read_text().replace("127.0.0.1", "tokens.example"))  # noqa: ASYNC240
    with RealProxy("socks5") as proxy:
        google.proxy = Secret(f"socks5h://{proxy.address}")
        assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
        assert proxy.hosts() == ["tokens.example"]


@pytest.mark.parametrize("answer", [Answer(200, chunks=[b"x" * 100_000] * 20), Answer(200, {"content-encoding": "gzip"}, [b"\x1f\x8b"]), Answer(302, {"location": "http://127.0.0.1:9/"}), Answer(500, chunks=[b"<html>"])])  # fmt: skip
async def test_an_odd_answer_of_the_token_endpoint_has_an_action(google: Google, account: Path, answer: Answer) -> None:
    google.odd = answer
    with pytest.raises(RequestFailed, match="Google Cloud credentials"):
        await google.call()


@pytest.mark.parametrize("life", [10**30, 10**400, 1e308, -5, "soon", None, [1]])
async def test_a_life_that_no_clock_can_count_is_no_bug(google: Google, account: Path, life: Any) -> None:
    google.odd = Answer(chunks=[json.dumps({"access_token": "ya29.odd", "expires_in": life}).encode()])
    sent = kind = None
    try:
        sent = (await google.call()).headers["authorization"]
    except RequestFailed as failure:
        kind = failure.kind
    assert (sent, kind) in (("Bearer ya29.odd", None), (None, "auth_required"))


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


async def test_a_key_file_of_the_configuration(google: Google, account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    google.settings = {"GOOGLE_APPLICATION_CREDENTIALS": str(account)}
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
    google.settings = {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}
    with pytest.raises(RequestFailed, match="Google Cloud credentials"):
        await google.call()
    google.settings = {"GOOGLE_APPLICATION_CREDENTIALS": str(account)}
    assert (await google.call()).headers["authorization"] == "Bearer ya29.1"
