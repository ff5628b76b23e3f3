"""``usage/*`` and ``diagnostics/*`` through the started server."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer
from support.server_process import ServerProcess

CHAT = json.dumps({
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000},
}).encode()  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    return tmp_path / "config.toml"


def chat(server: ServerProcess, model: str = "mock/mock", prompt: str = "one two") -> None:
    server.request("completion/create", {"model": model, "prompt": prompt})


def test_every_call_is_recorded_before_its_reply() -> None:
    folder = [{"uri": "file:///home/me/harbour", "name": "harbour"}]
    with ServerProcess() as server, ServerProcess() as other:
        server.initialize(clientInfo={"name": "Neovim", "version": "0.11"}, workspaceFolders=folder)
        other.initialize(clientInfo={"name": "Emacs"}, rootUri="file:///home/me/old%20pier/")
        for n in range(5):
            chat(server)
            assert other.result("usage/snapshot")["totalCalls"] == n + 1
        chat(other, "mock/mock:fail=content_filtered")
        summary = server.result("usage/summary", {"groupBy": "client"})
        assert summary["totals"]["totalCalls"] == 6
        assert summary["totals"]["failedCalls"] == 1
        assert summary["totals"]["usdMicros"] == 0
        assert [g["key"] for g in summary["groups"]] == ["Neovim", "Emacs"]
        assert set(summary["byModel"]) == {"mock/mock", "mock/mock:fail=content_filtered"}
        last = summary["lastCall"]
        assert (last["outcome"], last["errorKind"], last["client"]) == ("failed", "content_filtered", "Emacs")
        projects = other.result("usage/summary", {"groupBy": "project"})["groups"]
        assert [g["key"] for g in projects] == ["harbour", "old pier"]


def test_days_are_divided_by_model(server: ServerProcess) -> None:
    for model in ("mock/mock", "mock/mock:words=1", "mock/mock"):
        chat(server, model)
    days = server.result("usage/summary", {"groupBy": ["day", "model"]})["groups"]
    models = [(model["key"], model["totals"]["totalCalls"]) for day in days for model in day["groups"]]
    assert sorted(models) in ([("mock", 2), ("mock:words=1", 1)], [("mock", 1), ("mock", 1), ("mock:words=1", 1)])
    for alone in ("day", ["day"]):
        assert all("groups" not in day for day in server.result("usage/summary", {"groupBy": alone})["groups"])


def test_the_older_form_of_a_second_grouping_is_still_read(server: ServerProcess) -> None:
    chat(server)
    older = server.result("usage/summary", {"groupBy": "day", "thenBy": "model"})
    assert older == server.result("usage/summary", {"groupBy": ["day", "model"]})


def test_snapshot_and_delta(server: ServerProcess) -> None:
    before = server.result("usage/snapshot")
    chat(server)
    after = server.result("usage/snapshot")
    delta = server.result("usage/delta", {"before": before})
    assert delta == server.result("usage/delta", {"before": before, "after": after})
    assert (delta["totalCalls"], delta["inputTokens"], delta["outputTokens"]) == (1, 2, 4)
    assert all(value == 0 for value in server.result("usage/delta", {"before": after}).values())


def test_history_is_newest_first_and_filtered(server: ServerProcess) -> None:
    # Each takes some milliseconds, so that no two begin in the same one.
    for prompt in ("a", "a b", "a b c"):
        chat(server, "mock/mock:delay=3", prompt)
    chat(server, "mock/mock:words=1")
    calls = server.result("usage/history", {"limit": 2, "model": "mock:delay=3"})["calls"]
    assert [call["usage"]["inputTokens"] for call in calls] == [3, 2]
    assert calls[0]["startedAt"] >= calls[1]["startedAt"]
    since = calls[0]["startedAt"]
    assert len(server.result("usage/history", {"since": since})["calls"]) == 2
    totals = server.result("usage/summary", {"since": since, "until": "2100-01-01T00:00:00Z"})["totals"]
    assert totals["totalCalls"] == 2
    assert server.result("usage/summary", {"until": since})["totals"]["totalCalls"] == 2
    older = server.result("usage/history", {"until": since})["calls"]
    assert [call["usage"]["inputTokens"] for call in older] == [2, 1]
    # A date is its midnight, and a time without an offset is UTC.
    assert server.result("usage/history", {"since": since[:10], "until": "2100-01-01T00:00"})["calls"][2:] == older


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("usage/summary", {"since": "yesterday"}, "since"),
        ("usage/summary", {"groupBy": "mood"}, "groupBy"),
        ("usage/summary", {"thenBy": "mood"}, "thenBy"),
        ("usage/history", {"limit": 0}, "limit"),
        ("usage/history", {"until": "tomorrow"}, "until"),
        ("usage/delta", {}, "before"),
        ("usage/delta", {"before": {"totalCalls": "many"}}, "before.totalCalls"),
    ],
)
def test_wrong_params(shared: ServerProcess, method: str, params: dict[str, Any], field: str) -> None:
    error = shared.error(method, params)
    assert (error["code"], error["data"]["field"]) == (-32602, field)


def test_a_price_that_nobody_knows_is_null_and_counted(server: ServerProcess) -> None:
    with LocalServer(lambda _: Answer(chunks=[CHAT])) as provider:
        connect = {"provider": "openai", "baseUrl": provider.url, "apiKey": "sk-0123456789abc", "verify": False}
        server.result("provider/connect", connect)
        known = server.result("completion/create", {"model": "openai/gpt-4o", "prompt": "x"})["usage"]
        unknown = server.result("completion/create", {"model": "openai/gpt-of-tomorrow", "prompt": "x"})["usage"]
    assert (known["usdMicros"], known["costSource"]) == (2_500_000 + 10_000_000, "list")
    assert (unknown["usdMicros"], unknown.get("costSource")) == (None, None)
    assert server.result("usage/snapshot")["unpricedCalls"] == 1
    assert [call["usage"] for call in server.result("usage/history")["calls"]] == [unknown, known]


def test_the_users_own_price_counts_before_a_list(config: Path) -> None:
    config.write_text('[providers.openai.prices."gpt-4*"]\ninput = 0.1\noutput = 0.3\n')
    with LocalServer(lambda _: Answer(chunks=[CHAT])) as provider, ServerProcess() as server:
        server.initialize()
        connect = {"provider": "openai", "baseUrl": provider.url, "apiKey": "sk-0123456789abc", "verify": False}
        server.result("provider/connect", connect)
        usage = server.result("completion/create", {"model": "openai/gpt-4o", "prompt": "x"})["usage"]
    assert (usage["usdMicros"], usage["costSource"]) == (100_000 + 300_000, "user")


def test_a_ledger_that_cannot_be_written_spoils_no_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    blocked = tmp_path_factory.mktemp("blocked") / "file"
    blocked.write_text("not a folder")
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(blocked)}) as server:
        server.initialize()
        assert server.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"
        error = server.error("usage/snapshot")
        assert error["code"] == -32803
        assert str(blocked) not in error["message"]
        checks = {c["id"]: c for c in server.result("diagnostics/run")["checks"]}
        assert checks["dataFolder"]["status"] == "fail"
        assert checks["usageLedger"]["status"] == "fail"
        assert server.close() == 0


def test_a_call_survives_a_kill_while_another_program_holds_the_ledger(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(data)}) as server:
        server.initialize()
        chat(server)
        server.claim("usage/updated")
        browser = sqlite3.connect(data / "usage.sqlite3", isolation_level=None)
        browser.execute("BEGIN IMMEDIATE")
        chat(server)
        assert [update["call"]["id"] for update in server.claim("usage/updated")] == [0]
        assert server.result("usage/snapshot")["totalCalls"] == 2
        checks = {c["id"]: c for c in server.result("diagnostics/run")["checks"]}
        assert checks["usageLedger"]["detail"] == "1 call waits to be written: another program holds its lock."
        server.kill()
    browser.execute("ROLLBACK")
    browser.close()
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(data)}) as server:
        server.initialize()
        assert {call["id"] for call in server.result("usage/history")["calls"]} == {1, 2}
    assert list((data / "waiting").iterdir()) == []


def test_diagnostics(server: ServerProcess) -> None:
    checks = {c["id"]: c for c in server.result("diagnostics/run")["checks"]}
    assert checks["program"]["status"] == "ok"
    assert checks["dataFolder"]["status"] == "ok"
    assert all(c["status"] in ("ok", "warn", "fail") for c in checks.values())
