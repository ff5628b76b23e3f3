"""The log-ins of the shipped rows, against servers that behave as the vendors' do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from e2e.test_log_in import Machine, browse
from support.http_server import Answer, LocalServer, Received
from support.oauth_server import OAuthServer, answer, fits
from support.server_process import ServerProcess
from support.sse import streamed


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def form_of(request: Received) -> dict[str, str]:
    from urllib.parse import parse_qs

    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


class GitHub:
    """GitHub's device flow, which answers errors with status 200, and Copilot's exchange and models."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.polls = 0
        self.exchanges: list[Received] = []
        self.calls: list[Received] = []
        self.refuse = 0
        self.server = LocalServer(self._behave)

    def _behave(self, request: Received) -> Answer:
        match urlsplit(request.path).path:
            case "/login/device/code":
                fields = {"device_code": "d", "user_code": "ABCD-1234", "expires_in": 900, "interval": 1}
                return answer(200, fields | {"verification_uri": "https://github.com/login/device"})
            case "/login/oauth/access_token":
                self.polls += 1
                pending = {"error": "authorization_pending", "error_description": "The authorization is pending."}
                return answer(200, pending if self.polls == 1 else {"access_token": self.token, "token_type": "bearer"})
            case "/copilot_internal/v2/token":
                self.exchanges.append(request)
                ends = int(time.time()) + 1800
                return answer(200, {"token": f"tid={len(self.exchanges)};x", "expires_at": ends, "refresh_in": 1500})
            case _:
                self.calls.append(request)
                if len(self.calls) <= self.refuse:
                    return Answer(401, chunks=[b"unauthorized: token expired"])
                return streamed("ok")

    def toml(self) -> str:
        url = self.server.url
        return (
            f'[providers.copilot]\nbase_url = "{url}"\n[providers.copilot.login]\nclient_id = "Iv1.tests"\n'
            f'device_url = "{url}/login/device/code"\ntoken_url = "{url}/login/oauth/access_token"\n'
            f'exchange_url = "{url}/copilot_internal/v2/token"\n'
        )


@pytest.mark.parametrize("token", ["ghu_0123456789abcdef", "gho_0123456789abcdef"])
def test_copilot_by_exchange_and_directly(machine: Machine, token: str) -> None:
    github = GitHub(token)
    machine.configure(github.toml())
    with github.server, ServerProcess() as editor:
        editor.initialize()
        request = editor.begin("credential/login", {"provider": "github-copilot"})
        update = editor.notification("credential/update")
        assert update["userCode"] == "ABCD-1234"
        assert "documents no access" in update["notice"]
        assert editor.reply(request)["result"]["last4"] == "cdef"
        assert github.polls == 2
        github.refuse = 1 if token.startswith("ghu_") else 0
        assert editor.result("completion/create", {"model": "copilot/gpt-x", "prompt": "hi"})["text"] == "ok"
        sent = [call.headers["authorization"] for call in github.calls]
        assert sent == (["Bearer tid=1;x", "Bearer tid=2;x"] if token.startswith("ghu_") else [f"Bearer {token}"])
        assert editor.close() == 0


def test_a_model_that_is_not_enabled_says_so_in_the_list_and_when_it_is_called(machine: Machine) -> None:
    terms = "Enable access to the latest model. [Learn more](https://gh.example/m)."
    listing = {"data": [{"id": "new", "policy": {"state": "unconfigured", "terms": terms}}, {"id": "old"}]}
    refused = {"error": {"message": "The requested model is not supported.", "code": "model_not_supported"}}

    def behave(request: Received) -> Answer:
        return answer(200, listing) if request.path == "/models" else answer(400, refused)

    with LocalServer(behave) as server, ServerProcess(env={"COPILOT_GITHUB_TOKEN": "gho_0123456789abc"}) as editor:
        editor.initialize()
        editor.result("provider/connect", {"provider": "copilot", "baseUrl": server.url, "verify": False})
        models = {model["id"]: model for model in editor.result("model/list", {"provider": "copilot"})["models"]}
        wanted = "Enable access to the latest model. Learn more (https://gh.example/m)."
        assert models["new"]["notice"] == f"Not enabled for this account. {wanted}"
        assert "notice" not in models["old"]
        error = editor.error("completion/create", {"model": "copilot/new", "prompt": "hi"})
        assert error["data"]["kind"] == "model_not_found"
        assert error["message"].endswith(f"not enabled for this account. {wanted}")
        assert editor.close() == 0


def test_copilot_on_a_host_of_the_companys_own(machine: Machine) -> None:
    machine.configure('[providers.copilot.login]\nclient_id = "Iv1.tests"\nhost = "acme.ghe.com"\n')
    with ServerProcess() as editor:
        editor.initialize()
        rows = {row["id"]: row for row in editor.result("provider/list")["providers"]}
        assert rows["copilot"]["baseUrl"] == "https://copilot-api.acme.ghe.com"
        error = editor.error("credential/login", {"provider": "copilot"})
        assert "https://acme.ghe.com/login/device/code" in error["message"]
        assert editor.close() == 0


def test_qwen_as_it_was(machine: Machine) -> None:
    challenges: list[dict[str, str]] = []
    calls: list[Received] = []

    def behave(request: Received) -> Answer:
        form = form_of(request) if request.path.startswith("/api") else {}
        match request.path:
            case "/api/v1/oauth2/device/code":
                challenges.append(form)
                page = "https://chat.qwen.ai/authorize"
                fields = {"device_code": "d", "user_code": "QWEN", "verification_uri": page, "expires_in": 900}
                return answer(200, fields | {"verification_uri_complete": f"{page}?user_code=QWEN", "interval": 1})
            case "/api/v1/oauth2/token" if form["grant_type"] == "refresh_token":
                assert form["refresh_token"] == "refresh-1"
                return answer(200, tokens(2))
            case "/api/v1/oauth2/token":
                assert fits(challenges[0], form["code_verifier"])
                return answer(200, tokens(1))
            case _:
                calls.append(request)
                return streamed("ok") if "access-2" in request.headers["authorization"] else answer(401, {})

    def tokens(number: int) -> dict[str, Any]:
        life = {"expires_in": 21600, "resource_url": server.url.replace("127.0.0.1", "localhost")}
        return {"access_token": f"access-{number}-0123456", "refresh_token": f"refresh-{number}", **life}

    with LocalServer(behave) as server:
        url = server.url
        machine.configure(
            f'[providers.qwen-oauth.login]\ndevice_url = "{url}/api/v1/oauth2/device/code"\n'
            f'token_url = "{url}/api/v1/oauth2/token"\n'
        )
        with ServerProcess() as editor:
            editor.initialize()
            request = editor.begin("credential/login", {"provider": "qwen-oauth"})
            assert "ended" in editor.notification("credential/update")["notice"]
            assert "result" in editor.reply(request)
            assert challenges[0]["scope"] == "openid profile email model.completion"
            done = editor.result("completion/create", {"model": "qwen-oauth/coder-model", "prompt": "hi"})
            assert done["text"] == "ok"
            # The address that came with the tokens, with the version that it lacks.
            assert {call.path for call in calls} == {"/v1/chat/completions"}
            assert editor.close() == 0
    assert json.loads(machine.entries["modelport/qwen-oauth"])["logIn"]["refreshToken"] == "refresh-2"


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        yield running


def test_openrouter_gives_a_lasting_key(machine: Machine, oauth: OAuthServer) -> None:
    machine.configure(
        f'[providers.openrouter]\nbase_url = "{oauth.url}/v1"\n[providers.openrouter.login]\n'
        f'authorize_url = "{oauth.url}/auth"\nexchange_url = "{oauth.url}/keys"\n'
    )
    with ServerProcess() as editor:
        editor.initialize()
        request = editor.begin("credential/login", {"provider": "openrouter"})
        back, asked = oauth.visit(editor.notification("credential/update")["verificationUri"])
        assert set(asked) == {"callback_url", "code_challenge", "code_challenge_method"}
        assert asked["callback_url"].startswith("http://localhost:")
        assert len(urlsplit(asked["callback_url"]).path) > 30
        assert browse(back)[0] == 200
        status = editor.reply(request)["result"]
        assert status["loggedIn"] is True
        assert oauth.forms[-1][1]["code_challenge_method"] == "S256"
        assert editor.result("completion/create", {"model": "openrouter/m", "prompt": "hi"})["text"] == "ok"
        oauth.revoke()
        error = editor.error("completion/create", {"model": "openrouter/m", "prompt": "hi"})
        assert error["data"]["kind"] == "auth_required"
        assert "modelport login openrouter" in error["message"]
        assert editor.close() == 0


def test_hugging_face_with_an_app_of_the_users_own(machine: Machine, oauth: OAuthServer) -> None:
    machine.configure(
        f'[providers.huggingface]\nbase_url = "{oauth.url}/v1"\n[providers.huggingface.login]\n'
        f'client_id = "modelport-tests"\ndevice_url = "{oauth.url}/device"\ntoken_url = "{oauth.url}/token"\n'
    )
    oauth.approved.set()
    with ServerProcess() as editor:
        editor.initialize()
        request = editor.begin("credential/login", {"provider": "hf"})
        editor.notification("credential/update")
        assert "result" in editor.reply(request)
        assert oauth.forms[0][1]["scope"] == "openid inference-api"
        assert editor.result("completion/create", {"model": "huggingface/m", "prompt": "hi"})["text"] == "ok"
        assert editor.close() == 0
