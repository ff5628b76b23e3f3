"""aimock imitates half a dozen servers, Ollama among them, and must be identified as none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.peers import Aimock, fetch
from support.server_process import ServerProcess

FIXTURES = Path(__file__).with_name("aimock_fixtures.json")


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with Aimock(FIXTURES) as running:
        yield running


def test_aimock_is_not_called_ollama(aimock: Aimock) -> None:
    assert fetch(f"{aimock.url}/api/tags")["models"], "it answers where Ollama does"
    with ServerProcess() as server:
        server.initialize()
        params = {"ports": [urlsplit(aimock.url).port], "timeoutMs": 15_000}
        (found,) = server.result("provider/discover", params)["servers"]
        assert found["provider"] == "openai-compatible"
        assert found["baseUrl"] == f"{aimock.url}/v1"
        assert 'owned_by "aimock"' in found["evidence"]
        assert "gpt-4" in found["models"]
        connection = {"provider": found["provider"], "baseUrl": found["baseUrl"], "model": "some-model"}
        assert server.result("provider/connect", connection)["verified"]
        assert server.result("completion/create", {"prompt": "tell a story"})["text"].startswith("Once upon")
        assert server.close() == 0
