"""A client that stops reading: nothing is lost, nothing stalls, memory stays bounded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess

pytestmark = pytest.mark.usefixtures("fresh_servers")

STREAMS = 50
PAUSE_S = 10.0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@pytest.mark.timeout(60)
def test_client_that_does_not_read_for_10_s_while_50_streams_run(tmp_path: Path, stack: ExitStack) -> None:
    pieces = 3000
    words = [f"wörd{n} " * 20 for n in range(pieces)]
    served = threading.Semaphore(0)

    def answer(request: Received) -> Answer:
        def lines():
            for word in words:
                yield b'data: {"choices":[{"index":0,"delta":{"content":%b}}]}\n\n' % json.dumps(word).encode()
            served.release()
            yield b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

        return Answer(headers={"Content-Type": "text/event-stream"}, chunks=lines())

    with LocalServer(answer) as upstream:
        env = {"MODELPORT_DATA_DIR": str(tmp_path), "OPENAI_COMPATIBLE_BASE_URL": upstream.url}
        server = stack.enter_context(ServerProcess(env=env, read=False))
        server.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}})
        for n in range(STREAMS):
            params = {"provider": "openai-compatible", "model": "m", "prompt": "go", "streamId": f"s{n}"}
            server.send({"jsonrpc": "2.0", "id": f"s{n}", "method": "completion/create", "params": params})
        # Other requests' work goes on meanwhile: it reaches the ledger, which another process can read.
        time.sleep(PAUSE_S / 2)
        server.send(
            {
                "jsonrpc": "2.0",
                "id": "x",
                "method": "completion/create",
                "params": {"model": "mock/mock", "prompt": "x"},
            }
        )
        with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}) as other:
            other.initialize()
            deadline = time.monotonic() + PAUSE_S / 2
            while not [c for c in other.result("usage/history")["calls"] if c["provider"] == "mock"]:
                assert time.monotonic() < deadline, "a request without a stream waits for the slow client"
                time.sleep(0.05)
            other.close()
        time.sleep(max(0.0, deadline - time.monotonic()))
        assert server.process.poll() is None
        # 50 streams of some 480 KB each: the upstream is left unread instead of being piled up here.
        assert rss_mb(server.process.pid) < 150
        server.start_reading()
        text = "".join(words)
        for n in range(STREAMS):
            reply = server.reply(f"s{n}", 30)
            assert "result" in reply, str(reply)[:600]
            assert reply["result"]["text"] == text
        updates = server.claim("completion/update")
        for n in range(STREAMS):
            mine = [u for u in updates if u["streamId"] == f"s{n}"]
            assert [u["seq"] for u in mine] == list(range(len(mine)))
            assert "".join(u["update"]["text"] for u in mine) == text
        assert len(updates) < STREAMS * pieces / 4, "deltas that waited were not merged"
        server.reply(0)
        assert server.reply("x")["result"]["text"] == "You said: x"
        assert server.close() == 0


def test_slow_reader_on_a_file_like_output(tmp_path: Path) -> None:
    """Output that cannot be polled goes through a thread and arrives whole, in order."""
    import subprocess
    import sys

    from support.server_process import frame

    out = tmp_path / "out"
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}},
        *(
            {
                "jsonrpc": "2.0",
                "id": n,
                "method": "completion/create",
                "params": {"model": "mock/mock:words=50", "prompt": "x", "streamId": f"{n}"},
            }
            for n in range(2, 12)
        ),
    ]
    with out.open("wb") as sink:
        subprocess.run(
            [sys.executable, "-m", "modelport", "serve"],
            input=b"".join(map(frame, messages)),
            stdout=sink,
            timeout=15,
            check=False,
        )
    data = out.read_bytes()
    found: dict[int, str] = {}
    streamed: dict[str, str] = {}
    while data:
        header, _, rest = data.partition(b"\r\n\r\n")
        length = int(header.partition(b":")[2])
        message = json.loads(rest[:length])
        data = rest[length:]
        if message.get("method") == "completion/update":
            params = message["params"]
            streamed[params["streamId"]] = streamed.get(params["streamId"], "") + params["update"]["text"]
        elif "result" in message and message["id"] != 1:
            found[message["id"]] = message["result"]["text"]
    assert {str(key): value for key, value in found.items()} == streamed
    assert len(found) == 10
