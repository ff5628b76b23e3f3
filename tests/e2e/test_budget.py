"""``budget/list`` and refusals through the started server."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer
from support.server_process import ServerProcess
from support.sse import SSE, delta, end

posix = pytest.mark.skipif(os.name == "nt", reason="signals of a POSIX system")


def chat(prompt_tokens: int, completion_tokens: int) -> bytes:
    return json.dumps({
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
    }).encode()  # fmt: skip


class Setup:
    """A provider that counts its requests, and the configuration file that has budgets for it.

    A token costs a micro-dollar, input and output alike: each call uses 100 tokens.
    """

    def __init__(self, folder: Path) -> None:
        self.answer: Callable[[], Answer] = lambda: Answer(chunks=[chat(90, 10)])
        self.provider = LocalServer(lambda _: self.answer())
        self._folder = folder

    def budgets(self, text: str) -> None:
        (self._folder / "config.toml").write_text(
            f"""
[providers.acme]
base_url = "{self.provider.url}/v1"
connection_type = "byok"
models = ["m", "n"]
[providers.acme.prices.m]
input = 1.0
output = 1.0
[providers.home]
base_url = "{self.provider.url}/v1"
{text}
"""
        )


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    made = Setup(tmp_path)
    with made.provider:
        yield made


def ask(server: ServerProcess, model: str = "acme/m", **params: Any) -> dict[str, Any]:
    return server.result("completion/create", {"model": model, "prompt": "x" * 40, **params})


def refused(server: ServerProcess, model: str = "acme/m", **params: Any) -> dict[str, Any]:
    error: dict[str, Any] = server.error("completion/create", {"model": model, "prompt": "x" * 40, **params})
    assert (error["code"], error["data"]["kind"]) == (-32803, "budget_exceeded"), error
    return error


def test_a_call_that_may_exceed_the_limit_is_not_sent(setup: Setup) -> None:
    setup.budgets("[budgets.daily]\nperiod = 'day'\nusd = 0.00031\n")
    with ServerProcess() as server:
        server.initialize()
        for _ in range(3):
            ask(server, parameters={"max_tokens": 20})
        sent = len(setup.provider.requests)
        error = refused(server, parameters={"max_tokens": 60})
        assert len(setup.provider.requests) == sent
        data = error["data"]
        assert data["retryable"] is False
        assert data["budget"] | {"resetsAt": "", "estimateUsdMicros": 0} == {
            "name": "daily",
            "limitUsdMicros": 310,
            "spentUsdMicros": 300,
            "reservedUsdMicros": 0,
            "estimateUsdMicros": 0,
            "resetsAt": "",
        }


def test_budgets_are_listed_and_a_change_is_told_once_to_the_client_that_made_it(setup: Setup) -> None:
    setup.budgets(
        "[budgets.daily]\nperiod = 'day'\nusd = 0.0005\naction = 'warn'\n[budgets.run]\nperiod = 'session'\nusd = 1\n"
    )
    with ServerProcess() as server, ServerProcess() as other:
        for each in (server, other):
            each.initialize()
        told: list[list[str]] = []
        for each in (server, other, server, other, server, other):
            each.claim("usage/updated")
            ask(each)
            (updated,) = each.claim("usage/updated")
            told.append([budget["state"] for budget in updated.get("budgets", [])])
        assert told == [[], [], [], ["warned"], ["exceeded"], []]
        daily, run = other.result("budget/list")["budgets"]
        assert (daily["name"], daily["spentUsdMicros"], daily["state"], daily["fraction"]) == (
            "daily",
            600,
            "exceeded",
            1.2,
        )
        assert (run["spentUsdMicros"], run["period"], "resetsAt" in run) == (300, "session", False)


def test_without_a_budget_there_is_nothing_to_list(server: ServerProcess) -> None:
    assert server.result("budget/list") == {"budgets": []}


def test_a_fallback_that_fits_answers_in_place_of_a_target_over_budget(setup: Setup) -> None:
    setup.budgets("[budgets.acme]\nperiod = 'month'\nusd = 0\nprovider = 'acme'\n")
    with ServerProcess() as server:
        server.initialize()
        answer = ask(server, fallbacks=["mock/mock:words=1"])
        assert answer["provider"] == "mock"
        assert [attempt.get("error", {}).get("kind") for attempt in answer["attempts"]] == ["budget_exceeded", None]
        assert setup.provider.requests == []
        # What was not sent is no call, and says nothing of the provider.
        assert [call["provider"] for call in server.result("usage/history")["calls"]] == ["mock"]
        health = {one["provider"]: one for one in server.result("provider/status")["health"]}
        assert "acme" not in health


def test_a_local_server_costs_nothing_and_a_changed_file_counts_at_once(setup: Setup) -> None:
    setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 0\n")
    with ServerProcess() as server:
        server.initialize()
        ask(server, "home/x")
        error = refused(server)
        assert "$0.00 of $0.00" in error["message"]
        setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 0.01\n")
        server.notify("workspace/didChangeConfiguration", {"settings": {}})
        ask(server)


@pytest.mark.parametrize("unpriced", ["allow", "refuse"])
def test_a_model_without_a_price(setup: Setup, unpriced: str) -> None:
    setup.budgets(f"[budgets.all]\nperiod = 'month'\nusd = 1\nunpriced = '{unpriced}'\n")
    with ServerProcess() as server:
        server.initialize()
        if unpriced == "refuse":
            assert "acme/n" in refused(server, "acme/n")["message"]
        else:
            ask(server, "acme/n")
        (budget,) = server.result("budget/list")["budgets"]
        assert budget["unpricedCalls"] == (unpriced == "allow")


def test_embeddings_go_through_the_budgets_too(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.budgets(f"""
[providers.openai]
base_url = "{setup.provider.url}/v1"
[budgets.all]
period = "month"
usd = 0
""")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdef")
    with ServerProcess() as server:
        server.initialize()
        error = server.error("embedding/create", {"model": "openai/text-embedding-3-small", "input": "x" * 400})
        assert error["data"]["kind"] == "budget_exceeded"
        # 116 tokens at 2 cents for a million of them, and no output.
        assert error["data"]["budget"]["estimateUsdMicros"] == 3
        assert setup.provider.requests == []


def test_a_cancelled_call_frees_what_it_did_not_use(setup: Setup) -> None:
    begun, end = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        begun.set()
        end.wait(20)
        yield chat(1, 1)

    setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 0.0021\n")
    setup.answer = lambda: Answer(chunks=slowly())
    with ServerProcess() as server:
        server.initialize()
        request = server.begin("completion/create", {"model": "acme/m", "prompt": "x"})
        assert begun.wait(20)
        (budget,) = server.result("budget/list")["budgets"]
        assert budget["reservedUsdMicros"] == 2002
        refused(server)
        server.notify("$/cancelRequest", {"id": request})
        assert server.reply(request)["error"]["code"] == -32800
        end.set()
        (budget,) = server.result("budget/list")["budgets"]
        assert (budget["reservedUsdMicros"], budget["spentUsdMicros"]) == (0, 0)


def test_a_locked_ledger_refuses_or_lets_pass_as_the_budget_says(setup: Setup) -> None:
    setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 1\n")
    with ServerProcess() as server:
        server.initialize()
        ask(server)
        other = sqlite3.connect(Path(os.environ["MODELPORT_DATA_DIR"]) / "usage.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        error = refused(server)
        assert "does not answer (another program holds its lock)" in error["message"]
        setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 1\naction = 'warn'\n")
        server.notify("workspace/didChangeConfiguration", {"settings": {}})
        ask(server)
        other.execute("ROLLBACK")
        other.close()
        (budget,) = server.result("budget/list")["budgets"]
        assert (budget["spentUsdMicros"], budget["reservedUsdMicros"]) == (200, 0)


def test_eight_servers_do_not_overspend_together(setup: Setup) -> None:
    setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 0.004\n")

    def work(number: int) -> int:
        sent = 0
        with ServerProcess() as server:
            server.initialize()
            for _ in range(10):
                # More than what the call will use, so that no estimate is too low.
                reply = server.request(
                    "completion/create", {"model": "acme/m", "prompt": "x" * 800, "parameters": {"max_tokens": 50}}
                )
                sent += "result" in reply
        return sent

    with ThreadPoolExecutor(8) as threads:
        sent = sum(threads.map(work, range(8)))
    assert len(setup.provider.requests) == sent < 80
    with ServerProcess() as server:
        server.initialize()
        (budget,) = server.result("budget/list")["budgets"]
    assert (budget["spentUsdMicros"], budget["reservedUsdMicros"]) == (100 * sent, 0)
    assert 3_700 <= budget["spentUsdMicros"] <= 4_000


@posix
def test_an_editor_that_is_killed_pays_for_the_input_of_its_call(setup: Setup) -> None:
    begun, end = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        begun.set()
        end.wait(20)
        yield b""

    setup.budgets("[budgets.all]\nperiod = 'month'\nusd = 1\n")
    setup.answer = lambda: Answer(chunks=slowly())
    with ServerProcess() as victim:
        victim.initialize()
        victim.begin("completion/create", {"model": "acme/m", "prompt": "x" * 40})
        assert begun.wait(20)
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait(20)
    end.set()
    found = subprocess.run([sys.executable, "-m", "modelport", "budget", "--json"], capture_output=True, check=True)
    (budget,) = json.loads(found.stdout)["budgets"]
    assert (budget["spentUsdMicros"], budget["reservedUsdMicros"]) == (12, 0)


# Answers that are ended.


def endless(text: str) -> Iterator[bytes]:
    """Events of an answer that only its reader can end."""
    while True:
        yield delta(text)
        time.sleep(0.001)


def test_an_answer_that_costs_more_than_the_limit_has_left_is_ended(setup: Setup) -> None:
    setup.budgets("[budgets.daily]\nperiod = 'day'\nusd = 0.003\ncut = true\n")
    setup.answer = lambda: Answer(headers=SSE, chunks=endless("abcd" * 10))
    with ServerProcess() as server:
        server.initialize()
        completion = ask(server, streamId="s")
        assert setup.provider.closed_by_client.wait(30)
        deltas = [told["update"]["text"] for told in server.claim("completion/update")]
        assert completion["finishReason"] == "budget"
        assert completion["text"] == "".join(deltas)
        # No less than the limit, and the chunk or two that came before it was noticed.
        assert len(completion["text"]) / 4 > 2_900
        used = completion["usage"]
        assert (used["estimated"], used["costEstimated"]) == (True, True)
        (call,) = server.result("usage/history", {"limit": 5})["calls"]
        assert (call["outcome"], call["finishReason"]) == ("ok", "budget")
        assert call["usage"]["usdMicros"] == used["usdMicros"]
        (budget,) = server.result("budget/list", {})["budgets"]
        assert (budget["state"], budget["reservedUsdMicros"]) == ("exceeded", 0)
        assert budget["spentUsdMicros"] == used["usdMicros"] >= 2_990
        refused(server)


def test_without_cut_an_answer_is_never_ended_for_a_budget(setup: Setup) -> None:
    setup.budgets("[budgets.daily]\nperiod = 'day'\nusd = 0.003\n")
    text = [delta("abcd" * 10)] * 600
    setup.answer = lambda: Answer(headers=SSE, chunks=[*text, end()])
    with ServerProcess() as server:
        server.initialize()
        completion = ask(server)
        assert (completion["finishReason"], len(completion["text"])) == ("stop", 600 * 40)
