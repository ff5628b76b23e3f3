"""The configuration file through a started server: own providers, reloading, key commands, and nothing leaked."""

from __future__ import annotations

import json
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from support.connect_proxy import ConnectProxy
from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import refused, streamed
from support.waiting import until

CANARY = "CANARY5f0c2e7d91b84a63"


@pytest.fixture
def file() -> Path:
    return Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml"


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(lambda _: streamed("Hel", "lo")) as running:
        yield running


def write(file: Path, text: str) -> None:
    """Replaces a file atomically, as editors do."""
    file.with_suffix(".new").write_text(text, encoding="utf-8")
    file.with_suffix(".new").replace(file)


def posts(upstream: LocalServer) -> list[Received]:
    """The requests for completions; those of programs that scan the ports of this machine do not count."""
    return [request for request in upstream.requests if request.method == "POST"]


def logged(server: ServerProcess) -> list[tuple[int, str]]:
    """The log messages sent to the client, by kind and text."""
    return [(message["type"], message["message"]) for message in server.claim("window/logMessage")]


def command(printed: str) -> str:
    """A key command as TOML: this Python, printing a text that is in no argument."""
    hidden = ",".join(str(ord(letter)) for letter in printed)
    return json.dumps([sys.executable, "-c", f"print(''.join(map(chr, [{hidden}])))"])


def test_explicit_resolution_sends_a_prompt_nowhere_that_it_does_not_name(
    file: Path, upstream: LocalServer, server: ServerProcess
) -> None:
    own = f'default_model = "acme/large"\n[providers.acme]\nbase_url = "{upstream.url}/v9"\nmodels = ["bare"]\nauth = "none"\nrequires_api_key = false\n'
    write(file, own)
    found = server.result("completion/create", {"prompt": "hi"})
    assert found["resolvedBy"] == "defaultModel"
    assert [(a["resolvedBy"], a["reason"]) for a in found["attempts"]] == [
        ("defaultModel", "default_model of config.toml names it")
    ]
    assert server.result("completion/create", {"prompt": "hi", "model": "bare"})["resolvedBy"] == "catalog"
    server.result("provider/connect", {"model": "acme/large", "verify": False})
    assert server.result("completion/create", {"prompt": "hi"})["resolvedBy"] == "activeConnection"
    sent = len(posts(upstream))
    inputs = {"completion/create": {"prompt": "hi"}, "token/count": {"text": "hi"}, "embedding/create": {"input": "hi"}, "image/create": {"prompt": "hi"}, "moderation/create": {"input": "hi"}}  # fmt: skip
    for configured in (False, True):
        if configured:
            write(file, own.replace("[", '[defaults]\nresolution = "explicit"\n[', 1))
            server.notify("workspace/didChangeConfiguration", {"settings": None})
        strict = {} if configured else {"resolution": "explicit"}
        for method, params in inputs.items():
            error = server.error(method, params | strict | {"model": "bare"})
            assert (error["code"], error["data"]["kind"], error["data"]["field"]) == (-32602, "unknown_model", "model")
            assert "acme/bare" in error["message"]
            if method != "token/count":
                error = server.error(method, params | strict)
                assert (error["code"], error["data"]["field"]) == (-32602, "model")
        assert server.result("token/count", {"text": "hi"} | strict)["estimated"] is True
    assert len(posts(upstream)) == sent
    assert server.result("completion/create", {"prompt": "hi", "model": "acme/bare"})["resolvedBy"] == "request"
    checks = server.result("diagnostics/run")["checks"]
    (check,) = [check for check in checks if check["id"] == "configuration"]
    assert (check["status"], "[defaults]" in check["detail"]) == ("warn", True)
    assert [kind for kind, _ in logged(server)] == [2, 3]


def test_a_provider_of_ones_own_streams(file: Path, upstream: LocalServer, server: ServerProcess) -> None:
    write(
        file,
        f"""
default_model = "acme/large"
[providers.acme]
display_name = "Acme"
base_url = "{upstream.url}/v9"
chat_path = "/ask"
organization = "org-7"
headers = {{ X-Team = "core", X-Token = {{ command = {command("t0ken")} }} }}
api_key_command = {command(CANARY)}
wire = {{ max_tokens_field = "max_completion_tokens" }}
""",
    )
    params = {"prompt": "hi", "streamId": "s", "parameters": {"maxTokens": 7}}
    result = server.result("completion/create", params)
    assert (result["provider"], result["model"], result["text"]) == ("acme", "large", "Hello")
    updates = [message["update"] for message in server.claim("completion/update")]
    assert "".join(update["text"] for update in updates) == "Hello"
    (request,) = posts(upstream)
    assert request.path == "/v9/ask"
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert (request.headers["x-team"], request.headers["x-token"]) == ("core", "t0ken")
    assert request.headers["openai-organization"] == "org-7"
    assert json.loads(request.body)["max_completion_tokens"] == 7
    (acme,) = [row for row in server.result("provider/list")["providers"] if row["id"] == "acme"]
    assert (acme["displayName"], acme["baseUrl"], acme["credential"]["source"]) == (
        "Acme",
        f"{upstream.url}/v9",
        "command",
    )
    assert logged(server) == []


def test_a_shipped_row_is_called_where_the_file_says(file: Path, upstream: LocalServer, server: ServerProcess) -> None:
    write(file, f'[providers.lmstudio]\nbase_url = "{upstream.url}/v1"\ntimeout_s = 20\n')
    assert server.result("completion/create", {"model": "lm-studio/m", "prompt": "hi"})["text"] == "Hello"
    assert [request.path for request in posts(upstream)] == ["/v1/chat/completions"]


def test_a_change_takes_effect_without_a_restart_and_a_broken_file_keeps_the_last_good_one(
    file: Path, upstream: LocalServer, server: ServerProcess
) -> None:
    ask = {"model": "acme/m", "prompt": "hi"}
    assert server.error("completion/create", ask)["data"]["kind"] == "unknown_provider"

    write(file, f'[providers.acme]\nbase_url = "{upstream.url}/one"\n')
    until(lambda: "result" in server.request("completion/create", ask), "the new provider was not found")
    assert logged(server) == [(3, "config.toml has been read.")]

    write(file, f'[providers.acme]\n\nbase_ur = "{upstream.url}/{CANARY}"\n')
    server.notify("workspace/didChangeConfiguration", {"settings": None})
    said = [server.notification("window/logMessage") for _ in range(2)]
    assert [message["type"] for message in said] == [1, 1]
    assert "config.toml: Line 3, providers.acme.base_ur" in said[0]["message"]
    assert "did you mean base_url?" in said[0]["message"]
    assert "The last one without an error stays in force" in said[1]["message"]
    assert server.result("completion/create", ask)["text"] == "Hello"
    (check,) = [c for c in server.result("diagnostics/run")["checks"] if c["id"] == "configuration"]
    assert check["status"] == "fail"
    assert "Line 3" in check["detail"]
    assert check["action"]

    write(file, f'[providers.acme]\nbase_url = "{upstream.url}/two"\n')
    server.notify("workspace/didChangeWatchedFiles", {"changes": []})
    assert server.notification("window/logMessage")["type"] == 3
    assert server.result("completion/create", ask)["text"] == "Hello"
    assert [request.path for request in posts(upstream)] == [f"/{n}/chat/completions" for n in ("one", "one", "two")]
    assert logged(server) == []


def test_a_file_that_is_broken_at_the_start_stops_nothing_and_is_reported(file: Path, server: ServerProcess) -> None:
    write(file, "[providers.acme\n")
    assert server.result("completion/create", {"model": "mock/mock", "prompt": "hi"})["text"] == "You said: hi"
    said = logged(server)
    assert [kind for kind, _ in said] == [1, 1]
    assert "config.toml: Line 1: This is not valid TOML" in said[0][1]
    assert "Only the providers that Modelport knows by itself" in said[1][1]


def test_a_provider_behind_a_proxy_with_certificates_of_its_own(file: Path, server: ServerProcess) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(file.with_name("own.pem")))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("models.example").configure_cert(tls)
    with LocalServer(lambda _: streamed("Hello"), tls=tls) as upstream, ConnectProxy(upstream.port) as proxy:
        behind = f'base_url = "https://models.example/v1"\nproxy = "http://{proxy.address}"\n'
        write(file, f'[providers.acme]\n{behind}ca_file = "own.pem"\n[providers.bare]\n{behind}')
        assert server.result("completion/create", {"model": "acme/m", "prompt": "hi"})["text"] == "Hello"
        assert [head.split()[1] for head in proxy.heads] == ["models.example:443"]
        assert server.error("completion/create", {"model": "bare/m", "prompt": "hi"})["data"]["kind"] == "tls"


def test_no_value_of_the_file_or_its_commands_is_anywhere(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELPORT_LOG", "debug")
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ACME_KEY", f"env-{CANARY}")
    seen = tmp_path / "seen"
    spying = json.dumps(
        [
            sys.executable,
            "-c",
            f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(repr(os.environ)); print('x')",
        ]
    )

    def echo(request: Received) -> Answer:
        """A provider whose refusal of the key repeats the request."""
        return refused(401, {"error": {"message": f"no: {request.headers}"}})

    said: list[str] = []
    with LocalServer(echo) as upstream, ServerProcess() as server:
        server.initialize()
        write(
            file,
            f"""
[providers.acme]
base_url = "{upstream.url}"
api_key_command = {command(f"key-{CANARY}")}
headers = {{ X-Token = {{ command = {command(f"head-{CANARY}")} }}, X-Spy = {{ command = {spying} }} }}
[providers.beta]
base_url = "{upstream.url}"
api_key_env = "ACME_KEY"
[providers.broken]
base_url = "{upstream.url}"
api_key_command = ["no-such-program", "{CANARY}"]
""",
        )
        server.notify("workspace/didChangeConfiguration", {"settings": None})
        requests: list[tuple[str, Any]] = [
            *(
                ("completion/create", {"model": f"{name}/m", "prompt": "x"})
                for name in ("acme", "beta", "broken", "acme")
            ),
            ("provider/connect", {"provider": "acme"}),
            ("provider/connect", {"provider": "acme", "verify": False}),
            ("provider/list", {"configuredOnly": True}),
            ("provider/status", {}),
            ("credential/list", {}),
            ("diagnostics/run", {}),
            ("usage/history", {}),
        ]
        said += [json.dumps(server.request(method, params)) for method, params in requests]
        write(
            file,
            f'[providers.acme]\napi_key = "{CANARY}"\nproxy = "http://u:{CANARY}@h"\nheaders = {{ Authorization = "{CANARY}" }}\n',
        )
        server.notify("workspace/didChangeConfiguration", {"settings": None})
        said.append(json.dumps(server.request("diagnostics/run")))
        write(file, f'[providers.acme]\nbase_url = "https://{CANARY}@x"\n{CANARY}')
        server.notify("workspace/didChangeConfiguration", {"settings": None})
        said.append(json.dumps(server.request("diagnostics/run")))
        said += [json.dumps(message) for message in server.unclaimed]
        assert len(logged(server)) >= 4
        command_line = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        assert server.close() == 0
        server._errors.join(5)
        said.append(server.stderr)
        sent = [request.headers for request in upstream.requests]
    # By the first call and by provider/connect; a refused key is not sent again by the last call.
    assert sum(f"key-{CANARY}" in str(headers) for headers in sent) == 2
    assert any(headers.get("x-token") == f"head-{CANARY}" for headers in sent)
    assert any(headers.get("authorization") == f"Bearer env-{CANARY}" for headers in sent)
    assert CANARY not in "\n".join(said)
    assert CANARY.encode() not in command_line
    assert "MODELPORT_LOG" in seen.read_text()
    assert CANARY not in seen.read_text()
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_the_time_limit_of_a_request_covers_the_command_for_its_key(
    file: Path, upstream: LocalServer, server: ServerProcess
) -> None:
    waiting = json.dumps([sys.executable, "-c", "import time; time.sleep(600)"])
    write(file, f'[providers.acme]\nbase_url = "{upstream.url}"\napi_key_command = {waiting}\n')
    # The first completion also loads what completes.
    server.result("completion/create", {"prompt": "hi", "model": "mock/mock"})
    error = server.error("completion/create", {"prompt": "hi", "model": "acme/large", "timeoutMs": 500})
    assert (error["data"]["kind"], error["data"]["provider"]) == ("timeout", "acme")
    assert "500 ms" in error["message"]
    assert posts(upstream) == []
    assert [call["provider"] for call in server.result("usage/history")["calls"]] == ["mock"]
