"""The synchronous client: the same calls, a thread behind them."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import modelport
from support.http_server import LocalServer


@pytest.fixture
def client() -> Iterator[modelport.SyncClient]:
    with modelport.SyncClient(name="tests") as client:
        yield client


def background_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "modelport"]


def test_calls(client: modelport.SyncClient) -> None:
    before = client.usage_snapshot()
    assert client.complete("hi", model="mock/mock").text == "You said: hi"
    assert client.usage_delta(before).total_calls == 1
    assert client.usage_history(limit=1)[0].client == "tests"
    assert client.provider("claude").id == "anthropic"
    with pytest.raises(modelport.InvalidParams):
        client.provider("unknown")
    with pytest.raises(modelport.RequestFailed):
        client.complete("hi", model="mock/mock:fail=rate_limited")


def test_a_stream(client: modelport.SyncClient) -> None:
    stream = client.stream("a b", model="mock/mock:think")
    updates = list(stream)
    assert "".join(u.text for u in updates if isinstance(u, modelport.TextUpdate)) == stream.result().text
    assert next(stream, None) is None
    assert "".join(client.stream("a b", model="mock/mock:think").texts()) == "You said: a b"
    assert client.stream("a b", model="mock/mock").result().text == "You said: a b"


def test_a_stream_that_breaks_off(client: modelport.SyncClient) -> None:
    texts: list[str] = []
    stream = client.stream("a b", model="mock/mock:cut=2")
    with pytest.raises(modelport.RequestFailed) as raised:
        texts.extend(stream.texts())
    assert raised.value.kind == "stream_interrupted"
    with pytest.raises(modelport.RequestFailed):
        stream.result()


def test_a_wrong_message_is_refused_when_the_stream_begins(client: modelport.SyncClient) -> None:
    with pytest.raises(modelport.InvalidParams, match="no field contents"):
        next(client.stream([{"role": "user", "contents": "x"}], model="mock/mock"))


def test_leaving_a_loop_closes_the_connection(client: modelport.SyncClient, endless: LocalServer) -> None:
    for update in client.stream("hi", model="vllm/m"):
        assert update == modelport.TextUpdate(text="Hello")
        break
    del update
    gc.collect()
    assert endless.closed_by_client.wait(5)


def test_leaving_a_block_closes_the_connection(client: modelport.SyncClient, endless: LocalServer) -> None:
    with client.stream("hi", model="vllm/m") as stream:
        assert next(stream.texts()) == "Hello"
        assert not endless.closed_by_client.is_set()
    assert client.usage_history(limit=1)[0].outcome == "cancelled"
    assert endless.closed_by_client.wait(5)
    with pytest.raises(RuntimeError, match="stopped early"):
        stream.result()


def test_a_stream_that_is_closed_before_it_began(client: modelport.SyncClient) -> None:
    stream = client.stream("hi", model="mock/mock")
    stream.close()
    with pytest.raises(RuntimeError, match="stream is closed"):
        next(stream)


def test_servers_as_they_are_found(client: modelport.SyncClient, ollama: LocalServer) -> None:
    search = client.discover(ports=[ollama.port], timeout_ms=10_000)
    assert [server.base_url for server in search] == [ollama.url]
    assert len(search.result()) == 1


def test_the_progress_of_a_download(client: modelport.SyncClient, ollama: LocalServer) -> None:
    assert [step.percentage for step in client.pull_model("ollama", "tiny")][-1] == 100
    client.pull_model("ollama", "tiny").result()
    assert len([request for request in ollama.requests if request.path == "/api/pull"]) == 2


def test_any_thread_may_call(client: modelport.SyncClient) -> None:
    with ThreadPoolExecutor(8) as threads:
        texts = threads.map(lambda n: client.complete(str(n), model="mock/mock").text, range(24))
        assert list(texts) == [f"You said: {n}" for n in range(24)]


async def test_a_thread_with_an_event_loop_of_its_own_may_call() -> None:
    with modelport.SyncClient() as client:
        assert client.complete("hi", model="mock/mock").text == "You said: hi"


def test_closing_ends_the_thread_and_may_be_repeated() -> None:
    client = modelport.SyncClient()
    assert not background_threads()
    client.complete("hi", model="mock/mock")
    assert len(background_threads()) == 1
    client.close()
    client.close()
    assert not background_threads()
    with pytest.raises(RuntimeError, match="closed"):
        client.complete("hi", model="mock/mock")
    with pytest.raises(RuntimeError, match="closed"):
        next(client.stream("hi", model="mock/mock"))


def test_closing_a_client_that_was_never_used() -> None:
    client = modelport.SyncClient()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.status()


def test_closing_while_another_thread_waits(endless: Any) -> None:
    client = modelport.SyncClient()
    stream = client.stream("hi", model="vllm/m")
    assert next(stream) == modelport.TextUpdate(text="Hello")
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(next, stream), threads.submit(client.complete, "hi", model="vllm/m")]
        assert endless.asked.acquire(timeout=5)
        assert endless.asked.acquire(timeout=5)
        client.close()
        for wait in waiting:
            with pytest.raises(RuntimeError, match=r"closed|stopped"):
                wait.result(5)
    assert endless.closed_by_client.wait(5)


@pytest.mark.parametrize("call", ["client.complete('hi', model='vllm/m')", "list(client.stream('hi', model='vllm/m'))"])
def test_ctrl_c_cancels_the_call_and_the_client_goes_on(endless: Any, call: str) -> None:
    code = f"""
import modelport
client = modelport.SyncClient()
client.status()
try:
    {call}
except KeyboardInterrupt:
    print("stopped", flush=True)
print(client.complete("still here", model="mock/mock").text, flush=True)
# An interrupt between two items stops the call without waiting for its record; closing does wait.
client.close()
with modelport.SyncClient() as another:
    print([call.outcome for call in another.usage_history()], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            assert endless.asked.acquire(timeout=10)
            program.send_signal(signal.SIGINT)
            out, errors = program.communicate(timeout=15)
        finally:
            program.kill()
    assert out.splitlines() == ["stopped", "You said: still here", "['ok', 'cancelled']"], errors
    assert (program.returncode, errors) == (0, "")
    assert endless.closed_by_client.wait(5)


def test_a_program_that_closes_nothing_ends() -> None:
    code = (
        "import modelport\n"
        "client = modelport.SyncClient()\n"
        "stream = client.stream('hi', model='mock/mock:stall=1')\n"
        "print(next(stream).text)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=15, check=False, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "You", "")
