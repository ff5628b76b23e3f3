"""The sampling options of ``modelport chat``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from modelport.domain.completions.parameters import CHECKS
from modelport.frontends.cli.chat.parameters import read_parameters, read_schema


def test_every_parameter_of_the_table_is_an_option(run: Any) -> None:
    shown = run("chat", "--help").stdout
    for name in CHECKS:
        assert f"--{name.replace('_', '-')} " in shown


def test_texts_become_the_types_of_the_parameters() -> None:
    given = {"temperature": "0.5", "max_tokens": "10", "keep_alive": "5m", "parallel_tool_calls": "false", "user": "7"}
    assert read_parameters({**given, "stop": ("a", "[1]"), "seed": None}, []) == {
        "temperature": 0.5,
        "max_tokens": 10,
        "keep_alive": "5m",
        "parallel_tool_calls": False,
        "user": "7",
        "stop": ["a", "[1]"],
    }


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("temp", "1"), {"temperature": 1}),
        (("num_ctx", "4096"), {"context_length": 4096}),
        (("stop", "END"), {"stop": ["END"]}),
        (("stop", '["a", "b"]'), {"stop": ["a", "b"]}),
        (("keep_alive", "300"), {"keep_alive": 300}),
    ],
)
def test_any_parameter_by_any_name(named: tuple[str, str], expected: dict[str, Any]) -> None:
    assert read_parameters({}, [named]) == expected


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ({"temperature": "hot"}, [], "--temperature must be a number from 0 to 2."),
        ({"top_p": "7"}, [], "--top-p must be"),
        ({"temperature": "NaN"}, [], "--temperature must be"),
        ({}, [("temp", "3")], "-o temp must be a number from 0 to 2."),
        ({}, [("heat", "3")], 'There is no parameter "heat"'),
        ({}, [("seed", "1"), ("seed", "2")], "seed has two values"),
        ({"temperature": "1"}, [("temp", "2")], "temperature"),
        ({"stop": ("",)}, [], "stop must be a text"),
    ],
)
def test_a_wrong_parameter_is_wrong_usage(given: Any, named: Any, words: str) -> None:
    with pytest.raises(click.UsageError, match=words.replace("(", r"\(")):
        read_parameters(given, named)


def test_a_schema_is_a_file_or_a_text(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(schema), encoding="utf-8")
    for text in (str(file), json.dumps(schema)):
        form = read_schema(text)
        assert (form.type, form.schema) == ("jsonSchema", schema)


@pytest.mark.parametrize("text", ["missing.json", "{broken", "{}}"])
def test_a_schema_that_cannot_be_read_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read_schema(text)
