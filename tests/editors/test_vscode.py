"""The extension in a real VS Code workbench: what a person sees and does."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.workbench.chat import RESPONSE, Chat
from editors.workbench.driver import ROWS, Window
from editors.workbench.study import KEY, Study
from editors.workbench.workbench import Workbench, package
from support import fake_agents
from support.peers import Aimock

pytestmark = [pytest.mark.editors, pytest.mark.timeout(120, func_only=True)]
FIXTURES = Path(__file__).parents[1] / "peers" / "aimock_fixtures.json"
TOAST = ".notifications-toasts .notification-list-item-message"
PASSWORD = ".quick-input-widget input[type=password]"
STATUS = ".statusbar-item[id='modelport.modelport.modelport.status']"


@pytest.fixture(scope="module")
def study() -> Iterator[Study]:
    running = Study()
    yield running
    running.close()


@pytest.fixture(scope="module")
def workbench(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    settings = {"chat.utilityModel": "modelport/study/study-1", "chat.utilitySmallModel": "modelport/study/study-1"}
    with Workbench(tmp_path_factory.mktemp("vscode"), package=package(), settings=settings) as running:
        (running.configuration / "config.toml").write_text(study.rows())
        fake_agents.installed(running.prefix, "@agentclientprotocol/codex-acp", "codex-acp")
        study.notes = running.work / "notes.txt"
        yield running


@pytest.fixture(scope="module")
def window(workbench: Workbench) -> Window:
    opened = workbench.window("first")
    opened.sees(STATUS, timeout_s=40)
    return opened


@pytest.fixture(scope="module")
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


def test_it_starts(workbench: Workbench, window: Window) -> None:
    assert "Modelport" in window.texts(STATUS)[0]
    assert window.errors() == []
    assert "[error]" not in workbench.modelport_log()
    window.shot("started")


def test_a_server_of_this_machine_is_connected(connected: Window, workbench: Workbench, study: Study) -> None:
    assert any(request.path == "/v1/models" for request in study.server.requests)
    assert workbench.servers()
    assert "The server is" in workbench.modelport_log()


def test_chat_answers_with_the_model(connected: Window, chat: Chat, study: Study) -> None:
    assert "Study" in chat.offered("study-1")
    connected.shot("model-picker")
    connected.press("Escape")
    chat.ask("tell me a fact", "Teal is a fine colour.")
    (call,) = study.asked("tell me a fact")
    assert (call["model"], call["stream"]) == ("study-1", True)
    connected.shot("chat")


def test_the_context_meter_is_filled(connected: Window, chat: Chat) -> None:
    chat.ask("tell me once more", "Teal is a fine colour.")
    used = connected.until(chat.context_used, "the context meter shows something")
    percent = int(re.findall(r"(\d+)\s*%", used)[0])
    assert 20 <= percent <= 40, f"30 000 of 120 000 tokens, some of them kept for the answer: {used}"


def test_the_agent_calls_a_tool_and_uses_what_it_gets(connected: Window, chat: Chat, study: Study) -> None:
    chat.ask("read the notes", "The notes say: The colour of the day is teal.")
    connected.shot("tool")
    first, second = study.asked("read the notes")
    assert len(first["tools"]) > 10
    (asked,) = [message for message in second["messages"] if message.get("tool_calls")]
    (result,) = [message for message in second["messages"] if message["role"] == "tool"]
    assert result["tool_call_id"] == asked["tool_calls"][0]["id"]


def test_stop_closes_the_stream(connected: Window, chat: Chat, study: Study) -> None:
    study.server.closed_by_client.clear()
    chat.send("take your time")
    chat.answers("Let me")
    assert not study.server.closed_by_client.is_set()
    chat.cancel()
    assert study.server.closed_by_client.wait(10), "the model server goes on"
    assert "error" not in connected.texts(RESPONSE)[-1].lower()


def test_a_killed_server_comes_back(workbench: Workbench, connected: Window, chat: Chat, study: Study) -> None:
    (pid,) = workbench.servers()
    chat.send("quietly")
    connected.until(lambda: study.asked("quietly"), "the model server is asked")
    os.kill(pid, signal.SIGKILL)
    chat.answers("The Modelport server ended during this request.")
    connected.shot("killed")
    chat.rests()
    connected.until(lambda: workbench.servers() not in ([], [pid]), "the server is there again")
    chat.clear()
    chat.ask("tell me again", "Teal is a fine colour.")


def test_a_wrong_key(workbench: Workbench, connected: Window) -> None:
    wrong = "sk-study-wrong-0123456789abcdef"
    connected.command("Modelport: Connect Provider")
    connected.pick("Vault")
    connected.enter(PASSWORD, wrong)
    connected.sees(TOAST, "This key was revoked last week")
    connected.shot("wrong-key")
    connected.click(".notifications-toasts .monaco-button", "Try Another Key")
    connected.enter(PASSWORD, KEY)
    connected.sees(TOAST, "Vault is connected")
    assert KEY in (workbench.folder / "keyring.json").read_text()
    assert workbench.holding(KEY, wrong) == [workbench.folder / "keyring.json"]


def test_the_usage_page(connected: Window, chat: Chat) -> None:
    chat.ask("tell me for the page", "Teal is a fine colour.")
    connected.command("Modelport: Show Usage")
    connected.sees("body", "study-1", frame=True)
    connected.shot("usage")
    page = "\n".join(connected.texts("body", "study-1", frame=True))
    assert "30" in page


def test_a_server_is_discovered(connected: Window, chat: Chat) -> None:
    with Aimock(FIXTURES) as aimock:
        connected.command("Modelport: Discover Local Servers")
        connected.sees(ROWS, aimock.url, timeout_s=15)
        connected.shot("discover-servers")
        connected.pick(aimock.url)
        connected.sees(TOAST, "is connected")
        chat.use("gpt-4")
        chat.ask("tell a story", "Once upon a time, a naïve fox")
        connected.shot("aimock")
    chat.use("study-1")


def test_agents_are_discovered(connected: Window) -> None:
    connected.command("Modelport: Discover Agents")
    connected.pick("Look")
    connected.sees(ROWS, "1.2.3")
    connected.shot("discover-agents")
    assert any("1.2.3" in row for row in connected.rows())
    connected.press("Escape")


def test_two_windows(workbench: Workbench, connected: Window, chat: Chat) -> None:
    other = workbench.folder / "other"
    other.mkdir()
    second = workbench.window("second", other)
    try:
        second.until(lambda: len(workbench.servers()) == 2, "the second window has a server of its own", 40)
        beside = Chat(second)
        beside.wake("study-1", "Colours")
        chat.send("tell me on the left")
        beside.ask("tell me on the right", "Teal is a fine colour.")
        chat.answers("Teal is a fine colour.")
    finally:
        second.close()
    projects = {call["project"] for call in workbench.calls()}
    assert {"work", "other"} <= projects
