"""Signatures for AWS, checked as the service would: recomputed from the request that arrived."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modelport.adapters.child_processes.running import run_for_library
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.system.programs import Programs
from modelport.adapters.system.workspace import Workspace
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.credential import Credential
from support.builders import credential, endpoint, row
from support.http_server import Answer, LocalServer, Received

ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BEDROCK = row("bedrock", auth="sigv4", requires_api_key=False, dialect="bedrock_converse")
NONE = Credential(provider="bedrock", source="none")
PATH = "/model/us.anthropic.claude-sonnet-4-6-v1%3A0/converse-stream"


def hashed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(request: Received, region: str) -> str:
    """Signature Version 4 of a request as it arrived, from its own list of signed headers."""
    names = re.search(r"SignedHeaders=([^,]+)", request.headers["authorization"])[1].split(";")  # type: ignore[index]
    # The path is encoded once more, as for every service but S3.
    path, _, query = request.path.partition("?")
    path = path.replace("%", "%25")
    lines = [f"{name}:{' '.join(request.headers[name].split())}" for name in names]
    body = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, path, query, *lines, "", ";".join(names), body])
    date = request.headers["x-amz-date"]
    scope = f"{date[:8]}/{region}/bedrock/aws4_request"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hashed(key, part)
    return hashed(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}").hex()


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without anything of AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def keys(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


async def sent(place: Any) -> Received:
    with LocalServer(lambda _: Answer(chunks=[b"{}"])) as server:
        pool = HttpPool()
        place = msgspec.structs.replace(place, base_url=server.url)
        async with ProviderClient(pool).post(place, "m", HttpRequest(PATH, {}, "Authorization", {"messages": []})):
            pass
        await pool.aclose()
        return server.requests[0]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
async def test_the_signature_fits_the_request_that_arrived(keys: None, region: str) -> None:
    request = await sent(endpoint(BEDROCK, credential=NONE, settings={"AWS_REGION": region}))
    assert request.path == PATH
    assert (
        f"Credential={ID}/{request.headers['x-amz-date'][:8]}/{region}/bedrock/aws4_request"
        in request.headers["authorization"]
    )
    assert request.headers["authorization"].endswith(f"Signature={signature(request, region)}")
    assert SECRET not in str(request.headers)


async def test_a_question_without_a_body_is_signed_as_it_is_sent(keys: None) -> None:
    path = "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED"
    with LocalServer(lambda _: Answer(chunks=[b"{}"])) as server:
        pool = HttpPool()
        place = endpoint(BEDROCK, credential=NONE, base_url=server.url, settings={"AWS_REGION": "us-east-1"})
        await ProviderClient(pool).get(place, "", HttpRequest(path, {}, "Authorization"), 5)
        await pool.aclose()
        (request,) = server.requests
    assert (request.method, request.path) == ("GET", path)
    assert "content-type" not in request.headers
    assert request.headers["authorization"].endswith(f"Signature={signature(request, 'us-east-1')}")


async def test_a_session_token_is_sent_and_signed(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session")
    request = await sent(endpoint(BEDROCK, credential=NONE, settings={"AWS_REGION": "us-east-1"}))
    assert request.headers["x-amz-security-token"] == "a-session"
    assert request.headers["authorization"].endswith(signature(request, "us-east-1"))


async def test_a_profile_in_the_files_of_aws(no_aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(f"[work]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    request = await sent(endpoint(BEDROCK, credential=NONE, settings={"AWS_REGION": "us-east-1"}))
    assert request.headers["authorization"].endswith(signature(request, "us-east-1"))


async def test_an_api_key_is_a_bearer_token_and_nothing_is_signed(no_aws: None) -> None:
    request = await sent(endpoint(BEDROCK, credential=credential("bedrock-key-0123")))
    assert request.headers["authorization"] == "Bearer bedrock-key-0123"
    assert "x-amz-date" not in request.headers


async def test_no_credentials_at_all_say_what_to_set(no_aws: None) -> None:
    with pytest.raises(RequestFailed, match="AWS_PROFILE") as failed:
        await sent(endpoint(BEDROCK, credential=NONE))
    assert (failed.value.kind, failed.value.provider) == ("auth_required", "bedrock")


async def test_broken_files_say_so_without_their_path(no_aws: None, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile\nx")
    with pytest.raises(RequestFailed, match="AWS_PROFILE") as failed:
        await sent(endpoint(BEDROCK, credential=NONE))
    assert str(tmp_path) not in failed.value.message


async def test_without_the_library_the_extra_is_named(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with pytest.raises(RequestFailed, match=r"modelport\[bedrock\]") as failed:
        await sent(endpoint(BEDROCK, credential=NONE))
    assert failed.value.kind == "unsupported"


def test_the_region_is_the_hosts_where_it_has_one() -> None:
    from modelport.adapters.log_ins.aws import _region

    def region(url: str) -> str:
        return _region(endpoint(BEDROCK, base_url=url, settings={"AWS_REGION": "set"}))

    assert region("https://bedrock-runtime.eu-west-1.amazonaws.com") == "eu-west-1"
    assert region("https://bedrock-runtime.us-gov-west-1.amazonaws.com") == "us-gov-west-1"
    assert region("https://bedrock-runtime.cn-north-1.amazonaws.com.cn") == "cn-north-1"
    assert region("http://127.0.0.1:4010") == "set"
    assert region("https://proxy.example/bedrock") == "set"


SSO = """[profile work]
sso_session = acme
sso_account_id = 123456789012
sso_role_name = models
region = us-east-1
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = us-east-1
"""


@pytest.mark.parametrize("cached", [None, "2020-01-01T00:00:00Z"])
async def test_a_log_in_that_has_ended_names_the_command_that_renews_it(
    no_aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config").write_text(SSO)
    if cached:
        folder = tmp_path / ".aws" / "sso" / "cache"
        folder.mkdir(parents=True)
        kept = {"startUrl": "https://acme.awsapps.com/start", "accessToken": "t", "expiresAt": cached}
        (folder / f"{hashlib.sha1(b'acme').hexdigest()}.json").write_bytes(msgspec.json.encode(kept))
    work = endpoint(
        row("bedrock", auth="sigv4", requires_api_key=False, renew_command="aws sso login"),
        credential=Credential(provider="bedrock", source="file"),
        settings={"AWS_PROFILE": "work"},
    )
    with pytest.raises(RequestFailed, match="run aws sso login --profile work") as failed:
        await sent(work)
    assert failed.value.kind == "auth_required"
    assert failed.value.action == "run aws sso login --profile work"


PROFILES = "\n".join(
    f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = {SECRET}\n" for name in ("default", "work")
)


async def test_a_profile_of_the_configuration(no_aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(PROFILES)
    found = Credential(provider="bedrock", source="file")
    for settings, key in (({"AWS_PROFILE": "work"}, "work"), ({}, "default")):
        request = await sent(endpoint(BEDROCK, credential=found, settings=settings))
        assert f"Credential={key}/" in request.headers["authorization"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    first = Credential(provider="bedrock", source="environment")
    request = await sent(endpoint(BEDROCK, credential=first, settings={"AWS_PROFILE": "work"}))
    assert f"Credential={ID}/" in request.headers["authorization"]
    with pytest.raises(RequestFailed, match="AWS credentials"):
        await sent(endpoint(BEDROCK, credential=found, settings={"AWS_PROFILE": "missing"}))


@pytest.mark.skipif(sys.platform == "win32", reason="a script")
@pytest.mark.parametrize("profile", ["tool", "role"])
async def test_a_profiles_program_is_not_taken_from_the_workspace(
    no_aws: None, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, tools = tmp_path / "project", tmp_path / "tools"
    answer = f'{{"Version": 1, "AccessKeyId": "{ID}", "SecretAccessKey": "{SECRET}"}}'
    for folder in (project, tools):
        folder.mkdir()
        (folder / "print-credentials").write_text(
            f"#!/bin/sh\necho run $ACME_API_KEY >> {folder}/ran\necho '{answer}'\n"
        )
        (folder / "print-credentials").chmod(0o755)
    (tmp_path / "config").write_text(
        "[profile tool]\ncredential_process = print-credentials\n"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = tool\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("ACME_API_KEY", "canary-0123456789abcdef")
    monkeypatch.setenv("PATH", f"{project}:{tools}:/usr/bin:/bin")
    monkeypatch.chdir(project)
    programs = Programs(Workspace([str(project)], str(tmp_path)))
    start = partial(run_for_library, programs, lambda: ["ACME_API_KEY"])
    place = endpoint(BEDROCK, credential=NONE, settings={"AWS_REGION": "us-east-1", "AWS_PROFILE": profile})
    with LocalServer(lambda _: Answer(chunks=[b"{}"])) as server:
        pool = HttpPool()
        place = msgspec.structs.replace(place, base_url=server.url)
        try:
            async with ProviderClient(pool, start).post(place, "m", HttpRequest(PATH, {}, "Authorization", {})):
                assert profile == "tool"
        except RequestFailed:
            assert profile == "role"
        await pool.aclose()
    assert (tools / "ran").read_text().strip() == "run"
    assert not (project / "ran").exists()


async def test_a_refusal_does_not_repeat_the_session_token(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "IQoJb3JpZ2luX2VjEB0aCXVzLWVhc3QtMSJIMEYCIQ"
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)

    def repeats(request: Received) -> Answer:
        return Answer(400, chunks=[f'{{"message": "no {request.headers["x-amz-security-token"]} in us-east-1"}}'.encode()])  # fmt: skip

    pool = HttpPool()
    with LocalServer(repeats) as server:
        place = endpoint(BEDROCK, credential=NONE, base_url=server.url, settings={"AWS_REGION": "us-east-1"})
        with pytest.raises(RequestFailed) as failed:
            await ProviderClient(pool).get(place, "m", HttpRequest(PATH, {}, "Authorization"), 5)
    await pool.aclose()
    assert "no [redacted] in us-east-1" in failed.value.message
