"""One workbench for all tests of this folder, with a model server that plays the answers they need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from editors.workbench.chat import Chat
from editors.workbench.driver import ROWS, STATUS, TOAST, Window
from editors.workbench.study import Study
from editors.workbench.workbench import PROBE, Workbench, package, packed
from support import fake_agents


@pytest.fixture(scope="session")
def study() -> Iterator[Study]:
    running = Study()
    yield running
    running.close()


@pytest.fixture(scope="session")
def workbench(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    settings = {"chat.utilityModel": "modelport/study/study-1", "chat.utilitySmallModel": "modelport/study/study-1"}
    folder = tmp_path_factory.mktemp("vscode")
    packages = [package(), packed(PROBE, tmp_path_factory.mktemp("probe"))]
    with Workbench(folder / "one", packages=packages, settings=settings) as running:
        (running.configuration / "config.toml").write_text(study.rows())
        fake_agents.installed(running.prefix, "@agentclientprotocol/codex-acp", "codex-acp")
        study.notes = running.work / "notes.txt"
        yield running


@pytest.fixture(scope="session")
def window(workbench: Workbench) -> Window:
    opened = workbench.window("first")
    opened.sees(STATUS, timeout_s=40)
    return opened


@pytest.fixture(scope="session")
def connected(window: Window) -> Window:
    """The window once a server of this machine is connected, as a person connects it."""
    window.command("Modelport: Connect Provider")
    window.sees(ROWS, "Ollama")
    window.shot("connect")
    window.pick("Study")
    window.sees(TOAST, "Study is connected")
    window.shot("connected")
    Chat(window).wake("study-1", "Colours")
    return window


@pytest.fixture
def chat(connected: Window) -> Chat:
    """An empty conversation with the model."""
    view = Chat(connected)
    view.clear()
    view.use("study-1")
    return view
