"""A provider in this process's reach, and an Ollama."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from support.http_server import Answer, LocalServer, Received
from support.local_answers import SERVERS
from support.sse import delta, held

OLLAMA = next(sample for sample in SERVERS if sample.name == "ollama")


class Endless(LocalServer):
    """Says one word of an answer and then nothing more, and notices when its client leaves."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.released = threading.Event()
        super().__init__(self._answer)

    def _answer(self, request: Received) -> Answer:
        self.asked.release()
        return held([delta("Hello")], self.released)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    """A vLLM whose answers do not end."""
    with Endless() as running:
        monkeypatch.setenv("VLLM_BASE_URL", f"{running.url}/v1")
        yield running
        running.released.set()


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """An Ollama; what is pulled from it comes in two steps."""

    def behave(request: Received) -> Answer:
        if request.path != "/api/pull":
            return OLLAMA.behave(request)
        half = b'{"status":"pulling aa","digest":"aa","total":4000,"completed":%d}\n'
        return Answer(chunks=[half % 2000, half % 4000, b'{"status":"success"}\n'])

    with LocalServer(behave) as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running
