"""``modelport keys``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import pytest

from support.file_keyring import LockedKeyring

KEY = "gsk_canary-0123456789abcdef"


def test_a_key_is_read_from_standard_input_kept_listed_and_deleted(run: Any, entries: Path) -> None:
    result = run("keys", "set", "Groq", input=f"{KEY}\n")
    assert result.exit_code == 0
    assert result.stdout == "Stored the key of groq in the keyring as modelport/groq.\n"
    assert json.loads(entries.read_text()).keys() == {"modelport/groq"}
    listed = run("keys", "list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].split() == ["groq", "keyring", "modelport/groq", "cdef"]
    deleted = run("keys", "delete", "groq")
    assert (deleted.exit_code, deleted.stdout) == (0, "The keyring holds no key of groq any more.\n")
    assert json.loads(entries.read_text()) == {}
    assert KEY not in result.output + listed.output + deleted.output


def test_json_is_the_contracts_status(run: Any) -> None:
    status = {"provider": "groq", "source": "keyring", "location": "modelport/groq", "last4": "cdef"}
    assert json.loads(run("keys", "set", "groq", "--json", input=KEY).stdout) == status
    assert json.loads(run("keys", "list", "--json").stdout) == {"credentials": [status]}
    assert json.loads(run("keys", "delete", "groq", "--json").stdout) == {"provider": "groq", "source": "none"}


def test_a_key_may_be_bound_to_an_address(run: Any) -> None:
    result = run("keys", "set", "groq", "--base-url", "https://mine.example", input=KEY)
    assert "for https://mine.example only" in result.stdout
    assert json.loads(run("keys", "list", "--json").stdout)["credentials"][0]["baseUrl"] == "https://mine.example"


def test_deleting_reports_the_key_that_is_used_now(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert "now GROQ_API_KEY is used" in run("keys", "delete", "groq").stdout


def test_no_keys_found_is_1_with_a_way_out(run: Any) -> None:
    result = run("keys", "list")
    assert result.exit_code == 1
    assert "modelport keys set PROVIDER" in result.stdout
    result = run("keys", "list", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"credentials": []})


@pytest.mark.parametrize(
    ("arguments", "input"),
    [
        (["set", "unknown"], KEY),
        (["set", "groq"], "\n"),
        (["set", "openai"], KEY),
        (["set"], KEY),
        (["delete", "unknown"], None),
        (["delete"], None),
        (["rotate"], None),
    ],
)
def test_wrong_usage_is_2_and_echoes_no_key(run: Any, entries: Path, arguments: list[str], input: str | None) -> None:
    result = run("keys", *arguments, input=input)
    assert result.exit_code == 2
    assert not entries.exists()
    assert "Traceback" not in result.output
    assert KEY not in result.output


def test_a_key_given_as_an_argument_is_refused_without_repeating_it(run: Any) -> None:
    result = run("keys", "set", "groq", KEY)
    assert result.exit_code == 2
    assert KEY not in result.output


@pytest.mark.parametrize("backend", [LockedKeyring, keyring.backends.fail.Keyring])
def test_a_keyring_that_cannot_be_used_is_1_and_says_so(run: Any, backend: Any) -> None:
    keyring.set_keyring(backend())
    result = run("keys", "set", "groq", input=KEY)
    assert result.exit_code == 1
    assert "keyring" in result.stderr
    assert KEY not in result.output
