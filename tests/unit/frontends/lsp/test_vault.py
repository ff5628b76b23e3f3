"""The client's vault, by requests to the client."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from modelport.domain.errors import RequestFailed
from modelport.frontends.lsp.client import Client
from modelport.frontends.lsp.vault import MAX_TEXT, ClientVault, offers_vault
from modelport.protocol.secret import Secret

SECRET = "gsk_canary-0123456789abcdef"


class Peer:
    """The client's side: answers each request as it is told."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answer = answer
        self.client = Client(self)
        self.vault = ClientVault(self.client.requests, "Editor")

    def send(self, body: bytes) -> None:
        message = json.loads(body)
        self.sent.append(message)


async def asked(peer: Peer, work: Any) -> Any:
    result: list[Any] = []

    async def run() -> None:
        try:
            result.append(await work())
        except RequestFailed as error:
            result.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        peer.client.requests.receive({"id": peer.sent[-1]["id"], **peer.answer})
    return result[0]


@pytest.mark.parametrize(
    ("capabilities", "offered"),
    [
        ({"experimental": {"modelport": {"credentialStore": True}}}, True),
        ({"experimental": {"modelport": {"credentialStore": False}}}, False),
        ({"experimental": {"modelport": {"credentialStore": 1}}}, False),
        ({"experimental": {"modelport": []}}, False),
        ({"experimental": None}, False),
        ({}, False),
        (None, False),
        ("x", False),
    ],
)
def test_a_vault_is_offered_in_so_many_words(capabilities: object, offered: bool) -> None:
    assert offers_vault(capabilities) is offered
    client = Client(Peer({}))
    client.introduce({"capabilities": capabilities, "clientInfo": {"name": "Editor"}})
    assert (client.vault is not None) is offered
    if client.vault is not None:
        assert client.vault.client == "Editor"


async def test_the_requests_name_the_provider_and_the_connection() -> None:
    peer = Peer({"result": {"secret": "text"}})
    assert await asked(peer, lambda: peer.vault.load("groq", "work", 5)) == Secret("text")
    await asked(peer, lambda: peer.vault.store("groq", None, Secret(SECRET), 5))
    await asked(peer, lambda: peer.vault.remove("groq", None, 5))
    assert [(one["method"], one["params"]) for one in peer.sent] == [
        ("credential/load", {"provider": "groq", "name": "work"}),
        ("credential/store", {"provider": "groq", "secret": SECRET}),
        ("credential/remove", {"provider": "groq"}),
    ]


@pytest.mark.parametrize("result", [{"secret": None}, {}, None, [], "x", {"secret": ""}])
async def test_nothing_of_use_is_no_key(result: object) -> None:
    peer = Peer({"result": result})
    assert await asked(peer, lambda: peer.vault.load("groq", None, 5)) is None


@pytest.mark.parametrize("secret", [5, ["x"], {"a": 1}, "x" * (MAX_TEXT + 1)])
async def test_what_is_no_text_is_an_error(secret: object) -> None:
    peer = Peer({"result": {"secret": secret}})
    error = await asked(peer, lambda: peer.vault.load("groq", None, 5))
    assert isinstance(error, RequestFailed)
    assert error.kind == "keyring_unavailable"


async def test_an_error_is_quoted_on_one_line_and_cut_but_never_after_a_secret_was_sent() -> None:
    peer = Peer({"error": {"code": 1, "message": f"no\n{SECRET} " + "x" * 1000}})
    error = await asked(peer, lambda: peer.vault.load("groq", None, 5))
    assert "\n" not in error.message
    assert len(error.message) <= 100
    error = await asked(peer, lambda: peer.vault.store("groq", None, Secret(SECRET), 5))
    assert error.message == "it did not store the key"
    assert error.__cause__ is None
    assert error.__suppress_context__
