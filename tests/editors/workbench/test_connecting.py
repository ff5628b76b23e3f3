"""Providers, servers and agents: found, connected and refused, as a person does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.workbench.chat import Chat
from editors.workbench.driver import BUTTON, DIALOG, INPUT, PASSWORD, ROWS, STATUS, TOAST, Window
from editors.workbench.study import KEY
from editors.workbench.workbench import Workbench
from support.peers import Aimock

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
SLOW_S = 60.0
"""For a search of the whole machine, and for a server that is started again."""
FIXTURES = Path(__file__).parents[2] / "peers" / "aimock_fixtures.json"


def test_a_wrong_key(workbench: Workbench, connected: Window) -> None:
    wrong = "sk-study-wrong-0123456789abcdef"
    connected.command("Modelport: Connect Provider")
    connected.pick("Vault")
    connected.enter(PASSWORD, wrong)
    connected.sees(TOAST, "This key was revoked last week")
    connected.shot("wrong-key")
    connected.click(BUTTON, "Try Another Key")
    connected.enter(PASSWORD, KEY)
    connected.sees(TOAST, "Vault is connected")
    assert KEY in (workbench.folder / "keyring.json").read_text()
    assert workbench.holding(KEY, wrong) == [workbench.folder / "keyring.json"]


def test_keys_are_found_and_deleted(workbench: Workbench, connected: Window) -> None:
    connected.command("Modelport: Manage Keys")
    connected.sees(ROWS, "Vault")
    connected.shot("manage-keys")
    assert any("Vault, key in the keyring (…ghij)" in row for row in connected.rows())
    connected.pick("Vault")
    connected.pick("Delete…")
    connected.sees(DIALOG, "Delete the key of Vault?")
    connected.shot("delete-key")
    connected.click(f"{DIALOG} .monaco-button", "Delete")
    connected.sees(TOAST, "The key of Vault is deleted.")
    connected.press("Escape")
    assert workbench.holding(KEY) == []


def test_the_model_is_switched(connected: Window, chat: Chat) -> None:
    for model in ("study-2", "study-1"):
        connected.command("Modelport: Switch Model")
        connected.sees(ROWS, model)
        connected.shot("switch-model")
        connected.pick(model)
        connected.until(lambda name=model: name in connected.texts(STATUS)[0], f"{model} is in the status bar")
        # The editor's own chat follows.
        assert chat.uses(model)


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
    connected.command("Modelport: Disconnect Provider")
    connected.sees(ROWS, aimock.url)
    connected.shot("disconnect")
    connected.pick(aimock.url)
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the connection before is the active one")
    chat.use("study-1")


def test_two_servers_of_one_kind_stand_side_by_side(workbench: Workbench, connected: Window, chat: Chat) -> None:
    with Aimock(FIXTURES) as first, Aimock(FIXTURES) as second:
        for server in (first, second):
            connected.command("Modelport: Discover Local Servers")
            connected.sees(ROWS, first.url, timeout_s=SLOW_S)
            connected.sees(ROWS, second.url, timeout_s=SLOW_S)
            connected.shot("discover-two")
            # Each has its own label, and the one that is picked is the one that is connected.
            assert len({row.split(",")[0] for row in connected.rows() if ":" in row}) == len(connected.rows())
            connected.pick(server.url)
            if server is second:
                connected.sees(INPUT, timeout_s=SLOW_S)
                connected.sees(".quick-input-widget", "A name for this connection", timeout_s=SLOW_S)
                connected.shot("name-connection")
                connected.enter(INPUT, "second")
                connected.sees(TOAST, "(second) is connected", timeout_s=SLOW_S)
            else:
                connected.sees(TOAST, "is connected", timeout_s=SLOW_S)
        connected.command("Modelport: Switch Model")
        connected.sees(ROWS, "gpt-4", timeout_s=SLOW_S)
        connected.fill(INPUT, "gpt-4")
        connected.shot("switch-among-two")
        connected.press("Escape")
        connected.command("Modelport: Restart Server")
        connected.until(lambda: any("second/" in text for text in connected.texts(STATUS)), "it is made again", SLOW_S)
        connected.command("Modelport: Disconnect Provider")
        connected.sees(ROWS, "(second)", timeout_s=SLOW_S)
        connected.sees(ROWS, first.url)
        connected.shot("disconnect-one-of-two")
        for server in (second, first):
            if server is first:
                connected.command("Modelport: Disconnect Provider")
            connected.pick(server.url)
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the connection before is the active one", SLOW_S)
    chat.use("study-1")


def test_agents_are_discovered(connected: Window) -> None:
    connected.command("Modelport: Discover Agents")
    connected.pick("Look")
    connected.sees(ROWS, "1.2.3")
    connected.shot("discover-agents")
    assert any("1.2.3" in row for row in connected.rows())
    connected.press("Escape")
