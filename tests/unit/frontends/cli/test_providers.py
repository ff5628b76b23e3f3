"""``modelport providers``."""

from __future__ import annotations

import json
from typing import Any

import pytest

KEY = "gsk_canary-0123456789abcdef"


def listed(run: Any, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(run("providers", "--json", *arguments).stdout)["providers"]


def test_a_table_for_people(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    result = run("providers")
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["PROVIDER", "NAME", "TYPE", "KEY", "DEFAULT", "MODEL"]
    by_id = {line.split()[0]: line for line in lines}
    assert "environment GROQ_API_KEY …cdef" in by_id["groq"]
    assert "missing: set OPENAI_API_KEY" in by_id["openai"]
    assert "not needed" in by_id["ollama"]
    assert "missing: set AWS_BEARER_TOKEN_BEDROCK" in by_id["bedrock"]
    assert "retired" in by_id["lepton"]
    assert KEY not in result.output


def test_json_is_the_contracts_result(run: Any) -> None:
    providers = {p["id"]: p for p in listed(run)}
    assert len(providers) >= 126
    assert providers["groq"]["credential"] == {"provider": "groq", "source": "none"}


@pytest.mark.parametrize(
    ("arguments", "test"),
    [
        (["--type", "local"], lambda p: p["connectionType"] == "local"),
        (["--category", "US Labs"], lambda p: p["category"] == "US Labs"),
        (["--category", "us labs"], lambda p: p["category"] == "US Labs"),
        (["--ready"], lambda p: p["credential"]["source"] != "none" and p["supported"]),
    ],
)
def test_filters(run: Any, arguments: list[str], test: Any) -> None:
    found = listed(run, *arguments)
    assert [p["id"] for p in found] == [p["id"] for p in listed(run) if test(p)]
    assert found


def test_nothing_found_is_1(run: Any) -> None:
    assert run("providers", "--category", "Nowhere").exit_code == 1
    result = run("providers", "--category", "Nowhere", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"providers": []})


@pytest.mark.parametrize("arguments", [["--type", "remote"], ["--nothing"], ["extra"]])
def test_wrong_usage_is_2(run: Any, arguments: list[str]) -> None:
    assert run("providers", *arguments).exit_code == 2


def test_a_locked_keyring_does_not_stop_the_listing(run: Any) -> None:
    import keyring

    from support.file_keyring import LockedKeyring

    assert run("keys", "set", "groq", input=KEY).exit_code == 0
    keyring.set_keyring(LockedKeyring())
    result = run("providers")
    assert result.exit_code == 0
    assert "groq" in result.stdout
