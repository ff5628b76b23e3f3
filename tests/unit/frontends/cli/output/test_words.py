"""What the server says to programs is said to people in commands; no text of the server is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import modelport
from modelport.frontends.cli.main import COMMANDS
from modelport.frontends.cli.output.words import COMMAND_WORDS, in_commands
from modelport.protocol import types
from modelport.protocol.methods import METHODS
from support.checks import together

SOURCE = Path(modelport.__file__).parent
OF_PROGRAMS = {
    "frontends/lsp": "sent to clients only",
    "frontends/rpc": "sent to clients only",
    "frontends/cli": "says it in its own words",
    "protocol": "names of the wire",
}
UNREACHED = {
    "toolChoice": "the command line sends no choice of a tool",
    "toolCalls": "the conversation of a command is always whole",
    "toolCallId": "the conversation of a command is always whole",
    "inputType": "no command makes embeddings",
    "jsonSchema": "the command line sends no other format",
}
PARAMETERS = {
    field.encode_name
    for type_ in vars(types).values()
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct)
    for field in msgspec.structs.fields(type_)
    if not field.encode_name.islower()
}


def texts() -> Iterator[tuple[str, str]]:
    """Each text of the server with more than one word, and where it stands; parts of an f-string are joined by X."""
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if place.startswith(tuple(OF_PROGRAMS)):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        hidden = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        hidden |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if id(node) not in hidden and (text := _text(node)) is not None and " " in text:
                yield f"{place}:{node.lineno}", text  # type: ignore[attr-defined]
    for path in sorted((SOURCE / "data").glob("*.toml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(r"\w*(notice|hint|action|detail)\w* = ", line):
                yield f"{path.name}:{number}", line


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)  # type: ignore[misc]
    return None


def wire_words(text: str) -> set[str]:
    """The methods and the parameters of the protocol that a text names."""
    named = {method for method in METHODS if re.search(rf"(?<![\w/]){method}(?!\w)", text)}
    return named | (set(re.findall(r"\b[a-z]+[A-Z]\w*", text)) & PARAMETERS - UNREACHED.keys())


def test_no_word_of_the_wire_reaches_a_person() -> None:
    # One test: as parameters, the texts would be looked for by each process that collects.
    found = list(texts())
    assert len(found) > 300
    with_words = [(place, text) for place, text in found if wire_words(text)]
    assert len(with_words) >= 5
    with together() as failures:
        for place, text in with_words:
            with failures.of(place):
                assert wire_words(in_commands(text)) == set()


def test_each_method_is_called_something_and_each_command_exists() -> None:
    assert METHODS.keys() <= COMMAND_WORDS.keys()
    for words in COMMAND_WORDS.values():
        assert not wire_words(words)
        if words.startswith("modelport "):
            assert words.split()[1] in COMMANDS


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ('No provider is called "x"; provider/list names them all.', 'No provider is called "x"; modelport providers names them all.'),
        ("Acme has no address of its own: give baseUrl.", "Acme has no address of its own: give --api-base."),
        ("try again, or allow more with timeoutMs in provider/connect or timeout_s in config.toml.", "try again, or allow more with timeout_s in config.toml."),
        ("https://x.example/model/list said no", "https://x.example/model/list said no"),
        ("acme/model/list is unknown", "acme/model/list is unknown"),
        ("model/lists", "model/lists"),
        ('The provider says: {"myBaseUrl": 1}', 'The provider says: {"myBaseUrl": 1}'),
        ("", ""),
    ],
)  # fmt: skip
def test_words_are_replaced_and_what_only_looks_like_them_is_not(said: str, printed: str) -> None:
    assert in_commands(said) == printed
