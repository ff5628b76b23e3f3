"""The server under pygls' language client: an LSP implementation that was not written here."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

# pygls calls it for every handler; Python 3.14 deprecates it.
pytestmark = pytest.mark.filterwarnings("ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning:pygls")


class Client(LanguageClient):
    """Records the notifications, its own errors, and how the server ended."""

    def __init__(self) -> None:
        super().__init__("tests", "1")
        self.updates: list[Any] = []
        self.calls: list[Any] = []
        self.errors: list[Exception] = []
        self.begun = anyio.Event()
        self.recorded = anyio.Event()
        self.exit_code: int | None = None

        @self.feature("completion/update")
        def updated(params: Any) -> None:
            self.updates.append(params)
            self.begun.set()

        @self.feature("usage/updated")
        def recorded(params: Any) -> None:
            self.calls.append(params.call)
            self.recorded.set()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Keeps an error of the client's own; no test waits for a notification that it has lost."""
        self.errors.append(error)
        self.begun.set()
        self.recorded.set()

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        self.exit_code = server.returncode


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    language_client = Client()
    await language_client.start_io(sys.executable, "-m", "modelport", "serve")
    try:
        yield language_client
    finally:
        with anyio.fail_after(10):
            await language_client.shutdown_async(None)
            language_client.exit(None)
            await language_client.stop()
    assert language_client.errors == []
    assert language_client.exit_code == 0


async def initialized(client: Client) -> types.InitializeResult:
    params = types.InitializeParams(process_id=os.getpid(), root_uri=None, capabilities=types.ClientCapabilities())
    result = await client.initialize_async(params)
    client.initialized(types.InitializedParams())
    return result


async def test_capabilities(client: Client) -> None:
    result = await initialized(client)
    assert result.server_info is not None
    assert result.server_info.name == "modelport"
    provider = result.capabilities.execute_command_provider
    assert provider is not None
    assert "modelport.usage.snapshot" in provider.commands


async def test_commands_and_methods_of_its_own(client: Client) -> None:
    await initialized(client)
    command = types.ExecuteCommandParams(command="modelport.usage.snapshot")
    before = await client.workspace_execute_command_async(command)
    assert before["totalCalls"] == 0

    ask = {"model": "mock/mock", "prompt": "hello there", "streamId": "s"}
    completion = await client.protocol.send_request_async("completion/create", ask)
    assert completion.text == "You said: hello there"
    assert "".join(note.update.text for note in client.updates) == completion.text
    assert [note.seq for note in client.updates] == list(range(len(client.updates)))
    assert [call.outcome for call in client.calls] == ["ok"]

    after = await client.workspace_execute_command_async(command)
    assert after["totalCalls"] == 1
    assert after["outputTokens"] > 0
    status = await client.protocol.send_request_async("provider/status", None)
    assert status.active is None


async def test_typed_errors(client: Client) -> None:
    await initialized(client)
    with pytest.raises(JsonRpcException) as refused:
        await client.workspace_execute_command_async(types.ExecuteCommandParams(command="modelport.no.such"))
    assert refused.value.code == -32602
    failing = {"model": "mock/mock:fail=rate_limited", "prompt": "x", "timeoutMs": 3000}
    with pytest.raises(JsonRpcException) as failed:
        await client.protocol.send_request_async("completion/create", failing)
    assert failed.value.code == -32803


async def test_cancel(client: Client) -> None:
    await initialized(client)
    ask = {"model": "mock/mock:stall=1", "prompt": "hello there", "streamId": "s"}
    answer = client.protocol.send_request_async("completion/create", ask, msg_id="mine")
    await client.begun.wait()
    client.cancel_request(types.CancelParams(id="mine"))
    with pytest.raises(JsonRpcException) as cancelled:
        await answer
    assert cancelled.value.code == -32800
    await client.recorded.wait()
    assert [call.outcome for call in client.calls] == ["cancelled"]
