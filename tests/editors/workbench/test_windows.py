"""Two windows of one person: each has a server, and both write into one ledger.

These are the last tests of the folder: in a window that is left over no extension's page is drawn any more.
"""

from __future__ import annotations

import pytest

from editors.workbench.chat import Chat
from editors.workbench.driver import Window
from editors.workbench.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(120, func_only=True)]


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
