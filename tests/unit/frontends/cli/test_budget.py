"""``modelport budget``, the budgets and bars of ``modelport usage``, and times as people write them."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from modelport.domain.errors import InvalidParams
from modelport.frontends.cli.output import printing
from modelport.frontends.cli.output.tables import columns
from modelport.frontends.cli.usage import bars, budgets, moments, summary
from modelport.frontends.cli.usage.bars import bar, gauge
from modelport.protocol.types import SummaryUsageResult, UsageGroup, UsageTotals

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has terminals of another kind")
CONFIG = """
[providers.mock.prices."*"]
input = 1.0
output = 1.0
[budgets.daily]
period = "day"
usd = 0.00002
warn_at = 0.5
[budgets.team]
period = "month"
usd = 100
action = "warn"
client = "nobody"
"""


@pytest.fixture
def spending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration folder, with budgets for the mock, each word of which costs a micro-dollar."""
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def spend(run: Any, words: int) -> Any:
    return run("chat", "-m", f"mock/mock:words={words},delay=0", "--max-tokens", str(words), "hi")


def test_without_a_budget_it_says_how_to_have_one(run: Any) -> None:
    result = run("budget")
    assert result.exit_code == 1
    assert "config.toml" in result.stdout
    assert json.loads(run("budget", "--json").stdout) == {"budgets": []}
    assert run("budget", "--check").exit_code == 0


@pytest.mark.usefixtures("spending")
def test_a_budget_is_used_up_refused_checked_and_raised(run: Any) -> None:
    assert run("budget", "--check").exit_code == 0
    assert spend(run, 10).exit_code == 0
    daily, team = json.loads(run("budget", "--json").stdout)["budgets"]
    assert (daily["spentUsdMicros"], daily["limitUsdMicros"], daily["state"]) == (11, 20, "warned")
    assert (team["spentUsdMicros"], team["action"], team["scope"]) == (0, "warn", {"client": "nobody"})
    assert run("budget", "--check").exit_code == 0
    refused = spend(run, 10)
    assert refused.exit_code == 1
    assert "The budget daily has too little left: $0.000011 of $0.00002 are spent" in refused.stderr
    assert "modelport budget raise daily USD" in refused.stderr
    assert run("budget", "--check").exit_code == 3
    raised = run("budget", "raise", "daily", "0.0001", "--until", "3h", "--json")
    assert json.loads(raised.stdout)["limitUsdMicros"] == 120
    assert run("budget", "--check").exit_code == 0
    assert spend(run, 10).exit_code == 0
    assert "until" in run("budget").stdout
    assert json.loads(run("budget", "raise", "daily", "0", "--json").stdout)["limitUsdMicros"] == 20
    assert run("budget", "--check").exit_code == 3


@pytest.mark.usefixtures("spending")
def test_the_budgets_stand_below_the_sums(run: Any) -> None:
    spend(run, 10)
    lines = run("usage").stdout.splitlines()
    assert lines[-2].split()[:6] == ["daily", "55", "%", "$0.000011", "$0.00002", "per"]
    assert "team" in lines[-1]
    assert "warns only" in lines[-1]
    assert "budgets" not in json.loads(run("usage", "--json").stdout)


@pytest.mark.usefixtures("spending")
@pytest.mark.parametrize("arguments", [["usage"], ["usage", "--by", "day"], ["budget"]], ids=" ".join)
@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize("width", [30, 45, 80, 120, 200])
def test_bars_fit_into_any_terminal(
    run: Any, arguments: list[str], width: int, blocks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(run, 10)
    piped = run(*arguments).stdout
    for module in (printing, summary, budgets):
        monkeypatch.setattr(module, "width", lambda _: width)
    for module in (summary, budgets):
        monkeypatch.setattr(module, "has_blocks", lambda _: blocks)
    shown = run(*arguments).stdout
    assert ("█" in shown) is blocks
    assert blocks or "##" in shown
    assert shown.isascii() or blocks
    headings = {"BUDGET", "USED", "SPENT", "LIMIT", "STATE", "RESETS"}
    assert set(" ".join(piped.splitlines()[1:]).split()) - headings <= set(shown.split())
    assert all(columns(line) <= width or len(line.split()) == 1 for line in shown.splitlines())


def test_below_30_columns_there_are_no_bars(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spend(run, 10)
    for module in (printing, summary, budgets):
        monkeypatch.setattr(module, "width", lambda _: 29)
    assert "█" not in run("usage").stdout


def test_csv_has_a_row_per_group(run: Any) -> None:
    spend(run, 10)
    run("chat", "-m", "mock/mock:nousage", "hi")
    rows = list(csv.DictReader(run("usage", "--csv").stdout.splitlines()))
    rows.sort(key=lambda row: row["model"], reverse=True)
    assert [row["model"] for row in rows] == ["mock/mock:words=10,delay=0", "mock/mock:nousage"]
    assert (rows[0]["total_calls"], rows[0]["output_tokens"], rows[0]["unpriced_calls"]) == ("1", "10", "0")
    assert list(rows[0])[:3] == ["model", "total_calls", "failed_calls"]
    (day,) = csv.DictReader(run("usage", "--by", "day", "--csv").stdout.splitlines())
    assert day["day"] == f"{datetime.now(UTC):%Y-%m-%d}"


def test_a_name_is_no_formula_for_a_spreadsheet(capsys: pytest.CaptureFixture[str]) -> None:
    groups = tuple(UsageGroup(key=key, totals=UsageTotals(total_calls=1)) for key in ("=1+1", "a,b", "\x1b[2J"))
    summary.print_csv(SummaryUsageResult(totals=UsageTotals(), by_model={}, groups=groups), "client")
    names = [row["client"] for row in csv.DictReader(capsys.readouterr().out.splitlines())]
    assert names[:2] == ["'=1+1", "a,b"]
    assert "\x1b" not in names[2]


@pytest.mark.usefixtures("spending")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["raise", "dayly", "5"], 2, "did you mean daily?"),
        (["raise", "daily", "much"], 2, "5 or 2.50"),
        (["raise", "daily", "nan"], 2, "5 or 2.50"),
        (["raise", "daily", "5", "--until", "2020-01-01"], 2, "is over"),
        (["raise", "daily", "5", "--until", "someday"], 2, "tomorrow, 3d"),
        (["raze"], 2, "raise"),
    ],
)
def test_wrong_usage(run: Any, arguments: list[str], code: int, said: str) -> None:
    result = run("budget", *arguments)
    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[budgets.daily]\nperiod = "year"\nusd = 5\n', "config.toml:2: error: budgets.daily.period: The value must be one of day, week"),
        ('[budgets.daily]\nperiod = "day"\n', "config.toml:1: error: budgets.daily: The setting usd is missing."),
        ('[budgets.daily]\nperiod = "day"\nusd = -5\n', "config.toml:3: error: budgets.daily.usd: The value must be a number >= 0"),
        ('[budgets.daily]\nperiod = "day"\nusd = 5\nwarn = 1\n', "config.toml:4: error: budgets.daily.warn: There is no such setting (did"),
        ('[budgets.daily]\nperiod = "day"\nusd = 5\nprovider = "opnai"\n', "config.toml:4: error: budgets.daily.provider: No provider is"),
        ('[budgets.daily]\nperiod = "day"\nusd = 5\ntimezone = "CET/Mars"\n', "config.toml:4: error: budgets.daily.timezone: No time zone"),
        ('[budgets.daily]\nperiod = "day"\nusd = 5\nrole = "cook"\n', "config.toml:4: error: budgets.daily.role: The value must be one of chat"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(run: Any, spending: Path, text: str, wrong: str) -> None:
    (spending / "config.toml").write_text(text)
    result = run("config", "check")
    assert result.exit_code == 2
    assert wrong in " ".join(result.stdout.split())


# Bars.


def test_a_bar_is_as_long_as_its_part() -> None:
    assert bar(1, 4, blocks=True) == "████"
    assert bar(0.5, 4, blocks=True) == "██"
    assert bar(0.53, 4, blocks=True) == "██▏"
    assert bar(0.0001, 4, blocks=True) == "▏"
    assert bar(0, 4, blocks=True) == ""
    assert bar(7, 4, blocks=True) == "████"
    assert bar(0.5, 4, blocks=False) == "##"
    assert bar(0.0001, 4, blocks=False) == "#"
    assert bar(1, 0, blocks=True) == ""


def test_a_gauge_is_full_only_where_all_is_spent() -> None:
    assert gauge(0, 5, blocks=True) == "░░░░░"
    assert gauge(0.01, 5, blocks=True) == "█░░░░"
    assert gauge(0.99, 5, blocks=True) == "████░"
    assert gauge(1, 5, blocks=True) == "█████"
    assert gauge(3, 5, blocks=True) == "█████"
    assert gauge(0.5, 6, blocks=False) == "[##..]"
    assert gauge(0.99, 6, blocks=False) == "[###.]"
    assert gauge(1, 6, blocks=False) == "[####]"


class Encoded:
    def __init__(self, encoding: str) -> None:
        self.encoding = encoding


@pytest.mark.parametrize(("encoding", "term", "fine"), [("utf-8", "xterm", True), ("ascii", "xterm", False), ("latin-1", "xterm", False), ("utf-8", "dumb", False), ("none", "xterm", False)])  # fmt: skip
def test_blocks_are_for_those_who_can_show_them(
    encoding: str, term: str, fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert bars.has_blocks(Encoded(encoding)) is fine  # type: ignore[arg-type]


# Times.

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
BERLIN = ZoneInfo("Europe/Berlin")


def test_since_a_while_ago() -> None:
    assert moments.since("7d", NOW) == "2026-11-23T12:00:00+00:00"
    assert moments.since("90m", NOW) == "2026-11-30T10:30:00+00:00"
    assert moments.since("2w", NOW) == "2026-11-16T12:00:00+00:00"
    today = datetime.fromisoformat(moments.since("today", NOW))
    assert today == NOW.astimezone().replace(hour=0, minute=0, second=0)
    assert today - datetime.fromisoformat(moments.since("yesterday", NOW)) == timedelta(days=1)
    assert moments.since("2026-11-01", NOW) == "2026-11-01"


def test_until_a_while_later() -> None:
    assert moments.until_ms("tomorrow", NOW_MS, BERLIN) == NOW_MS + 11 * 3_600_000
    assert moments.until_ms("3d", NOW_MS, BERLIN) == NOW_MS + 3 * 86_400_000
    assert moments.until_ms("2026-12-24", NOW_MS, BERLIN) == round(
        datetime(2026, 12, 24, tzinfo=BERLIN).timestamp() * 1000
    )
    assert moments.until_ms("2026-12-24T18:00Z", NOW_MS, BERLIN) == round(datetime(2026, 12, 24, 18, tzinfo=UTC).timestamp() * 1000)  # fmt: skip


@pytest.mark.parametrize("text", ["", "soon", "0d", "2026-11-30", "-3d", "99999", "2026-13-01"])
def test_until_never(text: str) -> None:
    with pytest.raises(InvalidParams):
        moments.until_ms(text, NOW_MS, BERLIN)


# Watching.


@posix
@pytest.mark.usefixtures("spending")
def test_watching_shows_each_change_and_ends_with_ctrl_c(run: Any) -> None:
    spend(run, 1)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "modelport", "usage", "--by", "provider", "--watch"]
    watching = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env={**os.environ, "TERM": "xterm"})  # fmt: skip
    os.close(follower)
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        while text not in seen:
            seen += os.read(leader, 65536)

    until(b"daily")
    assert seen.count(b"\x1b[H") == 1
    seen = b""
    spend(run, 2)
    until(b"daily")
    assert b"\x1b[H" in seen
    time.sleep(0.1)
    watching.send_signal(signal.SIGINT)
    try:
        while seen:
            seen = os.read(leader, 65536)
            assert b"Traceback" not in seen
    except OSError:
        pass
    os.close(leader)
    assert watching.wait(20) == 0
