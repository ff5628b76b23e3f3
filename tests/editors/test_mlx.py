"""A real model server, mlx_lm, behind Modelport, with a small model of random weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from editors import tiny_model
from editors.neovim import Neovim
from support import programs
from support.peers import MlxServer, Relay, free_port
from support.server_process import ServerProcess

pytestmark = [pytest.mark.editors, pytest.mark.timeout(30, func_only=True)]
FOREVER = 20_000
TOKENS = 200


@pytest.fixture(scope="module")
def mlx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlxServer]:
    program = programs.environment_program("mlx_lm.server", "mlx-lm 'mlx[cpu]'")
    folder = tmp_path_factory.mktemp("mlx")
    tiny_model.make(folder / "tiny")
    with MlxServer(program, folder / "tiny", folder / "cache") as running:
        yield running


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        running.initialize()
        yield running
        if running.process.poll() is None:
            assert running.close() == 0


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def ask(**more: Any) -> dict[str, Any]:
    return {"prompt": "Tell me anything", "parameters": {"max_tokens": TOKENS, "temperature": 0}, **more}


def test_a_streamed_answer(mlx: MlxServer, server: ServerProcess) -> None:
    connection = server.result("provider/connect", {"provider": "mlx", "baseUrl": url(mlx.port)})
    assert connection["verified"]
    assert connection["credential"]["source"] == "notRequired"
    completion = server.result("completion/create", ask(streamId="s"))
    updates = [note["update"] for note in server.claim("completion/update")]
    assert len(updates) > 2
    assert completion["text"] == "".join(update["text"] for update in updates)
    assert len(completion["text"]) == TOKENS
    assert completion["finishReason"] == "length"
    assert completion["provider"] == "mlx"
    usage = completion["usage"]
    assert usage["outputTokens"] == TOKENS
    assert usage["inputTokens"] > len("Tell me anything")
    assert not usage["estimated"]
    assert usage["usdMicros"] == 0
    assert 0 < usage["timeToFirstTokenMs"] <= usage["latencyMs"]


def test_it_is_found_and_can_be_connected(mlx: MlxServer, server: ServerProcess) -> None:
    params = {"ports": [mlx.port], "timeoutMs": 15_000}
    (found,) = server.result("provider/discover", params)["servers"]
    assert (found["provider"], found["baseUrl"]) == ("mlx", url(mlx.port))
    (model,) = found["models"]
    assert model.endswith("/tiny")
    connection = server.result("provider/connect", {"provider": "mlx", "baseUrl": found["baseUrl"], "model": model})
    assert connection["verified"]


def test_the_same_again(mlx: MlxServer, server: ServerProcess) -> None:
    server.result("provider/connect", {"provider": "mlx", "baseUrl": url(mlx.port)})
    first, second = (server.result("completion/create", ask()) for _ in range(2))
    assert first["text"] == second["text"]
    system = server.result("completion/create", ask(system="Say something else."))
    assert system["usage"]["inputTokens"] > first["usage"]["inputTokens"]


def test_two_at_once(mlx: MlxServer, server: ServerProcess) -> None:
    server.result("provider/connect", {"provider": "mlx", "baseUrl": url(mlx.port)})
    alone = server.result("completion/create", ask())
    both = [server.begin("completion/create", ask()) for _ in range(2)]
    for request in both:
        assert len(server.reply(request)["result"]["text"]) == len(alone["text"])


def test_without_connecting_first(mlx: MlxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_BASE_URL", url(mlx.port))
    with ServerProcess() as server:
        server.initialize()
        assert len(server.result("completion/create", ask(model="mlx/default_model"))["text"]) == TOKENS
        assert server.close() == 0


def test_cancel_closes_the_connection(mlx: MlxServer, server: ServerProcess) -> None:
    with Relay(mlx.port) as relay:
        # A model is named, since the list of models would be asked for over the relay, too.
        connect = {"provider": "mlx", "baseUrl": url(relay.port), "model": "default_model", "verify": False}
        server.result("provider/connect", connect)
        request = server.begin("completion/create", ask(streamId="s", parameters={"max_tokens": FOREVER}))
        assert server.notification("completion/update")["update"]["kind"] == "text"
        assert not relay.closed_by_client.is_set()
        server.notify("$/cancelRequest", {"id": request})
        assert server.reply(request)["error"]["code"] == -32800
        assert relay.closed_by_client.wait(5)
        server.claim("completion/update")
    server.result("provider/connect", {"provider": "mlx", "baseUrl": url(mlx.port)})
    assert len(server.result("completion/create", ask())["text"]) == TOKENS, "the model is free for the next question"


def test_a_missing_server(server: ServerProcess) -> None:
    nowhere = url(free_port())
    error = server.error("provider/connect", {"provider": "mlx", "baseUrl": nowhere})
    assert error["data"]["kind"] == "network"
    assert nowhere in error["message"]
    assert error["data"]["action"] == "start the server"


def test_a_wrong_path(mlx: MlxServer, server: ServerProcess) -> None:
    wrong = f"http://127.0.0.1:{mlx.port}/api"
    error = server.error("provider/connect", {"provider": "mlx", "baseUrl": wrong})
    assert error["data"]["kind"] == "invalid_response"
    assert error["data"]["httpStatus"] == 404
    assert wrong in error["message"]
    server.result("provider/connect", {"provider": "mlx", "baseUrl": wrong, "verify": False})
    assert server.error("completion/create", ask())["data"]["kind"] == "invalid_response"


def test_a_missing_model(mlx: MlxServer, server: ServerProcess) -> None:
    server.result("provider/connect", {"provider": "mlx", "baseUrl": url(mlx.port)})
    error = server.error("completion/create", ask(provider="mlx", model="there/is-no-such-model"))
    assert error["code"] == -32803
    assert error["data"]["httpStatus"] == 404
    assert "cached snapshot" in error["message"], "the server's own words are kept: ours cannot know why"


def test_streamed_into_neovim(mlx: MlxServer, neovim: Neovim) -> None:
    seen = neovim.play(
        "real", MODELPORT_MODEL="mlx/default_model", MODELPORT_TOKENS=str(TOKENS), MLX_BASE_URL=url(mlx.port)
    )
    assert seen["text"] == seen["completion"]["text"]
    assert len(seen["text"]) == TOKENS
    assert len(seen["states"]) > 2
    assert seen["usage"].startswith("mlx/default_model: ")
    assert f" {TOKENS} out, $0.0000, " in seen["usage"]
    assert seen["notified"] == []
