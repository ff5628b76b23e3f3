"""The server under Microsoft's own JSON-RPC library, which most editors' extensions are built on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import programs

CLIENT = Path(__file__).with_name("client.mjs")


@pytest.fixture
def seen() -> dict[str, Any]:
    """The client's record, from ``initialize`` to the end of the server."""
    programs.node_module("vscode-jsonrpc/package.json")
    done = subprocess.run(
        [programs.node(), CLIENT, sys.executable, "-m", "modelport", "serve"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=15,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_session(seen: dict[str, Any]) -> None:
    hello = seen["initialize"]
    assert hello["serverInfo"]["name"] == "modelport"
    assert "completion/create" in hello["capabilities"]["experimental"]["modelport"]["methods"]
    assert seen["withoutParams"] == {"active": None, "connections": [], "health": []}

    text = seen["completion"]["text"]
    assert text == "You said: Grüße, 東京 🦊"
    assert "".join(update["text"] for update in seen["updates"]) == text
    assert [update["seq"] for update in seen["updates"]] == list(range(len(seen["updates"])))

    assert seen["cancelled"]["typed"]
    assert seen["cancelled"]["code"] == -32800
    assert seen["updatesAfterCancel"] == 0

    assert seen["wrong"]["typed"]
    assert seen["wrong"]["code"] == -32602
    assert seen["wrong"]["data"]["field"] == "messages[0].role"
    assert "messages[0].role" in seen["wrong"]["message"]
    assert seen["failed"]["code"] == -32803
    assert seen["failed"]["data"]["kind"] == "rate_limited"
    assert seen["failed"]["data"]["retryAfterMs"] == 1000
    assert seen["unknown"]["code"] == -32601
    assert seen["many"] == [f"You said: number {number}" for number in range(50)]

    assert seen["outcomes"] == ["ok", "cancelled", "failed"] + ["ok"] * 50
    assert seen["statuses"] == [True, False] * (len(seen["statuses"]) // 2)
    assert seen["statuses"]
    assert seen["errors"] == []
    assert seen["unhandled"] == []
    assert seen["shutdown"] is None
    assert seen["exit"] == {"code": 0, "signal": None}
