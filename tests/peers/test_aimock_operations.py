"""Operations other than chat against aimock, an independent implementation of the vendors' interfaces.

Its Ollama answers in the form of an older method of Ollama's, and its Cohere makes vectors of one length only;
the recordings and Ollama's reference are the truth about those.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.peers import Aimock
from support.server_process import ServerProcess

FIXTURES = Path(__file__).with_name("aimock_operations.json")
KEY = "the-right-key-0123456789"
PLACES = {"openai": "/v1", "gemini": "", "cohere": "/compatibility/v1", "openrouter": "/api/v1"}
EMBEDDING_PATHS = {
    "openai": "/v1/embeddings",
    "gemini": "/v1beta/models/some-model:embedContent",
    "cohere": "/v2/embed",
}


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with Aimock(FIXTURES) as running:
        yield running


@pytest.fixture
def locked_aimock() -> Iterator[Aimock]:
    """One that requires the key."""
    with Aimock(FIXTURES, keys=[KEY]) as running:
        yield running


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess(env={"NO_PROXY": "*"}) as running:
        running.initialize()
        yield running
        running.claim("usage/updated")
        assert running.close() == 0


def connect(server: ServerProcess, aimock: Aimock, provider: str, key: str = KEY) -> None:
    server.result(
        "provider/connect",
        {
            "provider": provider,
            "baseUrl": aimock.url + PLACES[provider],
            "apiKey": key,
            "headers": {"X-Test-Id": provider},
            "verify": False,
        },
    )


def asked(aimock: Aimock, provider: str) -> dict[str, Any]:
    """The newest request of a provider's."""
    return aimock.journal(provider)[-1]


@pytest.mark.parametrize("provider", EMBEDDING_PATHS)
def test_embeddings(server: ServerProcess, aimock: Aimock, provider: str) -> None:
    connect(server, aimock, provider)
    result = server.result("embedding/create", {"input": "as told", "provider": provider, "model": "some-model"})
    assert result["embeddings"] == [[0.25, -0.5, 1.0]]
    assert asked(aimock, provider)["path"] == EMBEDDING_PATHS[provider]


@pytest.mark.parametrize(("provider", "length"), [("openai", 16), ("cohere", 1024)])
def test_several_texts(server: ServerProcess, aimock: Aimock, provider: str, length: int) -> None:
    connect(server, aimock, provider)
    params = {"input": ["one", "two", "three"], "provider": provider, "model": "some-model", "dimensions": length}
    result = server.result("embedding/create", params)
    assert [len(vector) for vector in result["embeddings"]] == [length] * 3


def test_images(server: ServerProcess, aimock: Aimock) -> None:
    connect(server, aimock, "openai")
    params = {"prompt": "two harbours", "model": "openai/gpt-image-1", "count": 2}
    assert server.result("image/create", params)["images"] == [
        {"url": "https://x.example/1.png"},
        {"data": "iVBORw0KGgo=", "mimeType": "image/png"},
    ]


def test_moderation(server: ServerProcess, aimock: Aimock) -> None:
    connect(server, aimock, "openai")
    result = server.result("moderation/create", {"input": ["Hello"], "provider": "openai"})
    assert result["flagged"] is False
    assert result["categories"]["violence"] is False
    assert result["scores"].keys() == result["categories"].keys()


def test_credit(server: ServerProcess, aimock: Aimock) -> None:
    connect(server, aimock, "openrouter")
    result = server.result("usage/credits", {"provider": "openrouter"})
    assert (result["remainingUsdMicros"], result["totalUsdMicros"], result["usedUsdMicros"]) == (0, 0, 0)
    assert result["scope"] == "account"


def test_refusals(server: ServerProcess, locked_aimock: Aimock) -> None:
    connect(server, locked_aimock, "openai")
    assert server.result("embedding/create", {"input": "as told", "model": "openai/some-model"})["embeddings"]
    error = server.error("embedding/create", {"input": "too fast", "model": "openai/some-model"})
    assert (error["data"]["kind"], error["data"]["retryAfterMs"]) == ("rate_limited", 7000)
    connect(server, locked_aimock, "openai", key="the-wrong-key-9876543210")
    error = server.error("embedding/create", {"input": "as told", "model": "openai/some-model"})
    assert error["data"]["kind"] == "auth_rejected"
    assert "the-wrong-key-9876543210" not in str(error)
