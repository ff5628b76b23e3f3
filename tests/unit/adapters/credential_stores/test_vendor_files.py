"""What the vendors' own tools keep on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.domain.providers.rows import Auth
from support.builders import Variables, row

AWS, GOOGLE, COPILOT, QWEN = (row(auth, auth=auth, requires_api_key=False) for auth in ("sigv4", "google", "copilot", "qwen"))  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


async def found(provider: Any, **variables: str) -> tuple[str, str | None, str | None] | None:
    credential = await LocalVendorFiles(Variables(**variables)).credential(provider, {})
    if credential is None:
        return None
    return credential.source, credential.location, credential.secret.reveal() if credential.secret else None


@pytest.mark.parametrize("auth", get_args(Auth))
async def test_a_machine_with_nothing(auth: Auth) -> None:
    provider = row(auth, auth=auth, requires_api_key=False)
    assert await found(provider) is None
    assert await LocalVendorFiles(Variables()).settings(provider, {}) == {}


@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
)
async def test_aws_in_the_environment(name: str) -> None:
    assert await found(AWS, **{name: "x"}) == ("environment", name, None)


async def test_aws_in_its_files(home: Path) -> None:
    write(home / ".aws" / "credentials", "[default]\naws_access_key_id = id\n\n[other]\nnothing = 1\n")
    write(
        home / ".aws" / "config",
        "[default]\nregion = eu-west-1\n\n[profile sso]\nsso_session = s\nregion = eu-north-1\n",
    )
    assert await found(AWS) == ("file", "~/.aws/credentials", None)
    assert await found(AWS, AWS_PROFILE="sso") == ("file", "~/.aws/config", None)
    assert await found(AWS, AWS_PROFILE="other") is None
    for profile, region in (("default", "eu-west-1"), ("sso", "eu-north-1")):
        files = LocalVendorFiles(Variables(AWS_PROFILE=profile))
        assert await files.settings(AWS, {}) == {"AWS_PROFILE_REGION": region}
    assert await LocalVendorFiles(Variables(AWS_PROFILE="other")).settings(AWS, {}) == {}


@pytest.mark.parametrize("broken", ["[default", "\xff\xfe", "[default]\n[default]\nregion = %(x)s\n", "= 1"])
async def test_broken_files_of_aws_count_as_missing(home: Path, broken: str) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(broken, encoding="latin-1")
    assert await found(AWS) is None
    await LocalVendorFiles(Variables()).settings(AWS, {})


async def test_google_in_its_folder_or_at_the_path_of_the_variable(home: Path) -> None:
    write(home / ".config" / "gcloud" / "application_default_credentials.json", {"quota_project_id": "quota"})
    place = "~/.config/gcloud/application_default_credentials.json"
    assert await found(GOOGLE) == ("file", place, None)
    assert await LocalVendorFiles(Variables()).settings(GOOGLE, {}) == {"GOOGLE_ADC_PROJECT": "quota"}
    write(home / "account.json", {"project_id": "mine"})
    named = {"GOOGLE_APPLICATION_CREDENTIALS": str(home / "account.json")}
    assert await found(GOOGLE, **named) == ("file", "~/account.json", None)
    assert await LocalVendorFiles(Variables(**named)).settings(GOOGLE, {}) == {"GOOGLE_ADC_PROJECT": "mine"}
    assert await found(GOOGLE, GOOGLE_APPLICATION_CREDENTIALS="/nowhere.json") is None


async def test_copilot_in_the_files_of_the_editors(home: Path) -> None:
    write(home / ".config" / "github-copilot" / "hosts.json", {"github.com": {"user": "u", "oauth_token": "ghu_hosts"}})
    assert await found(COPILOT) == ("file", "~/.config/github-copilot/hosts.json", "ghu_hosts")
    write(home / ".config" / "github-copilot" / "apps.json", {"ghe.example:Iv1": {"oauth_token": "ghu_other"}, "github.com:Iv1": {"oauth_token": "ghu_apps"}})  # fmt: skip
    assert await found(COPILOT) == ("file", "~/.config/github-copilot/apps.json", "ghu_apps")
    assert await found(COPILOT, XDG_CONFIG_HOME=str(home / "elsewhere")) is None


async def test_qwen_in_its_file(home: Path) -> None:
    write(home / ".qwen" / "oauth_creds.json", {"access_token": "token"})
    assert await found(QWEN) == ("file", "~/.qwen/oauth_creds.json", "token")


@pytest.mark.parametrize("odd", ["", "[]", "{", '{"access_token": 5}', '{"access_token": " "}', "[" * 5000])
async def test_odd_files_count_as_missing(home: Path, odd: str) -> None:
    write(home / ".qwen" / "oauth_creds.json", odd)
    write(home / ".config" / "github-copilot" / "apps.json", odd)
    write(home / ".config" / "github-copilot" / "hosts.json", '{"github.com": 5}')
    assert await found(QWEN) is None
    assert await found(COPILOT) is None


async def test_values_of_the_configuration_come_before_those_of_the_environment(home: Path) -> None:
    write(home / ".aws" / "credentials", "[work]\naws_access_key_id = id\n")
    write(home / ".aws" / "config", "[profile work]\nregion = eu-north-1\n")
    files = LocalVendorFiles(Variables(AWS_PROFILE="other", GOOGLE_APPLICATION_CREDENTIALS="/nowhere.json"))
    work = await files.credential(AWS, {"AWS_PROFILE": "work"})
    assert work is not None
    assert work.location == "~/.aws/credentials"
    assert await files.settings(AWS, {"AWS_PROFILE": "work"}) == {"AWS_PROFILE_REGION": "eu-north-1"}
    write(home / "account.json", {"project_id": "mine"})
    account = {"GOOGLE_APPLICATION_CREDENTIALS": str(home / "account.json")}
    assert await files.settings(GOOGLE, account) == {"GOOGLE_ADC_PROJECT": "mine"}
    write(home / "qwen.json", {"access_token": "token"})
    qwen = await files.credential(QWEN, {"QWEN_CREDENTIALS_FILE": "~/qwen.json"})
    assert qwen is not None
    assert (qwen.location, qwen.secret and qwen.secret.reveal()) == ("~/qwen.json", "token")


@pytest.mark.parametrize(("text", "token"), [("ghu_token\n", "ghu_token"), ("", None), (" \n", None), ("\udcff", None)])
async def test_copilot_in_a_file_of_ones_own(home: Path, text: str, token: str | None) -> None:
    (home / "token.txt").write_bytes(text.encode(errors="surrogateescape"))
    found = await LocalVendorFiles(Variables()).credential(COPILOT, {"COPILOT_TOKEN_FILE": "~/token.txt"})
    assert (found and found.secret and found.secret.reveal()) == token
    assert await LocalVendorFiles(Variables()).credential(COPILOT, {"COPILOT_TOKEN_FILE": "/nowhere"}) is None
