"""Names of tools: what a provider refuses is replaced, in definitions, calls and the choice, and turned back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions.call import Answer
from modelport.domain.completions.fitting.names import FORMS, fitted_names
from modelport.domain.providers.wire.history import ToolNames
from modelport.protocol.types import Message, Tool, ToolCall
from support.builders import RecordingListener, call, fitted, user


@pytest.mark.parametrize(
    ("name", "form", "fitted"),
    [
        ("fs.read", "word", "fs_read"),
        ("mcp://server/tool", "word", "mcp___server_tool"),
        ("mcp://server/tool", "identifier", "mcp:__server_tool"),
        ("wetter_für", "word", "wetter_f_r"),
        ("2fa", "identifier", "_2fa"),
        ("-x", "identifier", "_-x"),
        ("", "word", "tool"),
        ("x" * 65, "word", "x" * 55 + "_9537c5fd"),
    ],
)
def test_a_name_that_does_not_fit(name: str, form: ToolNames, fitted: str) -> None:
    assert fitted_names([name], form) == {name: fitted}


@pytest.mark.parametrize(
    ("name", "form"), [("fs.read", "identifier"), ("2fa", "word"), ("any thing", "any"), ("a" * 64, "word")]
)
def test_a_name_that_fits_stays(name: str, form: ToolNames) -> None:
    assert fitted_names([name], form) == {}


@given(st.lists(st.text(max_size=80)), st.sampled_from(["word", "identifier"]))
def test_names_stay_apart(names: list[str], form: ToolNames) -> None:
    found = fitted_names(names, form)
    sent = [found.get(name, name) for name in dict.fromkeys(names)]
    assert len(set(sent)) == len(sent)
    assert all(FORMS[form].fullmatch(name) for name in sent)


def test_definitions_calls_and_the_choice_have_one_name() -> None:
    called = Message(role="assistant", tool_calls=(ToolCall(id="c1", name="fs.read", arguments={}),))
    result = Message(role="tool", tool_call_id="c1", content="18")
    tools = (Tool(name="fs.read"), Tool(name="fs_read"))
    asked = call(user("Hello"), called, result, tools=tools, tool_choice="named", named_tool="fs.read")
    sent = fitted(asked, "anthropic_messages")
    first, second = (tool.name for tool in sent.tools)
    assert second == "fs_read"
    assert first != second
    assert sent.named_tool == first
    assert [one.name for message in sent.messages for one in message.tool_calls or ()] == [first]
    assert sent.given_names == {first: "fs.read"}


def test_the_answer_has_the_name_that_was_given() -> None:
    listener = RecordingListener()
    answer = Answer(listener)
    answer.given_names = {"fs_read": "fs.read"}
    answer.tool_call(0, call_id="c1", name="fs", partial=True)
    answer.tool_call(0, name="fs_read", arguments="{}")
    answer.finish("stop")
    assert [one.name for one in answer.tool_calls()] == ["fs.read"]
    assert [event[3] for event in listener.events if event[0] == "toolCall" and event[3]] == ["fs.read"]
