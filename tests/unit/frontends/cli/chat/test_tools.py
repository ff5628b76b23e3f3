"""Functions of Python files as tools of ``modelport chat``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest

from modelport.frontends.cli.chat import dialogue, request
from modelport.frontends.cli.chat.tools import REFUSED, Toolbox, load_tools
from modelport.protocol.types import ToolCall
from support.http_server import Answer, LocalServer, Received
from support.sse import SSE, delta, end, event, streamed

SOURCE = '''
from dataclasses import dataclass
from typing import Literal

@dataclass
class Place:
    city: str
    country: str = "DE"

def weather(place: Place, unit: Literal["C", "F"] = "C") -> str:
    """The weather of a place."""
    print("not for the answer")
    return f"{place.city} ({place.country}): 20 {unit}"

async def add(a: int, b: int) -> int:
    return a + b

def fail() -> None:
    raise ValueError("no luck")

def _helper() -> None: ...
'''


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(SOURCE, encoding="utf-8")
    return str(tmp_path / "mine.py")


def called(toolbox: Toolbox, name: str, arguments: dict[str, Any] | None) -> str:
    return toolbox.run(ToolCall(id="1", name=name, arguments=arguments))


def test_public_functions_are_tools_with_the_schema_of_their_annotations(file: str) -> None:
    tools = {tool.name: tool for tool in Toolbox(load_tools([file]), lambda _: True).tools}
    assert list(tools) == ["weather", "add", "fail"]
    assert tools["weather"].description == "The weather of a place."
    schema = tools["weather"].parameters
    assert schema is not None
    assert schema["required"] == ["place"]
    assert schema["properties"]["unit"]["enum"] == ["C", "F"]
    assert schema["$defs"]["Place"]["required"] == ["city"]
    assert tools["fail"].parameters == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }
    assert list(load_tools([f"{file}:add"])) == ["add"]


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("weather", {"place": {"city": "Bonn"}}, "Bonn (DE): 20 C"),
        ("add", {"a": 1, "b": 2}, "3"),
        ("fail", {}, "The call failed: ValueError: no luck"),
        ("add", {"a": "one", "b": 2}, "The arguments do not fit: Expected `int`, got `str` - at `$.a`."),
        ("add", {"a": 1, "b": 2, "c": 3}, "The arguments do not fit: "),
        ("add", None, "The arguments are not a JSON object: send one."),
        ("_helper", {}, "There is no tool _helper: use weather, add, fail."),
    ],
)
def test_the_model_gets_a_result_whatever_it_sends(
    file: str, name: str, arguments: dict[str, Any] | None, result: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(Toolbox(load_tools([file]), lambda _: True), name, arguments).startswith(result)
    assert capsys.readouterr().out == ""


def test_a_call_is_shown_first_and_can_be_refused(file: str) -> None:
    shown: list[str] = []

    def refuse(call: str) -> bool:
        shown.append(call)
        return False

    assert called(Toolbox(load_tools([file]), refuse), "add", {"a": 1, "b": 2}) == REFUSED
    assert shown == ['add({"a":1,"b":2})']


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(x): ...", "x has no annotation"),
        ("def f(*x: int): ...", "cannot be passed by its name"),
        ("def f(x: 'Unknown'): ...", "Unknown"),
        ("def f(x: print): ...", "cannot be a tool"),
        ("def _f(): ...", "no public function"),
        ("1 / 0", "ZeroDivisionError"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "bad.py").write_text(source, encoding="utf-8")
    with pytest.raises(click.UsageError, match=words.replace("(", r"\(")):
        load_tools([str(tmp_path / "bad.py")])


def test_a_file_or_function_that_is_not_there_says_so(file: str, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="is no Python file"):
        load_tools([str(tmp_path / "missing.py")])
    with pytest.raises(click.UsageError, match="no function nothing"):
        load_tools([f"{file}:nothing"])
    with pytest.raises(click.UsageError, match="two tools add"):
        load_tools([f"{file}:add", f"{file}:add"])


def adding(request: Received) -> Answer:
    """A model that calls ``add`` once, and then says the result."""
    messages = json.loads(request.body)["messages"]
    if messages[-1]["role"] == "tool":
        return streamed(f"It is {messages[-1]['content']}.")
    function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    chunk = event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    return Answer(headers=SSE, chunks=[delta("Let me see. "), chunk, end("tool_calls")])


def test_results_go_back_until_the_model_is_done(run: Any, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(adding) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "--tool", file, "--yes", "1+2?")
        sent = json.loads(upstream.requests[1].body)
    assert result.stdout == "Let me see. \nIt is 3.\n"
    assert 'calls add({"a":1,"b":2})' in result.stderr
    assert [m["role"] for m in sent["messages"]] == ["user", "assistant", "tool"]
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["weather", "add", "fail"]
    (stored,) = (Path(os.environ["MODELPORT_DATA_DIR"]) / "conversations").iterdir()
    roles = [m["role"] for m in json.loads(stored.read_text(encoding="utf-8"))["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant"]
    assert "calls add({'a': 1, 'b': 2})" in run("logs", stored.stem).stdout


@pytest.mark.parametrize(("answer", "said"), [("y\n", "It is 3."), ("n\n", f"It is {REFUSED}.")])
def test_each_call_is_asked_for(run: Any, file: str, monkeypatch: pytest.MonkeyPatch, answer: str, said: str) -> None:
    monkeypatch.setattr(request, "_on_terminal", lambda: True)
    with LocalServer(adding) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "--tool", f"{file}:add", "1+2?", input=answer)
    assert said in result.stdout
    assert "Call add(" in result.stderr


def test_without_a_terminal_tools_must_be_allowed(run: Any, file: str) -> None:
    result = run("chat", "-m", "mock/mock", "--tool", file, "hi")
    assert result.exit_code == 2
    assert "--yes" in result.stderr


def test_a_model_that_goes_on_calling_is_stopped(run: Any, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogue, "MAX_CALLS_OF_MODEL", 3)

    def always(received: Received) -> Answer:
        last = {**json.loads(received.body), "messages": [{"role": "user", "content": "x"}]}
        return adding(Received("POST", received.path, received.headers, json.dumps(last).encode()))

    with LocalServer(always) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "--tool", f"{file}:add", "--yes", "1+2?")
        assert len(upstream.requests) == 3
    assert result.exit_code == 1
    assert "still calling tools after 3 answers" in result.stderr
