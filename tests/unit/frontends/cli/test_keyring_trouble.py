"""A keyring that cannot be used: every command that meets it survives it and says so in a sentence."""

from __future__ import annotations

from typing import Any

import keyring.core
import pytest

KEY = "gsk_canary-0123456789abcdef"
BACKENDS = {
    "nonsense.Backend": "names cannot be used",
    "nonsense": "names cannot be used",
    "keyring.backends.Nonsense": "names cannot be used",
    "": "names no keyring",
    "keyring.backends.fail.Keyring": "no keyring that can be used",
}
COMMANDS: list[tuple[list[str], int]] = [
    (["doctor"], 0),
    (["doctor", "--json"], 0),
    (["keys", "list"], 1),
    (["keys", "list", "--json"], 1),
    (["keys", "set", "groq"], 1),
    (["keys", "delete", "groq"], 1),
]


@pytest.fixture(params=BACKENDS)
def trouble(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, entries: object) -> str:
    """What is said of the keyring that is named."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", request.param)
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    return BACKENDS[request.param]


@pytest.mark.parametrize(("arguments", "code"), COMMANDS)
def test_it_is_said_in_a_sentence(run: Any, trouble: str, arguments: list[str], code: int) -> None:
    result = run(*arguments, input=KEY)
    assert trouble in result.output.replace("\n", " ")
    assert result.exit_code == code
    assert KEY not in result.output


def test_a_chat_that_needs_a_key_says_what_is_missing(run: Any, trouble: str) -> None:
    result = run("chat", "-m", "groq/llama", "hi")
    assert result.exit_code == 1
    assert trouble in result.stderr or "GROQ_API_KEY" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_chat_that_needs_none_and_the_lists_do_not_mind(run: Any, trouble: str) -> None:
    assert "You said: hi" in run("chat", "-m", "mock", "hi").stdout
    assert run("providers", "--ready").exit_code == 0
    assert "No provider is set up" in run("models").stderr
