"""``modelport usage``."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def used(run: Any) -> Any:
    """The command line, after two calls that went well and one that did not."""
    run("chat", "-m", "mock/mock", "one two three")
    run("chat", "-m", "mock/mock:nousage", "hi")
    run("chat", "-m", "mock/mock:fail=timeout", "hi")
    return run


def test_a_table_for_people(used: Any) -> None:
    result = used("usage")
    assert result.exit_code == 0
    heading, *rows = result.stdout.splitlines()
    assert heading.split() == ["MODEL", "CALLS", "FAILED", "IN", "CACHED", "OUT", "REASONING", "COST"]
    assert [row.split()[0] for row in rows] == [
        "mock/mock",
        "mock/mock:fail=timeout",
        "mock/mock:nousage",
        "total",
    ]
    assert rows[-1].split()[1:3] == ["3", "1"]
    assert rows[-1].split()[-1] == "$0.0000"


@pytest.mark.parametrize("by", ["model", "provider", "client", "project", "role", "source", "day"])
def test_groups(used: Any, by: str) -> None:
    summary = json.loads(used("usage", "--by", by, "--json").stdout)
    assert sum(group["totals"]["totalCalls"] for group in summary["groups"]) == 3
    assert summary["totals"]["failedCalls"] == 1
    assert used("usage", "--by", by).stdout.split()[0] == by.upper()


def test_a_history_for_people(used: Any) -> None:
    result = used("usage", "--history", "2")
    heading, *rows = result.stdout.splitlines()
    assert heading.split()[:5] == ["WHEN", "PROVIDER", "MODEL", "CLIENT", "OUTCOME"]
    assert len(rows) == 2
    assert "timeout" in rows[0]
    # An estimate is marked as one.
    assert "~" in rows[1]


def test_a_history_up_to_a_time(used: Any) -> None:
    newest, *older = json.loads(used("usage", "--history", "10", "--json").stdout)["calls"]
    found = used("usage", "--history", "10", "--until", newest["startedAt"], "--json")
    assert json.loads(found.stdout)["calls"] == older


def test_a_history_in_json(used: Any) -> None:
    calls = json.loads(used("usage", "--history", "10", "--json").stdout)["calls"]
    assert [call["outcome"] for call in calls] == ["failed", "ok", "ok"]


@pytest.mark.parametrize("arguments", [[], ["--history", "5"], ["--since", "2030-01-01"]])
def test_nothing_used_is_1(run: Any, arguments: list[str]) -> None:
    result = run("usage", *arguments)
    assert result.exit_code == 1
    assert result.stdout.startswith("No calls were recorded")
    result = run("usage", "--json", *arguments)
    assert result.exit_code == 1
    json.loads(result.stdout)


@pytest.mark.parametrize(
    "arguments",
    [["--since", "someday"], ["--csv", "--json"], ["--csv", "--history", "1"], ["--watch", "--credits", "mock"], ["--until", "never"], ["--by", "colour"], ["--history", "0"], ["--history", "10001"], ["--history", "x"]],
)  # fmt: skip
def test_wrong_usage_is_2(run: Any, arguments: list[str]) -> None:
    result = run("usage", *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_credit_for_people_and_programs(run: Any) -> None:
    heading, account = run("usage", "--credits", "mock").stdout.splitlines()
    assert (heading.split(), account.split()) == (
        ["CURRENCY", "LEFT", "USED", "TOTAL"],
        ["USD", "7.50", "2.50", "10.00"],
    )
    assert json.loads(run("usage", "--credits", "mock", "--json").stdout)["remainingUsdMicros"] == 7_500_000


@pytest.mark.parametrize(("provider", "code"), [("groq", 1), ("openrouter", 1), ("unknown", 2)])
def test_credit_that_is_not_available(run: Any, provider: str, code: int) -> None:
    result = run("usage", "--credits", provider)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("modelport: ")
