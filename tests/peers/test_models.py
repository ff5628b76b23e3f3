"""Lists of models from aimock, an independent implementation of the vendors' interfaces.

It lists five fixed models as OpenAI and as Ollama do, with their names only, and has neither Ollama's
``/api/show`` nor its ``/api/pull``: what a model can do stays unknown there, and a download fails with its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.peers import Aimock
from support.server_process import ServerProcess

FIXTURES = Path(__file__).with_name("aimock_fixtures.json")
KEY = "the-right-key-0123456789"
NAMES = {"gpt-4", "gpt-4o", "claude-3-5-sonnet-20241022", "gemini-2.0-flash", "text-embedding-3-small"}


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with Aimock(FIXTURES, keys=[KEY]) as running:
        yield running


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        running.initialize()
        yield running
        assert running.close() == 0


@pytest.mark.parametrize(("provider", "path"), [("openai", "/v1"), ("openai-compatible", "/v1"), ("ollama", "")])
def test_list(server: ServerProcess, aimock: Aimock, provider: str, path: str) -> None:
    connection = {"provider": provider, "baseUrl": aimock.url + path, "apiKey": KEY, "verify": False}
    server.result("provider/connect", connection)
    listed = server.result("model/list", {"provider": provider})
    assert listed["errors"] == []
    assert {model["id"] for model in listed["models"] if model["source"] == "live"} == NAMES
    found = server.result("model/search", {"query": "claude sonnet 20241022", "provider": provider})["models"]
    assert [model["id"] for model in found] == ["claude-3-5-sonnet-20241022"]


def test_a_wrong_key_is_reported_beside_the_catalog(server: ServerProcess, aimock: Aimock) -> None:
    connection = {"provider": "openai", "baseUrl": aimock.url + "/v1", "apiKey": "a-wrong-key-0123", "verify": False}
    server.result("provider/connect", connection)
    listed = server.result("model/list", {"provider": "openai"})
    assert [failed["error"]["kind"] for failed in listed["errors"]] == ["auth_rejected"]
    assert listed["models"]
    assert all(model["source"] != "live" for model in listed["models"])


def test_a_server_that_cannot_download_says_so(server: ServerProcess, aimock: Aimock) -> None:
    server.result("provider/connect", {"provider": "ollama", "baseUrl": aimock.url, "apiKey": KEY, "verify": False})
    error = server.error("model/pull", {"provider": "ollama", "model": "qwen3:8b"})
    assert error["code"] == -32803
    assert "Not found" in error["message"]
