"""Odd messages on a real wire: exactly one reply each, with the id as it was sent, and the next request is answered."""

from __future__ import annotations

from typing import Any

import pytest

from support.odd_initializes import odd_params
from support.odd_messages import ODD_MESSAGES, OddMessage
from support.server_process import ServerProcess, read_json

ODD_PARAMS = odd_params()


@pytest.mark.parametrize("odd", ODD_MESSAGES, ids=lambda odd: odd.name)
def test_an_odd_message_is_answered_once(shared: ServerProcess, odd: OddMessage) -> None:
    mistakes = len(shared.exchange.mistakes)
    shared.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(odd.body), odd.body))
    shared.send({"jsonrpc": "2.0", "id": "next", "method": "provider/status"})
    replies: list[dict[str, Any]] = []
    while not replies or (odd.reply_id is not None and len(replies) < 2):
        replies.append(shared.take(lambda message: "method" not in message))
    # The contract has no word on most of these, and its reader does not read some.
    del shared.exchange.mistakes[mistakes:]
    (mine,) = [reply for reply in replies if reply["id"] != "next"] or [None]
    for method in ("completion/update", "window/logMessage"):
        shared.claim(method)
    if odd.reply_id is None:
        assert mine is None
        return
    assert mine is not None
    wanted = read_json(odd.reply_id)
    assert (type(mine["id"]), mine["id"]) == (type(wanted), wanted)
    if odd.code is not None:
        assert mine.get("error", {}).get("code", 0) == odd.code
    if "error" in mine:
        assert mine["error"]["code"] != -32603
        assert "\n" not in mine["error"]["message"]


@pytest.mark.parametrize("name", ["uri 0", "path 0", "folder 0", "deep capabilities 1000", "clientInfo []", "uri 24"])
def test_an_odd_initialize_is_answered_once(name: str) -> None:
    with ServerProcess() as server:
        body = f'{{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{ODD_PARAMS[name]}}}'.encode()
        server.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert "serverInfo" in server.reply("hello")["result"]
        server.exchange.mistakes.clear()
        server.notify("initialized", {})
        assert server.alive()
        assert server.close() == 0
        assert "Traceback" not in server.stderr


def test_there_are_many() -> None:
    assert len({odd.name for odd in ODD_MESSAGES}) == len(ODD_MESSAGES) >= 100
