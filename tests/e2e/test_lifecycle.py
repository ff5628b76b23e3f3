"""How a server ends: with its client, with its parent, at a signal; never by itself, never too late."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from support.server_process import Ended, ServerProcess, frame

pytestmark = pytest.mark.usefixtures("fresh_servers")

STALLED = {"model": "mock/mock:stall=2", "prompt": "one two three", "streamId": "s"}


def history(data: Path) -> list[dict[str, Any]]:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(data)}) as other:
        other.initialize()
        calls = other.result("usage/history")["calls"]
        other.close()
    return calls


def test_exit_without_shutdown_is_1() -> None:
    with ServerProcess() as server:
        server.initialize()
        server.notify("exit")
        assert server.process.wait(5) == 1


def test_exit_before_initialize_is_1() -> None:
    with ServerProcess() as server:
        server.notify("exit")
        assert server.process.wait(5) == 1


def test_end_of_input_when_idle() -> None:
    with ServerProcess() as server:
        server.initialize()
        server.close_input()
        assert server.process.wait(5) == 1


def test_end_of_input_before_anything() -> None:
    with ServerProcess() as server:
        server.close_input()
        assert server.process.wait(5) == 1


def test_end_of_input_after_requests_still_answers_them(tmp_path: Path) -> None:
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"jsonrpc": "2.0", "id": 2, "method": "completion/create", "params": {"model": "mock/mock", "prompt": "x"}},
        {"jsonrpc": "2.0", "id": 3, "method": "shutdown"},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "modelport", "serve"],
        input=b"".join(map(frame, messages)),
        capture_output=True,
        timeout=15,
        check=False,
        env={**os.environ, "MODELPORT_DATA_DIR": str(tmp_path)},
    )
    assert done.returncode == 0
    assert b'"id":2,"result":{"text":"You said: x"' in done.stdout
    assert b'"id":3,"result":null' in done.stdout


def test_end_of_input_during_a_stream_lets_it_end(tmp_path: Path) -> None:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}) as server:
        server.initialize()
        request_id = server.begin("completion/create", {**STALLED, "model": "mock/mock:delay=30"})
        server.notification("completion/update")
        server.close_input()
        assert server.reply(request_id)["result"]["text"] == "You said: one two three"
        assert server.process.wait(5) == 1
    (call,) = history(tmp_path)
    assert call["outcome"] == "ok"


def test_a_client_that_closes_both_sides_during_a_stream_ends_it_and_it_is_recorded(tmp_path: Path) -> None:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}, read=False) as server:
        server.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        server.begin("completion/create", STALLED)
        assert server.process.stdout is not None
        while b"completion/update" not in server.process.stdout.readline():
            pass
        server.close_input()
        server.process.stdout.close()
        assert server.process.wait(5) == 1
    (call,) = history(tmp_path)
    assert call["outcome"] == "cancelled"


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_signal_during_a_stream(tmp_path: Path, signal_number: signal.Signals) -> None:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}) as server:
        server.initialize()
        request_id = server.begin("completion/create", STALLED)
        server.notification("completion/update")
        server.process.send_signal(signal_number)
        error = server.reply(request_id)["error"]
        assert error["code"] == -32803
        assert error["data"]["kind"] == "stream_interrupted"
        assert server.process.wait(5) == 143
    (call,) = history(tmp_path)
    assert (call["outcome"], call["usage"]["estimated"]) == ("cancelled", True)


def test_client_closes_its_reading_side() -> None:
    with ServerProcess(read=False) as server:
        server.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        assert server.process.stdout is not None
        time.sleep(0.3)
        server.process.stdout.close()
        server.send({"jsonrpc": "2.0", "id": 2, "method": "provider/list"})
        assert server.process.wait(5) == 1


PARENT = """
import json, os, subprocess, sys, time
read, write = os.pipe()
# Another process holds the writing end of the server's stdin open: only the parent's end can be detected.
holder = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=(write,))
server = subprocess.Popen([sys.executable, "-m", "modelport", "serve"], stdin=read, stdout=subprocess.PIPE)
params = {"processId": PROCESS_ID, "capabilities": {}}
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
os.write(write, b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
server.stdout.readline()
print(json.dumps([server.pid, holder.pid]), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("process_id", ["os.getpid()", "None"])
def test_parent_killed_while_another_process_holds_stdin_open(process_id: str) -> None:
    script = textwrap.dedent(PARENT).replace("PROCESS_ID", process_id)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    server, holder = json.loads(parent.stdout.readline())
    try:
        time.sleep(0.5)
        assert running(server)
        parent.kill()
        parent.wait(5)
        deadline = time.monotonic() + 5
        while running(server):
            assert time.monotonic() < deadline, "the server outlives its parent"
            time.sleep(0.05)
    finally:
        parent.stdout.close()
        for pid in (server, holder):
            if running(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_client_process_that_does_not_exist_ends_it_while_the_pipes_are_held() -> None:
    client = subprocess.Popen([sys.executable, "-S", "-c", ""])
    client.wait(5)
    with ServerProcess() as server:
        server.initialize(processId=client.pid)
        assert server.process.wait(5) == 1
        server.kill()
        assert "sends null" in server.stderr


def test_a_client_process_that_is_not_named_is_not_watched() -> None:
    with ServerProcess() as server:
        server.initialize(processId=None)
        assert server.alive()
        assert server.close() == 0


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_cancel_in_the_same_write_runs_nothing(tmp_path: Path) -> None:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}) as server:
        server.initialize()
        params = {"model": "mock/mock", "prompt": "never"}
        server.send_bytes(
            frame({"jsonrpc": "2.0", "id": 5, "method": "completion/create", "params": params})
            + frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 5}})
        )
        assert server.reply(5)["error"]["code"] == -32800
        assert server.result("usage/snapshot")["totalCalls"] == 0
        assert server.close() == 0


def test_after_the_end_the_wire_ends_with_a_whole_frame() -> None:
    with ServerProcess() as server:
        server.initialize()
        for n in range(20):
            server.begin("completion/create", {"model": "mock/mock:delay=30", "prompt": "a b c", "streamId": f"{n}"})
        server.notification("completion/update")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 143
        with pytest.raises(Ended):
            server.take(lambda _: False)
