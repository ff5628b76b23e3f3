"""The tree, the status bar and the pages of the extension."""

from __future__ import annotations

import re

import pytest

from editors.workbench.chat import Chat
from editors.workbench.driver import STATUS, TOAST, Window
from editors.workbench.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(120, func_only=True)]
TREE = ".pane-body [role=treeitem]"
PAGE = ".editor-instance .view-lines"


def test_the_usage_page(connected: Window, chat: Chat) -> None:
    chat.ask("tell me for the page", "Teal is a fine colour.")
    connected.command("Modelport: Show Usage")
    connected.sees("body", "study-1", frame=True)
    connected.shot("usage")
    page = "\n".join(connected.texts("body", "study-1", frame=True))
    assert re.search(r"Input tokens\s+[1-9][\d,]{4,}", page), page


def test_the_tree_shows_providers_with_their_models(connected: Window) -> None:
    connected.click(".activitybar .action-label[aria-label^='Modelport']")
    try:
        connected.sees(TREE, "Study")
        (row,) = [label for label in connected.attributes(TREE, "aria-label") if label and label.startswith("Study")]
        assert "the last call succeeded" in row
        assert "study-1" in row
        connected.click(TREE, "Study")
        connected.sees(TREE, "120K context")
        labels = [label or "" for label in connected.attributes(TREE, "aria-label")]
        assert any(label.startswith("study-1, in use, 120K context") for label in labels), labels
        connected.shot("tree")
    finally:
        connected.click(".activitybar .action-label[aria-label^='Explorer']")


def test_the_status_bar_shows_the_model_and_usage(connected: Window, chat: Chat) -> None:
    chat.ask("tell me for the bar", "Teal is a fine colour.")
    shown = connected.until(lambda: next((t for t in connected.texts(STATUS) if "·" in t), ""), "today's usage")
    assert re.search(r"study-1 · [\d.]+[KM] · \$0\.00", shown)
    connected.hover(STATUS)
    connected.sees(".workbench-hover", "Modelport")
    tooltip = connected.texts(".workbench-hover")[0].replace("\xa0", " ")
    assert "The server is running." in tooltip
    assert "study-1 of study, needs no key" in tooltip
    assert "Today:" in tooltip
    connected.shot("status-bar")


def test_diagnostics_are_a_page_to_copy(connected: Window) -> None:
    connected.command("Modelport: Run Diagnostics")
    connected.sees(TOAST, "hecks")
    connected.sees(PAGE, "keyring")
    connected.shot("diagnostics")
    assert any("Modelport 0.1.0" in text.replace("\xa0", " ") for text in connected.texts(PAGE))


def test_the_log_is_shown(connected: Window, workbench: Workbench) -> None:
    connected.command("Modelport: Show Log")
    connected.sees(".panel .view-lines", "The server is")
    connected.shot("log")
    assert "setting modelport.server.command says so" in workbench.modelport_log()
    connected.command("View: Hide Panel")


def test_a_restart_keeps_what_is_in_use(connected: Window, workbench: Workbench) -> None:
    before = workbench.servers()
    connected.command("Modelport: Restart Server")
    connected.until(lambda: len(now := workbench.servers()) == 1 and now != before, "another server runs")
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the model is in the status bar again")
