"""The conversations of ``modelport chat``: stored, continued, listed, shown and deleted."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.frontends.cli.chat.conversations import Conversation, Turn
from modelport.protocol.types import ImagePart, Message, TextPart
from support.http_server import LocalServer
from support.sse import streamed

pytestmark = pytest.mark.usefixtures("entries")


def folder() -> Path:
    return Path(os.environ["MODELPORT_DATA_DIR"]) / "conversations"


def ids(run: Any) -> list[str]:
    """The ids that ``modelport logs`` lists."""
    return [one["id"] for one in json.loads(run("logs", "--json").stdout)["conversations"]]


def test_a_chat_is_stored_for_its_owner_only(run: Any) -> None:
    run("chat", "-m", "mock/mock", "-s", "Be brief.", "hi")
    (path,) = folder().iterdir()
    turn = json.loads(path.read_text(encoding="utf-8"))
    assert [m["role"] for m in turn["messages"]] == ["user", "assistant"]
    assert (turn["provider"], turn["model"], turn["system"]) == ("mock", "mock", "Be brief.")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder().stat().st_mode) == 0o700


def test_no_key_is_stored(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "canary-0123456789abcdef")
    with LocalServer(lambda _: streamed("ok")) as upstream:
        run("chat", "-m", "openai-compatible/m", "--api-base", upstream.url, "hi")
        assert "canary" in upstream.requests[0].headers["authorization"]
    (path,) = folder().iterdir()
    assert "canary" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["-c", "--cid"])
def test_a_conversation_is_continued_with_its_model_and_its_system_text(
    run: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with LocalServer(lambda _: streamed("ok")) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        run("chat", "-m", "openai-compatible/m", "-s", "Be brief.", "one")
        run("chat", *([how] if how == "-c" else [how, ids(run)[0]]), "two")
        run("chat", "-c", "-m", "mock/mock", "-s", "Other.", "three")
        sent = json.loads(upstream.requests[1].body)
    assert sent["model"] == "m"
    assert [m["content"] for m in sent["messages"]] == ["Be brief.", "one", "ok", "two"]
    assert len(ids(run)) == 1
    shown = run("logs", ids(run)[0]).stdout
    assert shown.index("system: Be brief.") < shown.index("user: one") < shown.index("m: ok")
    assert shown.index("user: two") < shown.index("system: Other.") < shown.index("mock: You said: three")


def test_an_answer_that_failed_is_not_stored(run: Any) -> None:
    run("chat", "-m", "mock/mock:fail=network", "hi")
    assert run("logs").exit_code == 1
    assert "There is no conversation yet" in run("logs").stderr


def test_a_conversation_need_not_be_stored(run: Any) -> None:
    assert run("chat", "-m", "mock/mock", "--no-log", "hi").exit_code == 0
    assert not folder().exists()


def test_the_list_begins_with_the_latest(run: Any) -> None:
    run("chat", "-m", "mock/mock", "first " + "long " * 30)
    run("chat", "-m", "mock/mock", "second\nline")
    first = next(path for path in folder().iterdir() if "first" in path.read_text(encoding="utf-8"))
    os.utime(first, (1, 1))
    table = run("logs").stdout
    assert table.index("second line") < table.index("first long")
    assert "…" in table
    assert len(json.loads(run("logs", "--json", "--limit", "1").stdout)["conversations"]) == 1
    run("chat", "--cid", first.stem, "more")
    assert ids(run)[0] == first.stem
    assert len(json.loads(run("logs", "--json", first.stem).stdout)["turns"]) == 2


def test_a_part_of_an_id_is_enough_where_it_is_the_only_one(run: Any) -> None:
    run("chat", "-m", "mock/mock", "one")
    run("chat", "-m", "mock/mock", "two")
    one, other = ids(run)
    assert run("logs", one[-6:]).exit_code == 0
    assert "Several conversations match" in run("logs", "20").stderr
    deleted = run("logs", "--delete", one[-6:])
    assert deleted.stdout == f"Deleted the conversation {one}.\n"
    assert ids(run) == [other]
    assert json.loads(run("logs", "--delete", "--json", other).stdout) == {"id": other}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chat", "-c", "hi"], "no conversation yet"),
        (["chat", "--cid", "../x", "hi"], 'There is no conversation "../x"'),
        (["chat", "--cid", "", "hi"], "There is no conversation"),
        (["logs", "nothing"], "modelport logs"),
        (["logs", "--delete"], "--delete needs the id"),
    ],
)
def test_a_conversation_that_is_not_there_is_wrong_usage(run: Any, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_line_that_was_cut_is_left_out(run: Any) -> None:
    run("chat", "-m", "mock/mock", "hi")
    (path,) = folder().iterdir()
    (folder() / "notes.jsonl").write_text("{}\n", encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at": "2026')
    assert len(json.loads(run("logs", "--json", path.stem).stdout)["turns"]) == 1
    assert ids(run) == [path.stem]


def test_a_call_that_is_not_in_the_ledger_is_said(run: Any) -> None:
    """One command is the whole life of its process: what waits in memory goes with it."""
    ledger = Path(os.environ["MODELPORT_DATA_DIR"]) / "usage.sqlite3"
    ledger.mkdir()
    result = run("chat", "--no-log", "-m", "mock/mock", "hi")
    assert (result.exit_code, result.stdout) == (0, "You said: hi\n")
    assert result.stderr.splitlines()[-1] == (
        "The usage ledger cannot be used (unable to open database file): check the data folder and its free space."
    )
    ledger.rmdir()
    assert "ledger" not in run("chat", "--no-log", "-m", "mock/mock", "hi").stderr


def test_a_call_that_waits_for_the_ledger_is_said(run: Any) -> None:
    run("usage")
    browser = sqlite3.connect(Path(os.environ["MODELPORT_DATA_DIR"]) / "usage.sqlite3", isolation_level=None)
    browser.execute("BEGIN IMMEDIATE")
    said = run("chat", "--no-log", "-m", "mock/mock", "hi").stderr.splitlines()[-1]
    browser.execute("ROLLBACK")
    browser.close()
    assert said == (
        "The usage ledger lacks this call: 1 call waits to be written: another program holds its lock. "
        "modelport doctor checks it."
    )


def test_a_folder_that_cannot_be_written_spoils_no_answer(run: Any) -> None:
    folder().write_text("a file", encoding="utf-8")
    result = run("chat", "-m", "mock/mock", "hi")
    assert (result.exit_code, result.stdout) == (0, "You said: hi\n")
    assert "The conversation is not stored" in result.stderr


def test_the_title_is_the_text_of_the_first_message() -> None:
    content = (ImagePart(url="https://a.example/x.png"), TextPart(text="what\nis this"))
    turn = Turn(at="", provider="p", model="m", messages=(Message(role="user", content=content),))
    assert Conversation(id="x", turns=(turn,)).title == "[image] what is this"
    assert Conversation(id="x", turns=()).title == ""
