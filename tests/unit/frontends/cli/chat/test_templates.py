"""Templates of ``modelport chat``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from modelport.frontends.cli.chat.templates import Template
from support.http_server import LocalServer
from support.sse import streamed


def write(name: str, text: str) -> None:
    folder = Path(os.environ["MODELPORT_CONFIG_DIR"]) / "templates"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("prompt", "text", "filled"),
    [
        (None, "hi", "hi"),
        ("In French: $input", "hi", "In French: hi"),
        ("${input}: $100 and $$other", "hi", "hi: $100 and $other"),
        ("In $$: 5", "", "In $: 5"),
        ("Costs $$5: $input", "$input", "Costs $5: $input"),
        ("Tell a joke.", "", "Tell a joke."),
        ("Summarise:", "text", "Summarise:\n\ntext"),
    ],
)
def test_the_input_stands_where_the_template_says(prompt: str | None, text: str, filled: str) -> None:
    assert Template(prompt=prompt).fill(text) == filled


def test_options_count_before_the_template(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        "short",
        'model = "openai-compatible/m"\nsystem = "Be brief."\nprompt = "Explain $input."\n'
        "[parameters]\ntemp = 0.1\nmax_tokens = 5\n",
    )
    with LocalServer(lambda _: streamed("ok")) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        assert run("chat", "-t", "short", "tides").exit_code == 0
        run("chat", "-t", "short", "-s", "Be long.", "--temperature", "0.9", input="piped tides")
        first, second = (json.loads(request.body) for request in upstream.requests)
    assert [m["content"] for m in first["messages"]] == ["Be brief.", "Explain tides."]
    assert (first["model"], first["temperature"]) == ("m", 0.1)
    assert [m["content"] for m in second["messages"]] == ["Be long.", "Explain piped tides."]
    assert second["temperature"] == 0.9


def test_a_template_without_input_needs_no_prompt(run: Any) -> None:
    write("joke", 'model = "mock/mock"\nprompt = "Tell a joke."\n')
    assert run("chat", "-t", "joke").stdout == "You said: Tell a joke.\n"
    assert run("chat", "-m", "mock/mock:words=2", "-t", "joke").stdout == "The quick\n"


TRANSLATE = """
model = "openai-compatible/m"
system = "You write for $reader."
prompt = "Into ${language}: $input"
[defaults]
language = "French"
size = 3
"""


def test_variables_have_the_values_of_the_options_else_the_defaults(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write("translate", TRANSLATE)
    with LocalServer(lambda _: streamed("ok")) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        assert run("chat", "-t", "translate", "-p", "reader", "a $child", "hi").exit_code == 0
        both = ("-p", "reader", "x", "--param", "language", "Thai")
        assert run("chat", "-t", "translate", *both, "hi").exit_code == 0
        assert run("chat", "-t", "translate", "-s", "Mine.", *both, "hi").exit_code == 0
        sent = [[m["content"] for m in json.loads(r.body)["messages"]] for r in upstream.requests]
    assert sent == [
        ["You write for a $child.", "Into French: hi"],
        ["You write for x.", "Into Thai: hi"],
        ["Mine.", "Into Thai: hi"],
    ]


def test_a_default_may_be_a_number(run: Any) -> None:
    write("long", 'model = "mock/mock"\nprompt = "In $count words"\n[defaults]\ncount = 3\n')
    assert run("chat", "-t", "long").stdout == "You said: In 3 words\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "The template needs reader: give -p reader VALUE."),
        (("-p", "reader", "x", "-p", "colour", "red"), 'no variable "colour": its variables are language, reader'),
        (("-p", "reader", "x", "-p", "input", "red"), 'no variable "input"'),
    ],
)
def test_a_value_that_is_missing_or_not_wanted_is_an_error(run: Any, arguments: tuple[str, ...], words: str) -> None:
    write("translate", TRANSLATE)
    result = run("chat", "-t", "translate", *arguments, "hi")
    assert result.exit_code == 2
    assert words in result.stderr


def test_several_missing_values_and_values_without_a_template(run: Any) -> None:
    write("three", 'model = "mock/mock"\nprompt = "$a $b $c"')
    assert "needs a, b and c: give -p a VALUE -p b VALUE -p c VALUE." in run("chat", "-t", "three").stderr
    assert "name one with -t" in run("chat", "-m", "mock/mock", "-p", "a", "b", "hi").stderr
    write("none", 'model = "mock/mock"\nprompt = "x"')
    assert "it has none" in run("chat", "-t", "none", "-p", "a", "b").stderr


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing", None, "use joke"),
        ("../joke", None, 'There is no template "../joke"'),
        ("bad", "prompt = ", 'Correct the template "bad": '),
        ("bad", 'promt = "x"', "promt"),
        ("bad", "prompt = 1", "prompt"),
        ("bad", 'system = "$input"', "$input is the prompt's"),
        ("bad", '[defaults]\ninput = "x"', "$input is the prompt's"),
        ("bad", "[defaults]\na = []", "defaults"),
        ("bad", "[parameters]\nheat = 1", 'There is no parameter "heat"'),
    ],
)
def test_a_template_that_cannot_be_used_says_why(run: Any, name: str, text: str | None, words: str) -> None:
    write("joke", 'prompt = "x"')
    if text is not None:
        write(name, text)
    result = run("chat", "-m", "mock/mock", "-t", name, "hi")
    assert result.exit_code == 2
    assert words in result.stderr


def test_without_any_template_the_error_says_where_to_write_one(run: Any) -> None:
    assert "templates/NAME.toml" in run("chat", "-t", "x", "hi").stderr
