"""The editor's own Chat with the models of Modelport: what a person sees and does."""

from __future__ import annotations

import os
import re
import signal

import pytest

from editors.workbench.chat import RESPONSE, Chat
from editors.workbench.driver import STATUS, Window
from editors.workbench.study import Study
from editors.workbench.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(120, func_only=True)]


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


def test_chat_shows_what_the_model_thinks(connected: Window, chat: Chat) -> None:
    chat.ask("think about it", "Teal is a fine colour.")
    connected.shot("thinking")
    assert connected.texts(".chat-thinking-box") != []


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
    connected.sees(f"{STATUS} .codicon-loading")
    connected.shot("busy")
    chat.cancel()
    connected.loses(f"{STATUS} .codicon-loading")
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
