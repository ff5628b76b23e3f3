"""A provider in this process's reach, an Ollama, an agent and a keyring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import fake_agents
from support.file_keyring import used_keyring
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


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Gemini CLI, and no other agent."""
    folder = fake_agents.installed(tmp_path / "npm", "@google/gemini-cli", "gemini")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def entries(tmp_path: Path) -> Iterator[Path]:
    """The file of a keyring."""
    with used_keyring(tmp_path / "keyring.json") as file:
        yield file
