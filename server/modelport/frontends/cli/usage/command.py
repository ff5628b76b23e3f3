"""``modelport usage``: calls, tokens and cost, over all editors on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import click
from msgspec import Struct

from modelport.app.session import App
from modelport.frontends.cli.output.printing import echo, print_json, print_table
from modelport.frontends.cli.running import engine, with_app
from modelport.frontends.cli.usage.moments import since as since_when
from modelport.frontends.cli.usage.summary import print_csv, print_summary
from modelport.frontends.cli.usage.watch import watch
from modelport.protocol.types import (
    BudgetStatus,
    Call,
    CreditsUsageParams,
    CreditsUsageResult,
    HistoryUsageParams,
    HistoryUsageResult,
    SummaryUsageParams,
    SummaryUsageResult,
)


class Report(Struct, frozen=True):
    """What is printed: the sums, and the budgets."""

    summary: SummaryUsageResult
    budgets: tuple[BudgetStatus, ...] = ()


@click.command(name="usage")
@click.option("--since", help="Only calls from this time on, such as 7d, today, 2026-11-01 or 2026-11-01T09:30:00Z.")
@click.option("--until", help="Only calls before this time.")
@click.option(
    "--by",
    type=click.Choice(["model", "provider", "client", "project", "role", "source", "day"]),
    default="model",
    help="What to group by; the model if not given. The source is that of the prices.",
)
@click.option("--history", type=click.IntRange(1, 10_000), metavar="N", help="List the last N calls instead.")
@click.option("--credits", "credit_provider", metavar="PROVIDER", help="Show a provider's remaining credit instead.")
@click.option("--watch", "watched", is_flag=True, help="Show it again whenever it changes, until Ctrl-C.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(
    since: str | None,
    until: str | None,
    by: str,
    history: int | None,
    credit_provider: str | None,
    watched: bool,  # noqa: FBT001
    as_csv: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Sums calls, tokens and cost, lists the last calls, or shows the remaining credit."""
    if as_csv and as_json:
        raise click.UsageError("Choose one of --csv and --json.")
    if (history is not None or credit_provider is not None) and (as_csv or watched):
        raise click.UsageError("--csv and --watch go with sums only: leave --history and --credits out.")
    if credit_provider is not None:
        _show_credit(credit_provider, as_json=as_json)
        return
    if history is not None:
        params = HistoryUsageParams(since=_moment(since), until=_moment(until), limit=history)
        _show_history(params, as_json=as_json)
        return

    params = SummaryUsageParams(
        since=_moment(since),
        until=_moment(until),
        group_by="costSource" if by == "source" else by,  # pyright: ignore[reportArgumentType]  click has checked it
    )
    sums = _Sums(params, by, "json" if as_json else "csv" if as_csv else "table")
    with engine() as running:
        if watched:
            watch(running, sums.fetch, sums.show)
            return
        report = running.call(sums.fetch)
        sums.show(report)
    if not report.summary.groups:
        raise click.exceptions.Exit(1)


class _Sums:
    """The sums of usage in one of the forms that are printed."""

    def __init__(self, params: SummaryUsageParams, by: str, form: Literal["json", "csv", "table"]) -> None:
        self._params = params
        self._by = by
        self._form = form

    async def fetch(self, app: App) -> Report:
        """The sums, and in a table for people the budgets."""
        summary = await app.core.usage.summary(self._params)
        if self._form != "table" or not app.core.registry.budgets:
            return Report(summary)
        from modelport.frontends.cli.usage.budget import list_budgets

        return Report(summary, (await list_budgets(app)).budgets)

    def show(self, report: Report) -> None:
        """Prints them."""
        if self._form == "json":
            print_json(report.summary)
        elif self._form == "csv":
            print_csv(report.summary, self._by)
        elif report.summary.groups:
            print_summary(report.summary, self._by)
        else:
            echo("No calls were recorded in this time.")
        if report.budgets:
            from modelport.frontends.cli.usage.budgets import print_budgets

            echo()
            print_budgets(report.budgets)


def _moment(text: str | None) -> str | None:
    return None if text is None else since_when(text, datetime.now(UTC))


def _show_history(params: HistoryUsageParams, *, as_json: bool) -> None:
    result: HistoryUsageResult = with_app(lambda app: app.core.usage.history(params))
    if as_json:
        print_json(result)
    elif result.calls:
        headings = ["WHEN", "PROVIDER", "MODEL", "CLIENT", "OUTCOME", "IN", "OUT", "SECONDS", "COST"]
        print_table(headings, [_call(call) for call in result.calls])
    else:
        echo("No calls were recorded in this time.")
    if not result.calls:
        raise click.exceptions.Exit(1)


def _show_credit(provider: str, *, as_json: bool) -> None:
    async def look_up(app: App) -> CreditsUsageResult:
        return await (await app.operations.get()).balances.look_up(CreditsUsageParams(provider=provider))

    result = with_app(look_up)
    if as_json:
        print_json(result)
        return
    rows = [
        [balance.currency, *map(_money, (balance.remaining_micros, balance.used_micros, balance.total_micros))]
        for balance in result.balances or ()
    ]
    print_table(["CURRENCY", "LEFT", "USED", "TOTAL"], rows)
    if result.scope == "key":
        echo("These are the limits of this key: it has no access to the account's credit.", err=True)


def _money(micros: int | None) -> str:
    return "?" if micros is None else f"{micros / 1e6:,.2f}"


def _call(call: Call) -> list[str]:
    usage = call.usage
    mark = "~" if usage.estimated else ""
    return [
        call.started_at,
        call.provider,
        call.model,
        call.client or "",
        call.error_kind or call.outcome,
        f"{mark}{usage.input_tokens}",
        f"{mark}{usage.output_tokens}",
        f"{usage.latency_ms / 1000:.1f}",
        "?" if usage.usd_micros is None else f"${usage.usd_micros / 1e6:.4f}",
    ]
