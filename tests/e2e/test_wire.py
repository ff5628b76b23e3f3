"""The rules of the wire, on raw bytes. Each of the first tests is a way in which stock servers have failed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from support.server_process import Ended, ServerProcess, frame

CONCURRENT = 200


def chat(prompt: str = "hi", model: str = "mock/mock", **more: Any) -> dict[str, Any]:
    return {"model": model, "prompt": prompt, **more}


# Requests that must be answered all the same.


def test_request_without_params(server: ServerProcess) -> None:
    assert server.result("provider/status") == {"active": None, "connections": [], "health": []}


def test_params_null_means_absent(shared: ServerProcess) -> None:
    shared.send({"jsonrpc": "2.0", "id": 70, "method": "provider/status", "params": None})
    assert "result" in shared.reply(70)


def test_wrong_params_name_the_field(shared: ServerProcess) -> None:
    error = shared.error("completion/create", {"messages": [{"role": "robot", "content": "hi"}]})
    assert error["code"] == -32602
    assert "messages[0].role" in error["message"]
    assert error["data"]["field"] == "messages[0].role"


@pytest.mark.parametrize("params", [[1, 2], "text", 5, True])
def test_params_that_are_no_object(shared: ServerProcess, params: Any) -> None:
    error = shared.error("provider/list", params)
    assert error["code"] == -32602


def test_typed_lsp_request_with_wrong_params(shared: ServerProcess) -> None:
    assert shared.error("workspace/executeCommand", {"command": 5})["code"] == -32602
    assert shared.error("workspace/executeCommand")["code"] == -32602
    assert shared.alive()


def test_jsonrpc_key_inside_params(shared: ServerProcess) -> None:
    payload = {"jsonrpc": "2.0", "id": 1, "method": "session/prompt", "params": {"jsonrpc": "2.0", "result": {}}}
    tool = {"name": "send", "parameters": {"type": "object", "properties": payload}}
    completion = shared.result("completion/create", chat(tools=[tool], parameters=None))
    assert completion["text"] == "You said: hi"
    arguments = [{"before": {"totalCalls": 1}, "jsonrpc": "2.0", "nested": payload}]
    delta = shared.result("workspace/executeCommand", {"command": "modelport.usage.delta", "arguments": arguments})
    assert delta["inputTokens"] > 0


@pytest.mark.parametrize("body", [b"{not json", b'{"jsonrpc": "2.0", "id": 1, "method": "x', b"\xff\xfe\xff", b""])
def test_unparsable_body(shared: ServerProcess, body: bytes) -> None:
    shared.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert shared.reply(None)["error"]["code"] == -32700
    assert shared.alive()


def test_half_a_surrogate_pair_is_not_fatal(shared: ServerProcess) -> None:
    body = rb'{"jsonrpc":"2.0","id":5,"method":"completion/create","params":{"model":"mock/mock","prompt":"a\ud83d"}}'
    shared.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert shared.reply(5)["result"]["text"] == "You said: a\ufffd"


@pytest.mark.parametrize("message", [[], [{"jsonrpc": "2.0", "id": 1, "method": "provider/status"}], 5, "text", None])
def test_batches_and_bare_values(shared: ServerProcess, message: Any) -> None:
    shared.send(message)
    assert shared.reply(None)["error"]["code"] == -32600
    assert shared.alive()


@pytest.mark.parametrize(
    ("message", "echoed"),
    [
        ({"id": 7, "method": "provider/status"}, 7),
        ({"jsonrpc": "1.0", "id": 8, "method": "provider/status"}, 8),
        ({"jsonrpc": "2.0", "id": 9}, 9),
        ({"jsonrpc": "2.0", "id": 10, "method": 5}, 10),
        ({"jsonrpc": "2.0", "id": None, "method": "provider/status"}, None),
        ({"jsonrpc": "2.0", "id": True, "method": "provider/status"}, None),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "provider/status"}, None),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "provider/status"}, 1.5),
    ],
)
def test_malformed_envelopes(shared: ServerProcess, message: Any, echoed: Any) -> None:
    shared.send(message)
    assert shared.reply(echoed)["error"]["code"] == -32600
    assert shared.alive()


@pytest.mark.parametrize("header", [b"content-length", b"CONTENT-LENGTH", b"Content-length"])
def test_header_name_in_any_case(shared: ServerProcess, header: bytes) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": "x", "method": "provider/status"}).encode()
    kind = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"
    shared.send_bytes(b"%b%b:  %d \r\n\r\n%b" % (kind, header, len(body), body))
    assert "result" in shared.reply("x")
    assert shared.alive()


def test_newline_delimited_json_is_refused_with_the_reason() -> None:
    with ServerProcess() as server:
        server.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n')
        assert server.process.wait(10) == 2
        with pytest.raises(Ended):
            server.reply(1)
        server._errors.join(5)
        assert "Content-Length" in server.stderr


def test_request_before_initialize() -> None:
    with ServerProcess() as server:
        assert server.request("provider/list", {})["error"]["code"] == -32002
        assert server.request("shutdown")["error"]["code"] == -32002
        server.initialize()
        assert server.alive()
        assert server.close() == 0


def test_requests_after_shutdown(server: ServerProcess) -> None:
    assert server.request("shutdown")["result"] is None
    assert server.error("provider/list")["code"] == -32600
    assert server.error("shutdown")["code"] == -32600
    server.notify("exit")
    assert server.process.wait(10) == 0


def test_second_initialize(shared: ServerProcess) -> None:
    assert shared.error("initialize", {"capabilities": {}})["code"] == -32600


def test_same_id_twice_in_flight(shared: ServerProcess) -> None:
    shared.begin("completion/create", chat(model="mock/mock:stall=0"), id="twin")
    shared.begin("provider/status", id="twin")
    assert shared.reply("twin")["error"]["code"] == -32600
    shared.notify("$/cancelRequest", {"id": "twin"})
    assert shared.reply("twin")["error"]["code"] == -32800
    assert "result" in shared.request("provider/status", id="twin")


def test_ids_1_and_text_1_are_different(shared: ServerProcess) -> None:
    shared.begin("completion/create", chat(model="mock/mock:stall=0"), id=1000)
    assert "result" in shared.request("provider/status", id="1000")
    shared.notify("$/cancelRequest", {"id": "1000"})
    assert shared.alive()
    shared.notify("$/cancelRequest", {"id": 1000})
    assert shared.reply(1000)["error"]["code"] == -32800


def test_a_bug_is_answered_with_a_log_id_and_no_detail() -> None:
    # A module of ours that fails stands for any bug.
    code = (
        "import sys; from modelport.frontends.lsp.handlers import provider\n"
        "from modelport.frontends.lsp.handlers import table\n"
        "async def broken(session, params): raise ValueError('sk-canary-0123456789abcdef in /etc/passwd')\n"
        "table.HANDLERS['provider/status'] = broken\n"
        "from modelport.frontends.lsp.serve import serve; sys.exit(serve([]))"
    )
    with ServerProcess(command=(sys.executable, "-c", code), arguments=()) as server:
        server.initialize()
        error = server.error("provider/status")
        assert error["code"] == -32603
        assert set(error["data"]) == {"logId"}
        assert "Traceback" not in json.dumps(error)
        assert "passwd" not in json.dumps(error)
        assert server.close() == 0
        server._errors.join(5)
        assert error["data"]["logId"] in server.stderr
        assert "canary" not in server.stderr


def test_nothing_is_logged_of_messages() -> None:
    with ServerProcess(env={"MODELPORT_LOG": "debug"}) as server:
        server.initialize()
        secret = "gsk_canary0123456789canary"
        server.request("credential/set", {"provider": "groq", "secret": secret})
        server.request("provider/connect", {"provider": "groq", "apiKey": secret, "verify": False})
        server.request(
            "workspace/executeCommand", {"command": "modelport.credential.set", "arguments": [{"secret": secret}]}
        )
        server.request("workspace/executeCommand", {"command": secret, "arguments": secret})
        assert server.close() == 0
        server._errors.join(5)
        assert "canary" not in server.stderr


def test_print_and_writes_to_descriptor_1_stay_off_the_wire() -> None:
    code = (
        "import sys, os, ctypes, subprocess\n"
        "from modelport.frontends.lsp.handlers import provider, table\n"
        "original = provider.status_provider\n"
        "async def noisy(session, params):\n"
        "    print('printed'); sys.__stdout__.write('written'); os.write(1, b'descriptor')\n"
        "    ctypes.CDLL(None).puts(b'from C'); ctypes.CDLL(None).fflush(None)\n"
        "    subprocess.run(['echo', 'from a child'], check=True)\n"
        "    assert subprocess.run(['cat'], capture_output=True).stdout == b''\n"
        "    return await original(session, params)\n"
        "table.HANDLERS['provider/status'] = noisy\n"
        "from modelport.frontends.lsp.serve import serve; sys.exit(serve([]))"
    )
    with ServerProcess(command=(sys.executable, "-c", code), arguments=()) as server:
        server.initialize()
        assert "result" in server.request("provider/status")
        assert "result" in server.request("provider/status")
        assert server.close() == 0
        server._errors.join(5)
        for words in ("printed", "descriptor", "from C", "from a child"):
            assert words in server.stderr


def test_cancel_is_seen_while_worker_threads_are_busy() -> None:
    code = (
        "import sys, time, anyio, anyio.to_thread\n"
        "from modelport.frontends.lsp.handlers import provider, table\n"
        "async def busy(session, params):\n"
        "    await anyio.to_thread.run_sync(time.sleep, 3, abandon_on_cancel=True)\n"
        "table.HANDLERS['provider/status'] = busy\n"
        "from modelport.frontends.lsp.serve import serve; sys.exit(serve([]))"
    )
    with ServerProcess(command=(sys.executable, "-c", code), arguments=()) as server:
        server.initialize()
        busy = [server.begin("provider/status") for _ in range(60)]
        began = time.monotonic()
        for request_id in busy:
            server.notify("$/cancelRequest", {"id": request_id})
        for request_id in busy:
            assert server.reply(request_id)["error"]["code"] == -32800
        assert time.monotonic() - began < 3
        assert server.process.poll() is None


def test_cancel_of_a_completion(shared: ServerProcess) -> None:
    request_id = shared.begin("completion/create", chat("one two", "mock/mock:stall=2", streamId="s"))
    shared.notification("completion/update")
    shared.notify("$/cancelRequest", {"id": request_id})
    assert shared.reply(request_id)["error"]["code"] == -32800
    shared.claim("completion/update")
    (updated,) = shared.claim("usage/updated")
    assert updated["call"]["outcome"] == "cancelled"
    assert updated["call"]["usage"]["estimated"]
    assert [status["busy"] for status in shared.claim("status/changed")] == [True, False]
    shared.nothing_more()


def test_cancel_of_a_command_reaches_the_command(shared: ServerProcess) -> None:
    arguments = [chat("one two", "mock/mock:stall=2", streamId="s")]
    request_id = shared.begin(
        "workspace/executeCommand", {"command": "modelport.completion.create", "arguments": arguments}
    )
    shared.notification("completion/update")
    shared.notify("$/cancelRequest", {"id": request_id})
    assert shared.reply(request_id)["error"]["code"] == -32800
    shared.claim("completion/update")
    history = shared.result("usage/history", {"limit": 1})
    assert history["calls"][0]["outcome"] == "cancelled"


def test_cancel_of_nothing_is_ignored(shared: ServerProcess) -> None:
    for params in ({"id": 12345}, {"id": None}, {}, None, [1], {"id": [1]}):
        shared.notify("$/cancelRequest", params)
    assert shared.alive()


def test_late_answers_to_the_server_are_tolerated(shared: ServerProcess) -> None:
    shared.send({"jsonrpc": "2.0", "id": "gone", "result": None})
    shared.send({"jsonrpc": "2.0", "id": 99, "error": {"code": -32800, "message": "cancelled"}})
    shared.send({"jsonrpc": "2.0", "id": None, "result": {}})
    assert shared.alive()


def test_a_planned_method_is_not_advertised_and_not_found() -> None:
    with ServerProcess() as server:
        capabilities = server.initialize()["capabilities"]
        assert "inlineCompletionProvider" not in capabilities
        advertised = capabilities["experimental"]["modelport"]["methods"]
        for method in ("textDocument/inlineCompletion", "agent/connect", "agent/prompt", "a/b"):
            assert method not in advertised
            assert server.error(method, {})["code"] == -32601
        assert server.error("$/unknown", {})["code"] == -32601
        assert server.close() == 0


def test_unknown_notifications_are_ignored(shared: ServerProcess) -> None:
    for method in (
        "$/setTrace",
        "textDocument/didOpen",
        "workspace/didChangeConfiguration",
        "made/up",
        "completion/create",
    ):
        shared.notify(method, {"jsonrpc": "2.0"})
    assert shared.alive()
    shared.nothing_more()


# Bytes cut, large, and wrong.


def test_header_and_body_split_over_reads(shared: ServerProcess) -> None:
    data = frame({"jsonrpc": "2.0", "id": "slow", "method": "provider/status"})
    for position in range(len(data)):
        shared.send_bytes(data[position : position + 1])
        if position % 9 == 0:
            time.sleep(0.002)
    assert "result" in shared.reply("slow")


def test_two_messages_in_one_write(shared: ServerProcess) -> None:
    one, two = ({"jsonrpc": "2.0", "id": i, "method": "provider/status"} for i in ("one", "two"))
    shared.send_bytes(frame(one) + frame(two))
    assert "result" in shared.reply("one")
    assert "result" in shared.reply("two")


def test_initialize_and_more_in_one_write() -> None:
    with ServerProcess() as server:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
        ask = {"jsonrpc": "2.0", "id": 2, "method": "provider/status"}
        server.send_bytes(frame(hello) + frame(ask))
        assert "result" in server.reply(1)
        assert "result" in server.reply(2)
        assert server.close() == 0


def test_body_of_20_mb(shared: ServerProcess) -> None:
    text = "wörd " * (20 * 1024 * 1024 // 6)
    completion = shared.result("completion/create", chat(text, "mock/mock:words=3"))
    assert completion["text"] == "The quick brown"
    assert shared.alive()


def test_length_over_the_cap_is_skipped(shared: ServerProcess) -> None:
    size = 65 * 1024 * 1024
    shared.send_bytes(b"Content-Length: %d\r\n\r\n" % size)
    for _ in range(65):
        shared.send_bytes(b"x" * (1024 * 1024))
    assert shared.reply(None)["error"]["code"] == -32700
    assert shared.alive()


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello there\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"\x00\x01\x02" * 20_000,
        b"Content-Type: text/plain\r\n\r\n",
    ],
)
def test_garbage_is_skipped_up_to_the_next_frame(shared: ServerProcess, garbage: bytes) -> None:
    said_before = len(shared.stderr)
    shared.send_bytes(garbage)
    shared.send({"jsonrpc": "2.0", "id": "after", "method": "provider/status"})
    assert shared.reply(None)["error"]["code"] == -32700
    assert "result" in shared.reply("after")
    # The test's own time limit ends this.
    while "Content-Length" not in shared.stderr[said_before:]:
        time.sleep(0.01)


def test_200_at_once(shared: ServerProcess) -> None:
    ids = [
        shared.begin("completion/create", chat(f"question {n}", "mock/mock:delay=5", streamId=f"s{n}"))
        for n in range(CONCURRENT)
    ]
    replies = {request_id: shared.reply(request_id, 18) for request_id in ids}
    for n, request_id in enumerate(ids):
        assert replies[request_id]["result"]["text"] == f"You said: question {n}"
    updates = shared.claim("completion/update")
    for n in range(CONCURRENT):
        mine = [update for update in updates if update["streamId"] == f"s{n}"]
        assert [update["seq"] for update in mine] == list(range(len(mine)))
        assert "".join(update["update"]["text"] for update in mine) == f"You said: question {n}"
    assert len(shared.claim("usage/updated")) == CONCURRENT


def test_stream_id_in_use(shared: ServerProcess) -> None:
    first = shared.begin("completion/create", chat(model="mock/mock:stall=1", streamId="mine"))
    shared.notification("completion/update")
    error = shared.error("completion/create", chat(streamId="mine"))
    assert error["code"] == -32602
    assert error["data"]["field"] == "streamId"
    shared.notify("$/cancelRequest", {"id": first})
    assert shared.reply(first)["error"]["code"] == -32800
    assert shared.result("completion/create", chat(streamId="mine"))["text"] == "You said: hi"
    shared.claim("completion/update")


def test_started_on_a_terminal_it_explains_itself() -> None:
    import pty

    parent, child = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "modelport", "serve"], stdin=child, capture_output=True, timeout=10, check=False
    )
    assert done.returncode == 2
    assert b"modelport chat" in done.stderr
    assert done.stdout == b""
    import os

    os.close(parent)
    os.close(child)


def test_unknown_option() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "modelport", "serve", "--tcp"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 2
    assert b"--stdio" in done.stderr


def test_stdio_flag_is_accepted() -> None:
    with ServerProcess(arguments=("serve", "--stdio")) as server:
        server.initialize()
        assert server.close() == 0
