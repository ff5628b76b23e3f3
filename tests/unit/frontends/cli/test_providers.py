"""``modelport providers``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from modelport.app.core import Core
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Route

KEY = "gsk_canary-0123456789abcdef"


def listed(run: Any, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(run("providers", "--json", *arguments).stdout)["providers"]


def test_a_table_for_people(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("PATH", "/nowhere")
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
    assert by_id["opencode-local"].endswith("not installed")
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
        (
            ["--ready"],
            lambda p: p["credential"]["source"] != "none" and p["supported"] and p.get("installed") is not False,
        ),
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


# What rests.


def rest(**changes: Any) -> None:
    """A circuit in the ledger, as another editor has left it."""

    async def work() -> None:
        core = Core()
        route = Route(provider="groq", address="https://api.groq.com/openai/v1", key="k1", model="m", client="Zed")
        failure = RequestFailed("rate_limited", "Groq says: slow down.", retry_after_ms=90_000)
        await core.circuits.failed(msgspec.structs.replace(route, **changes), failure)
        await core.aclose()

    asyncio.run(work())


def test_what_rests_is_shown_with_its_end_its_reason_and_its_client(run: Any) -> None:
    assert run("providers", "--health").stdout == "No provider rests: calls go to all of them.\n"
    rest()
    rest(provider="openai", key="", background=True)
    heading, *lines = run("providers", "--health").stdout.splitlines()
    assert heading.split()[:4] == ["PROVIDER", "MODEL", "RESTS", "UNTIL"]
    first, second = lines
    assert first.split()[:4] == ["groq", "m", "one", "key"]
    assert "Groq says: slow down." in first
    assert first.endswith("Zed")
    assert "all, in the background" in second
    (groq, openai) = json.loads(run("providers", "--health", "--json").stdout)
    assert (groq["provider"], openai["provider"]) == ("groq", "openai")
    assert 0 < groq["circuits"][0]["retryAfterMs"] <= 90_000


def test_a_reset_ends_a_rest_in_all_editors(run: Any) -> None:
    rest()
    rest(provider="openai")
    result = run("providers", "--reset", "Groq", "--health")
    assert (result.exit_code, result.stderr) == (0, "Nothing of Groq rests any more (1 circuit closed).\n")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["PROVIDER", "openai"]
    result = run("providers", "--reset", "all")
    assert result.stderr == "No provider rests any more (1 circuit closed).\n"
    assert json.loads(run("providers", "--health", "--json").stdout) == []


def test_a_provider_that_is_not_known_cannot_be_reset(run: Any) -> None:
    result = run("providers", "--reset", "grok-with-a-typo")
    assert result.exit_code == 2
    assert "No provider is called" in result.stderr


def test_doctor_names_what_rests(run: Any) -> None:
    rest()
    result = run("doctor", "--json")
    (check,) = [check for check in json.loads(result.stdout)["checks"] if check["id"] == "health"]
    assert check["status"] == "warn"
    assert "groq/m" in check["detail"]


def test_a_locked_keyring_does_not_stop_the_listing(run: Any) -> None:
    import keyring

    from support.file_keyring import LockedKeyring

    assert run("keys", "set", "groq", input=KEY).exit_code == 0
    keyring.set_keyring(LockedKeyring())
    result = run("providers")
    assert result.exit_code == 0
    assert "groq" in result.stdout
