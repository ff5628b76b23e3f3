"""Log-ins at authorization servers that we did not write, by a user with a browser: npm's oidc-provider, PyPI's authlib.

They check what our own server for tests might be wrong about with us: PKCE, the redirection, rotation of refresh tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from e2e.test_log_in import Machine
from support.oauth_issuers import MAKERS, Issuer
from support.server_process import ServerProcess
from support.web_browser import WebBrowser

pytestmark = pytest.mark.timeout(60, func_only=True)


@pytest.fixture(scope="module", params=MAKERS)
def issuer(request: pytest.FixtureRequest) -> Iterator[Issuer]:
    with MAKERS[request.param]() as made:
        yield made


@pytest.fixture(scope="module", params=MAKERS)
def hasty_issuer(request: pytest.FixtureRequest) -> Iterator[Issuer]:
    """One whose codes last for a second."""
    with MAKERS[request.param](device_code_s=1) as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.fixture
def editor(machine: Machine, issuer: Issuer) -> Iterator[ServerProcess]:
    machine.configure(issuer.toml())
    with ServerProcess() as running:
        running.initialize()
        yield running
        assert running.close() == 0


def begun(editor: ServerProcess, method: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """The request of a log-in, and what its user is to do."""
    request = editor.begin("credential/login", {"provider": "acme", "method": method, **more})
    return request, editor.notification("credential/update")


def entered(update: dict[str, Any]) -> str:
    """The page of a log-in, where there is a code with that entered."""
    if "userCode" not in update:
        return update["verificationUri"]
    return f"{update['verificationUri']}?{urlencode({'user_code': update['userCode']})}"


def logged_in(editor: ServerProcess) -> None:
    """Logs in by the code flow, which needs no waiting."""
    request, update = begun(editor, "code")
    WebBrowser().log_in(update["verificationUri"])
    assert editor.reply(request)["result"]["loggedIn"] is True


def asks(editor: ServerProcess) -> str:
    return editor.result("completion/create", {"model": "acme/m", "prompt": "hi"})["text"]


def test_the_device_flow(machine: Machine, editor: ServerProcess, issuer: Issuer) -> None:
    request, update = begun(editor, "device")
    WebBrowser().log_in(entered(update))
    status = editor.reply(request)["result"]
    assert (status["source"], status["loggedIn"]) == ("keyring", True)
    assert issuer.is_good(machine.kept()["secret"])
    assert asks(editor) == "ok"
    assert issuer.calls[-1].headers["authorization"] == f"Bearer {machine.kept()['secret']}"


def test_the_code_flow_with_pkce(machine: Machine, editor: ServerProcess, issuer: Issuer) -> None:
    request, update = begun(editor, "code", name="work")
    assert "userCode" not in update
    page = WebBrowser().log_in(update["verificationUri"])
    assert "go back to your editor" in page
    assert editor.reply(request)["result"]["name"] == "work"
    assert issuer.is_good(machine.kept("acme/work")["secret"])


def test_a_token_that_is_revoked_is_renewed_and_the_old_refresh_token_is_worth_nothing(
    machine: Machine, editor: ServerProcess, issuer: Issuer
) -> None:
    logged_in(editor)
    first = machine.kept()
    issuer.revoke(first["secret"])
    assert asks(editor) == "ok"
    second = machine.kept()
    assert second["secret"] != first["secret"]
    assert second["logIn"]["refreshToken"] != first["logIn"]["refreshToken"]
    assert issuer.is_good(second["secret"])
    assert issuer.renew(first["logIn"]["refreshToken"])[1]["error"] == "invalid_grant"


def test_a_refresh_token_that_is_refused_ends_the_log_in(
    machine: Machine, editor: ServerProcess, issuer: Issuer
) -> None:
    logged_in(editor)
    kept = machine.kept()
    # As another program that copied the file of the log-in would.
    status, fields = issuer.renew(kept["logIn"]["refreshToken"])
    assert status == 200
    issuer.revoke(kept["secret"])
    error = editor.error("completion/create", {"model": "acme/m", "prompt": "hi"})
    assert error["data"]["kind"] == "auth_required"
    assert "modelport login acme" in error["message"]
    assert fields["access_token"] not in json.dumps(error)
    assert machine.entries == {}


@pytest.mark.parametrize("method", ["device", "code"])
def test_a_user_who_refuses(machine: Machine, editor: ServerProcess, issuer: Issuer, method: str) -> None:
    request, update = begun(editor, method)
    issuer.refuse(WebBrowser(), entered(update))
    error = editor.reply(request)["error"]
    assert error["data"]["kind"] == "auth_rejected"
    assert "told not to allow" in error["message"]
    assert machine.entries == {}


def test_a_code_that_expires(machine: Machine, hasty_issuer: Issuer) -> None:
    machine.configure(hasty_issuer.toml())
    with ServerProcess() as editor:
        editor.initialize()
        request, _ = begun(editor, "device")
        assert editor.reply(request)["error"]["data"]["kind"] == "auth_required"
        assert editor.close() == 0
    assert machine.entries == {}


def test_a_client_id_that_is_not_registered(machine: Machine, issuer: Issuer) -> None:
    machine.configure(issuer.toml(client_id="nobody"))
    with ServerProcess() as editor:
        editor.initialize()
        error = editor.error("credential/login", {"provider": "acme", "method": "device"})
        assert error["data"]["kind"] == "auth_rejected"
        assert "[providers.acme.login]" in error["message"]
        assert editor.close() == 0


def test_a_code_with_another_verifier_is_refused(machine: Machine, editor: ServerProcess, issuer: Issuer) -> None:
    """That a code alone is worth nothing is what the log-ins above rely on."""
    request, update = begun(editor, "code")
    page = update["verificationUri"]
    challenge = page.partition("code_challenge=")[2].partition("&")[0]
    WebBrowser().log_in(page.replace(challenge, "A" * len(challenge)))
    error = editor.reply(request)["error"]
    assert error["data"]["kind"] == "auth_rejected"
    assert machine.entries == {}
