"""A canary key takes every way a key can take; no output and no file may hold it afterwards."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import refused

pytestmark = pytest.mark.usefixtures("fresh_servers")

CANARY = "gsk_CANARY5f0c2e7d91b84a63"


def test_no_key_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = tmp_path / "keyring.json"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.file_keyring.FileKeyring")
    monkeypatch.setenv("TEST_KEYRING_FILE", str(keyring))
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_LOG", "debug")
    monkeypatch.setenv("TOGETHER_API_KEY", CANARY)

    def echo(request: Received) -> Answer:
        """A provider that repeats the key it was sent in its error."""
        given = request.headers.get("authorization") or request.headers.get("x-api-key") or ""
        return refused(400, {"error": {"message": f"cannot do that with {given}", "param": request.headers}})

    said: list[str] = []
    with LocalServer(echo) as upstream, ServerProcess() as server:
        server.initialize()
        requests = [
            ("credential/set", {"provider": "groq", "secret": CANARY}),
            ("credential/set", {"provider": "openai", "secret": CANARY}),
            ("credential/list", {}),
            ("provider/connect", {"provider": "groq", "baseUrl": upstream.url}),
            ("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False}),
            ("completion/create", {"prompt": "x", "streamId": "s"}),
            ("provider/connect", {"provider": "together", "baseUrl": upstream.url, "verify": False}),
            ("completion/create", {"prompt": "x"}),
            ("provider/connect", {"provider": "custom", "baseUrl": upstream.url, "apiKey": CANARY, "model": "m"}),
            (
                "provider/connect",
                {
                    "provider": "custom",
                    "baseUrl": upstream.url,
                    "headers": {"Authorization": f"Bearer {CANARY}"},
                    "model": "m",
                    "verify": False,
                },
            ),
            ("completion/create", {"prompt": "x"}),
            ("provider/connect", {"provider": "anthropic", "baseUrl": upstream.url, "apiKey": CANARY, "verify": False}),
            ("completion/create", {"prompt": "x"}),
            ("provider/connect", {"provider": "openai", "baseUrl": upstream.url, "apiKey": CANARY, "verify": False}),
            ("completion/create", {"prompt": "x"}),
            ("provider/connect", {"provider": "ollama", "apiKey": [CANARY]}),
            ("provider/connect", {"provider": "ollama", "headers": {"A": {"b": CANARY}}}),
            ("provider/status", {}),
            ("provider/list", {"configuredOnly": True}),
            ("usage/history", {}),
            ("diagnostics/run", {}),
            ("workspace/executeCommand", {"command": "modelport.credential.set", "arguments": [{"secret": CANARY}]}),
            ("credential/delete", {"provider": "groq"}),
        ]
        said += [json.dumps(server.request(method, params)) for method, params in requests]
        assert len(upstream.requests) >= 7
        assert sum(CANARY in str(request.headers) for request in upstream.requests) >= 7
        command_line = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        said += [json.dumps(message) for message in server.unclaimed]
        server.claim("usage/updated")
        server.claim("completion/update")
        assert server.close() == 0
        server._errors.join(5)
        said.append(server.stderr)
    assert CANARY not in "\n".join(said)
    assert CANARY.encode() not in command_line
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


FORMS: dict[str, Callable[[str], str]] = {
    "percent": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "Base64": lambda key: base64.b64encode(key.encode()).decode(),
    "user and password": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "capitals": str.upper,
    "blanks": lambda key: " ".join(key),
    "two parts": lambda key: f"{key[:12]} and {key[12:]}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_other_clothes_is_no_less_a_key(form: str, tmp_path: Path) -> None:
    repeated = FORMS[form](CANARY)

    def echo(request: Received) -> Answer:
        if request.method == "GET":
            named = {"id": "good", "display_name": f"with {repeated}", "description": repeated}
            return Answer(chunks=[json.dumps({"data": [named, {"id": f"model-{repeated}"}]}).encode()])
        error = {"error": {"message": f"not with {repeated}", "code": repeated}}
        return refused(400, error, **{"x-request-id": repeated})

    variables = {"MODELPORT_DATA_DIR": str(tmp_path / "data"), "MODELPORT_LOG": "debug"}
    with LocalServer(echo) as upstream, ServerProcess(env=variables) as server:
        server.initialize()
        params = {"provider": "custom", "baseUrl": upstream.url, "apiKey": CANARY}
        said = [json.dumps(server.request("provider/connect", params))]
        listed = server.result("model/list", {"provider": "custom"})["models"]
        said.append(json.dumps([listed, server.request("completion/create", {"prompt": "x", "model": "custom/good"})]))
        said += [json.dumps(server.request(method, {})) for method in ("provider/status", "usage/history")]
        said += [json.dumps(message) for message in server.unclaimed]
        for method in ("usage/updated", "completion/update", "status/changed"):
            server.claim(method)
        assert server.close() == 0
        server._errors.join(5)
    assert [model["id"] for model in listed] == ["good"]
    assert re.search(r"not with [\w%]{0,8}\[redacted\]", said[1])
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    # Whole parts, since a few letters may occur by chance.
    plain = re.sub("[^a-z0-9]", "", f"{said} {server.stderr} {files}".lower())
    for whole in (repeated, CANARY):
        form = re.sub("[^a-z0-9%]", "", whole.lower()).replace("%", "")
        assert not [form[at : at + 12] for at in range(len(form) - 11) if form[at : at + 12] in plain]


@pytest.mark.parametrize("form", ["as it is", *FORMS])
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.timeout(60)
def test_a_key_in_the_text_of_an_answer_goes_no_further(form: str, streams: bool) -> None:
    """Letter by letter, and in one piece; but what the conversation holds comes back."""
    repeated = FORMS[form](CANARY) if form in FORMS else CANARY

    def echo(request: Received) -> Answer:
        said = f"Your key is {repeated}, take care."
        deltas = [{"content": part} for part in (said if streams else [said])]
        deltas += [{"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": json.dumps({"key": repeated})}}]}]  # fmt: skip
        events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
        lines = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
        return Answer(headers={"content-type": "text/event-stream"}, chunks=[*lines, b"data: [DONE]\n\n"])

    with LocalServer(echo) as upstream, ServerProcess() as server:
        server.initialize()
        server.result("provider/connect", {"provider": "custom", "baseUrl": upstream.url, "apiKey": CANARY, "model": "m", "verify": False})  # fmt: skip
        answer = server.result("completion/create", {"prompt": "x", "streamId": "s"})
        updates = [message["update"] for message in server.claim("completion/update")]
        known = server.result("completion/create", {"prompt": f"Repeat {CANARY}"})
    assert "".join(one["text"] for one in updates if one["kind"] == "text") == answer["text"]
    assert answer["text"].startswith("Your key is ")
    assert answer["text"].endswith(", take care.")
    said = re.sub("[^a-z0-9%]", "", json.dumps([answer, updates]).lower()).replace("%", "")
    beginning = 8 * (2 if form in ("percent", "hexadecimal") else 1)
    for part in repeated.split(" and "):
        whole = re.sub("[^a-z0-9]", "", part.lower())
        assert not [whole[at : at + 12] for at in range(beginning, len(whole) - 11) if whole[at : at + 12] in said]
    assert repeated in known["text"]


@pytest.mark.parametrize(
    "address", ["http://user:{}@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?api_key={}", "http://user:{}/@127.0.0.1:9"]
)
def test_a_password_in_an_address_goes_no_further(address: str, tmp_path: Path) -> None:
    url = address.format(CANARY)
    (tmp_path / "config.toml").write_text(f'[providers.acme]\nbase_url = "{url}"\n')
    variables = {"MODELPORT_CONFIG_DIR": str(tmp_path), "OLLAMA_HOST": url, "GROQ_API_KEY": "gsk_other0123456789abcdef"}
    with ServerProcess(env=variables) as server:
        server.initialize()
        requests = [
            ("provider/connect", {"provider": "custom", "baseUrl": url, "verify": False}),
            ("provider/connect", {"provider": "ollama"}),
            ("credential/set", {"provider": "custom", "secret": "s-0123456789", "baseUrl": url}),
            ("completion/create", {"prompt": "x", "model": "ollama/m"}),
            ("provider/list", {}),
            ("credential/list", {}),
            ("model/list", {"provider": "acme"}),
            ("model/list", {"provider": "ollama"}),
            ("provider/status", {}),
            ("diagnostics/run", {}),
        ]
        replies = [server.request(method, params) for method, params in requests]
        assert all("error" in reply for reply in replies[:4])
        said = json.dumps([replies, server.unclaimed])
        for method in ("window/logMessage", "status/changed", "usage/updated", "completion/update"):
            server.claim(method)
        assert server.close() == 0
        server._errors.join(5)
    assert CANARY not in said + server.stderr
