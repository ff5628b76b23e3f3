"""No file of VS Code holds a key that was typed in, nor any form of it in which the provider repeats it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from editors.workbench.chat import RESPONSE, Chat
from editors.workbench.driver import PASSWORD, TOAST, Window
from editors.workbench.workbench import Workbench
from modelport.engine.providers.configuration import LOOK_INTERVAL_S
from support.http_server import Answer, LocalServer, Received
from support.key_search import KeySearch
from support.leak_table import EDITOR_PLACES, VSCODE
from support.repeating import repeats

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
CANARY = "gsk_CANARY5f0c2e7d91b84a63"
SLOW_S = 60.0


def named(request: Received) -> Answer:
    """The provider that repeats what it is sent, whose model can be found in a list."""
    answer = repeats(request)
    return replace(answer, chunks=[chunk.replace(b'{"id": "m"', b'{"id": "echo-m"') for chunk in answer.chunks])


def below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def test_no_file_of_the_editor_holds_a_key(workbench: Workbench, connected: Window) -> None:
    file = workbench.configuration / "config.toml"
    before = file.read_text()
    with LocalServer(named) as upstream:
        row = f'[providers.echo]\ndisplay_name = "Echo"\nbase_url = "{upstream.url}"\nmodels = ["echo-m"]\n'
        file.write_text(f"{before}\n{row}requires_api_key = true\n")
        # A change counts a moment later.
        time.sleep(2 * LOOK_INTERVAL_S)
        connected.command("Modelport: Connect Provider")
        connected.pick("Echo")
        connected.enter(PASSWORD, CANARY)
        connected.sees(TOAST, "Echo is connected", timeout_s=SLOW_S)
        chat = Chat(connected)
        chat.clear()
        chat.use("echo-m")
        chat.send("hello")
        connected.sees(RESPONSE, "redacted", timeout_s=SLOW_S)
        connected.shot("repeated-key")
        assert [r for r in upstream.requests if CANARY in str(r.headers) and r.path.endswith("/chat/completions")]
        connected.command("Modelport: Disconnect Provider")
        connected.pick("Echo")
    user, machine = (workbench.data / name for name in ("User", "Machine"))
    found = {
        "storage": below(user / "globalStorage", user / "workspaceStorage"),
        "settings": [*user.glob("*.json"), *machine.glob("*.json")],
        "logs": below(workbench.data / "logs"),
    }
    assert set(found) == {place.name for place in EDITOR_PLACES if set(VSCODE) & set(place.ways)}
    assert all(found.values()), found
    assert any(path.name.endswith("Modelport.log") and path.stat().st_size for path in found["logs"])
    search = KeySearch(CANARY)
    assert [path for paths in found.values() for path in paths if search.is_in(path.read_bytes())] == []
    # Nor does any other file: the key is in the keyring alone.
    keyring = workbench.folder / "keyring.json"
    assert [path for path in below(workbench.folder) if search.is_in(path.read_bytes())] == [keyring]
    file.write_text(before)
