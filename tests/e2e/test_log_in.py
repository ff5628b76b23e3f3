"""Log-ins through the started server: what the client is told, what is kept, and what calls carry afterwards."""

from __future__ import annotations

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from e2e.test_credential import use_keyring
from support.connect_proxy import ConnectProxy
from support.http_server import Answer
from support.oauth_server import OAuthServer, refusal
from support.server_process import ServerProcess

OPENS = {"window": {"showDocument": {"support": True}}}


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        yield running


class Machine:
    """A user's machine: a keyring, a configuration file with a provider of their own, and servers of editors."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        use_keyring(monkeypatch, folder, "FileKeyring")
        self.keyring_file = folder / "keyring.json"
        self.config = folder / "config"
        self.config.mkdir()
        monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(self.config))

    def configure(self, text: str) -> None:
        (self.config / "config.toml").write_text(text)

    def kept(self, entry: str = "acme") -> dict[str, Any]:
        return json.loads(json.loads(self.keyring_file.read_text())[f"modelport/{entry}"])

    @property
    def entries(self) -> dict[str, str]:
        return json.loads(self.keyring_file.read_text()) if self.keyring_file.exists() else {}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oauth: OAuthServer) -> Machine:
    made = Machine(tmp_path, monkeypatch)
    made.configure(oauth.toml())
    return made


@pytest.fixture
def editor(machine: Machine) -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        running.initialize(capabilities=OPENS)
        yield running
        # A page that is still being opened when the log-in ends is opened for nobody.
        assert running.alive()
        running.claim("$/cancelRequest")
        assert running.close() == 0


def told(editor: ServerProcess) -> dict[str, Any]:
    """What the user is told of a log-in, and the page that is opened after that."""
    first = editor.take(lambda m: m.get("method") in ("credential/update", "window/showDocument"))
    assert first["method"] == "credential/update"
    opened = editor.take(lambda m: m.get("method") == "window/showDocument")
    assert opened["params"]["external"] is True
    editor.send({"jsonrpc": "2.0", "id": opened["id"], "result": {"success": True}})
    return {"opened": opened["params"]["uri"], **first["params"]}


def browse(url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """What a browser is shown at an address."""
    request = urllib.request.Request(url, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def asks(editor: ServerProcess) -> str:
    """The text of a completion at the provider."""
    return editor.result("completion/create", {"model": "acme/m", "prompt": "hi"})["text"]


def test_the_device_flow_says_what_to_do_keeps_the_token_and_calls_carry_it(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    request = editor.begin("credential/login", {"provider": "acme", "workDoneToken": "t"})
    update = told(editor)
    assert (update["userCode"], update["verificationUri"]) == ("WDJB-MJHT", f"{oauth.url}/activate")
    assert (update["provider"], update["opened"]) == ("acme", f"{oauth.url}/activate")
    assert "WDJB-MJHT" in json.dumps(editor.claim("$/progress"))
    assert machine.entries == {}
    oauth.approved.set()
    status = editor.reply(request)["result"]
    assert (status["source"], status["location"], status["loggedIn"]) == ("keyring", "modelport/acme", True)
    kept = machine.kept()
    assert kept["secret"] in oauth.good
    assert asks(editor) == "ok"
    assert oauth.calls[-1].headers["authorization"] == f"Bearer {kept['secret']}"
    assert oauth.forms[0] == ("/device", {"client_id": "modelport-tests", "scope": "models:call offline"})
    (listed,) = editor.result("credential/list")["credentials"]
    assert listed.pop("lastUsedAt")
    assert listed == status
    editor.claim("$/progress")


def test_a_provider_says_how_its_users_log_in(editor: ServerProcess) -> None:
    rows = {row["id"]: row for row in editor.result("provider/list")["providers"]}
    assert rows["acme"]["loginMethods"] == ["device", "code"]
    assert rows["copilot"]["loginMethods"] == ["device"]
    assert rows["openrouter"]["loginMethods"] == ["code"]
    assert "loginMethods" not in rows["groq"]


def test_a_completion_begins_no_log_in_and_says_how_to(editor: ServerProcess, oauth: OAuthServer) -> None:
    error = editor.error("completion/create", {"model": "acme/m", "prompt": "hi"})
    assert error["data"]["kind"] == "auth_required"
    assert "modelport login acme" in error["message"]
    assert oauth.forms == []
    assert editor.claim("credential/update") == []


def test_the_code_flow_takes_the_browser_back(machine: Machine, editor: ServerProcess, oauth: OAuthServer) -> None:
    request = editor.begin("credential/login", {"provider": "acme", "method": "code"})
    update = told(editor)
    assert "userCode" not in update
    assert update["opened"] == update["verificationUri"]
    back, asked = oauth.visit(update["verificationUri"])
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert browse(back)[0] == 200
    assert editor.reply(request)["result"]["loggedIn"] is True
    assert machine.kept()["secret"] in oauth.good
    assert asks(editor) == "ok"


def test_wrong_callbacks_do_not_end_a_log_in(editor: ServerProcess, oauth: OAuthServer) -> None:
    request = editor.begin("credential/login", {"provider": "acme", "method": "code"})
    back, _ = oauth.visit(told(editor)["verificationUri"])
    parts = urlsplit(back)
    for wrong, status in (
        (f"{parts.scheme}://{parts.netloc}/?{parts.query}", 404),
        (back.replace("state=", "state=x"), 400),
        (f"{parts.scheme}://{parts.netloc}{parts.path}", 400),
        (back + "&code=twice", 400),
        (back + "&a=b" * 60, 400),
        (back.replace("code=", "nothing="), 400),
        (back.replace("code=", "error=access_denied&state=x&other="), 400),
    ):
        assert browse(wrong)[0] == status, wrong
    assert browse(back, Host="evil.example")[0] == 403
    assert browse(back, Origin="https://evil.example")[0] == 403
    assert browse(back, "POST")[0] == 405
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as silent:
        silent.sendall(b"\x16\x03\x01")
        assert browse(back)[0] == 200
        assert "result" in editor.reply(request)


def test_the_words_of_a_provider_are_text_on_the_page_and_in_the_error(
    editor: ServerProcess, oauth: OAuthServer
) -> None:
    request = editor.begin("credential/login", {"provider": "acme", "method": "code"})
    back, _ = oauth.visit(
        told(editor)["verificationUri"],
        code=None,
        error="access_denied",
        error_description="<script>\x1b[31mno</script>",
    )
    status, page = browse(back)
    assert status == 400
    assert "<script>" not in page
    error = editor.reply(request)["error"]
    assert error["data"]["kind"] == "auth_rejected"
    assert "\x1b" not in error["message"]
    assert "modelport login acme" in error["message"]


def test_what_the_page_shows_can_be_pasted(machine: Machine, editor: ServerProcess, oauth: OAuthServer) -> None:
    request = editor.begin("credential/login", {"provider": "acme", "method": "code"})
    back, _ = oauth.visit(told(editor)["verificationUri"])
    wrong = editor.error("credential/input", {"provider": "acme", "text": back.replace("state=", "state=x")})
    assert (wrong["code"], wrong["data"]["field"]) == (-32602, "text")
    assert editor.error("credential/input", {"provider": "acme", "text": "hello there"})["code"] == -32602
    assert editor.result("credential/input", {"provider": "acme", "text": f" {back}\n"}) == {}
    assert editor.reply(request)["result"]["loggedIn"] is True
    late = editor.error("credential/input", {"provider": "acme", "text": back})
    assert "under way" in late["message"]


def test_a_page_that_shows_the_code_needs_no_port(machine: Machine, oauth: OAuthServer) -> None:
    machine.configure(oauth.toml(redirect_uri="https://acme.example/code", device_url=None))
    with ServerProcess() as editor:
        editor.initialize()
        request = editor.begin("credential/login", {"provider": "acme"})
        back, _ = oauth.visit(editor.notification("credential/update")["verificationUri"])
        query = parse_qs(urlsplit(back).query)
        editor.result("credential/input", {"provider": "acme", "text": f"{query['code'][0]}#{query['state'][0]}"})
        assert editor.reply(request)["result"]["loggedIn"] is True
        assert editor.close() == 0


def test_a_fixed_port_that_is_taken_is_named_and_nobody_is_sent_there(machine: Machine, oauth: OAuthServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        machine.configure(oauth.toml(redirect_uri=f"http://127.0.0.1:{port}/callback"))
        with ServerProcess() as editor:
            editor.initialize(capabilities=OPENS)
            error = editor.error("credential/login", {"provider": "acme", "method": "code"})
            assert str(port) in error["message"]
            assert "redirect_uri" in error["message"]
            assert editor.close() == 0


def test_cancelling_frees_the_port_at_once(machine: Machine, oauth: OAuthServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    machine.configure(oauth.toml(redirect_uri=f"http://127.0.0.1:{port}/callback"))
    with ServerProcess() as editor:
        editor.initialize()
        for _ in range(2):
            request = editor.begin("credential/login", {"provider": "acme", "method": "code"})
            editor.notification("credential/update")
            editor.notify("$/cancelRequest", {"id": request})
            assert editor.reply(request)["error"]["code"] == -32800
            socket.create_server(("127.0.0.1", port)).close()
        assert machine.entries == {}
        assert editor.close() == 0


@pytest.mark.parametrize("end", ["kill", "close_input"])
def test_the_end_of_the_server_frees_the_port(machine: Machine, oauth: OAuthServer, end: str) -> None:
    with ServerProcess() as editor:
        editor.initialize()
        editor.begin("credential/login", {"provider": "acme", "method": "code"})
        page = editor.notification("credential/update")["verificationUri"]
        port = urlsplit(parse_qs(urlsplit(page).query)["redirect_uri"][0]).port or 0
        editor.kill() if end == "kill" else editor.send({"jsonrpc": "2.0", "method": "exit"})
        editor.process.wait(10)
        socket.create_server(("127.0.0.1", port)).close()


def test_a_second_log_in_takes_the_place_of_the_first(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    first = editor.begin("credential/login", {"provider": "acme", "method": "code"})
    back, _ = oauth.visit(told(editor)["verificationUri"])
    second = editor.begin("credential/login", {"provider": "acme"})
    error = editor.reply(first)["error"]
    assert error["data"]["kind"] == "auth_required"
    with pytest.raises(OSError, match="refused"):
        browse(back)
    told(editor)
    oauth.approved.set()
    assert editor.reply(second)["result"]["loggedIn"] is True


def test_two_accounts_stand_side_by_side(machine: Machine, editor: ServerProcess, oauth: OAuthServer) -> None:
    oauth.rotates = False
    oauth.approved.set()
    for name in (None, "work"):
        params = {"provider": "acme"} | ({"name": name} if name else {})
        request = editor.begin("credential/login", params)
        assert told(editor).get("name") == name
        assert editor.reply(request)["result"].get("name") == name
    own, work = machine.kept()["secret"], machine.kept("acme/work")["secret"]
    assert own != work
    assert asks(editor) == "ok"
    assert oauth.calls[-1].headers["authorization"] == f"Bearer {own}"
    editor.result("provider/connect", {"provider": "acme", "name": "work", "verify": False})
    assert editor.result("completion/create", {"model": "work/m", "prompt": "hi"})["text"] == "ok"
    assert oauth.calls[-1].headers["authorization"] == f"Bearer {work}"
    editor.result("credential/logout", {"provider": "acme", "name": "work"})
    assert list(machine.entries) == ["modelport/acme"]


def test_logging_out_deletes_what_a_log_in_stored_and_nothing_else(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    editor.result("credential/set", {"provider": "acme", "secret": "typed-0123456789"})
    assert editor.result("credential/logout", {"provider": "acme"})["source"] == "keyring"
    assert list(machine.entries) == ["modelport/acme"]
    oauth.approved.set()
    request = editor.begin("credential/login", {"provider": "acme"})
    told(editor)
    editor.reply(request)
    assert editor.result("credential/logout", {"provider": "acme"}) == {"provider": "acme", "source": "none"}
    assert machine.entries == {}
    assert editor.error("completion/create", {"model": "acme/m", "prompt": "hi"})["data"]["kind"] == "auth_required"


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_the_store_is_checked_before_anyone_logs_in(
    machine: Machine, oauth: OAuthServer, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    with ServerProcess() as editor:
        editor.initialize(capabilities=OPENS)
        error = editor.error("credential/login", {"provider": "acme"})
        assert error["data"]["kind"] == "keyring_unavailable"
        assert oauth.forms == []
        assert editor.close() == 0


def test_without_a_keyring_what_a_log_in_gives_goes_to_the_file_of_keys_only_by_name(
    machine: Machine, oauth: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    oauth.approved.set()
    with ServerProcess() as editor:
        editor.initialize()
        for params in ({"store": "file"}, {}):
            # The second time it is there, and stays there.
            request = editor.begin("credential/login", {"provider": "acme", **params})
            editor.notification("credential/update")
            assert editor.reply(request)["result"]["source"] == "file"
        oauth.revoke()
        assert asks(editor) == "ok"
        assert editor.result("credential/logout", {"provider": "acme"})["source"] == "none"
        error = editor.error("credential/login", {"provider": "acme"})
        assert error["data"]["kind"] == "keyring_unavailable"
        assert editor.close() == 0


@pytest.mark.parametrize(
    ("provider", "words"),
    [("groq", "modelport keys set groq"), ("copilot", "client_id"), ("acme-code", "device")],
)
def test_a_log_in_that_cannot_be_made_says_what_to_do(
    machine: Machine, oauth: OAuthServer, provider: str, words: str
) -> None:
    machine.configure(oauth.toml("acme-code", device_url=None))
    with ServerProcess() as editor:
        editor.initialize()
        error = editor.error("credential/login", {"provider": provider, "method": "device"})
        assert error["data"]["kind"] == "unsupported"
        assert words in error["message"]
        assert editor.close() == 0


def test_an_expired_or_denied_code_says_so(machine: Machine, editor: ServerProcess, oauth: OAuthServer) -> None:
    oauth.troubles = [refusal("expired_token", 200)]
    request = editor.begin("credential/login", {"provider": "acme"})
    told(editor)
    assert editor.reply(request)["error"]["data"]["kind"] == "auth_required"
    oauth.denied = True
    request = editor.begin("credential/login", {"provider": "acme"})
    told(editor)
    assert editor.reply(request)["error"]["data"]["kind"] == "auth_rejected"


def logged_in(editor: ServerProcess, oauth: OAuthServer) -> None:
    oauth.approved.set()
    request = editor.begin("credential/login", {"provider": "acme"})
    told(editor)
    assert "result" in editor.reply(request)


def test_a_token_that_is_refused_is_renewed_once_and_the_call_made_again(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    logged_in(editor, oauth)
    before = machine.kept()
    oauth.revoke()
    assert asks(editor) == "ok"
    after = machine.kept()
    assert after["secret"] != before["secret"]
    assert after["logIn"]["refreshToken"] != before["logIn"]["refreshToken"]
    assert len(oauth.renewals) == 1


def test_one_process_renews_for_all(machine: Machine, editor: ServerProcess, oauth: OAuthServer) -> None:
    logged_in(editor, oauth)
    with ServerProcess() as other:
        other.initialize()
        assert asks(other) == "ok"
        oauth.revoke()
        oauth.on_renewal = lambda: time.sleep(0.2)
        servers = [editor, other] * 4
        requests = [
            (server, server.begin("completion/create", {"model": "acme/m", "prompt": "hi"})) for server in servers
        ]
        replies = [server.reply(request) for server, request in requests]
        assert [reply.get("result", reply) for reply in replies if "error" in reply] == []
        assert other.close() == 0
    assert len(oauth.renewals) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (refusal("server_error", 503), "provider_unavailable"),
        (refusal("temporarily_unavailable"), "provider_unavailable"),
        (refusal("slow_down", 429), "rate_limited"),
        (Answer(502, chunks=[b"<html>Bad gateway</html>"]), "provider_unavailable"),
        (Answer(200, chunks=[b"<html>Log in to the hotel</html>"]), "provider_unavailable"),
    ],
)
def test_a_renewal_that_fails_logs_nobody_out(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer, trouble: Answer, kind: str
) -> None:
    logged_in(editor, oauth)
    oauth.revoke()
    oauth.troubles = [trouble] * 4
    error = editor.error("completion/create", {"model": "acme/m", "prompt": "hi"})
    assert error["data"]["kind"] == kind
    assert list(machine.entries) == ["modelport/acme"]


def test_a_refresh_token_that_is_refused_ends_the_log_in(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    logged_in(editor, oauth)
    oauth.revoke()
    oauth.refresh_tokens.clear()
    error = editor.error("completion/create", {"model": "acme/m", "prompt": "hi"})
    assert error["data"]["kind"] == "auth_required"
    assert "modelport login acme" in error["message"]
    assert machine.entries == {}
    assert len(oauth.renewals) == 1


def test_logging_in_again_counts_in_a_running_server(
    machine: Machine, editor: ServerProcess, oauth: OAuthServer
) -> None:
    logged_in(editor, oauth)
    with ServerProcess() as other:
        other.initialize()
        assert asks(other) == "ok"
        oauth.revoke()
        oauth.refresh_tokens.clear()
        logged_in(editor, oauth)
        assert asks(other) == "ok"
        assert oauth.calls[-1].headers["authorization"] == f"Bearer {machine.kept()['secret']}"
        assert oauth.renewals == []
        assert other.close() == 0


def test_the_proxy_and_the_certificates_of_a_provider_hold_for_its_log_in_and_its_renewals(machine: Machine) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(machine.config / "own.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("sso.example").configure_cert(tls)
    with (
        OAuthServer(tls=tls, url="https://sso.example") as oauth,
        ConnectProxy(oauth.server.port) as proxy,
        ServerProcess() as editor,
    ):
        settings = f'[providers.NAME]\nproxy = "http://{proxy.address}"\n'
        trusted = oauth.toml().replace("[providers.acme]\n", settings.replace("NAME", "acme") + 'ca_file = "own.pem"\n')
        bare = oauth.toml("bare").replace("[providers.bare]\n", settings.replace("NAME", "bare"))
        machine.configure(trusted + bare)
        editor.initialize(capabilities=OPENS)
        logged_in(editor, oauth)
        oauth.revoke()
        assert asks(editor) == "ok"
        assert len(oauth.renewals) == 1
        assert {head.split()[1] for head in proxy.heads} == {"sso.example:443"}
        assert editor.error("credential/login", {"provider": "bare"})["data"]["kind"] == "tls"
        assert editor.close() == 0
