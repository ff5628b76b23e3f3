"""A canary key takes every way a key can take; no output and no file may hold it afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import refused

CANARY = "gsk_CANARY5f0c2e7d91b84a63"


def test_no_key_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = tmp_path / "keyring.json"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
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
