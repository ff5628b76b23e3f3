"""``modelport usage``: calls, tokens and cost, over all editors on this machine."""

from __future__ import annotations

import click

from modelport.app.session import App
from modelport.frontends.cli.running import print_json, print_table, with_app
from modelport.protocol.types import (
    Call,
    CreditsUsageParams,
    CreditsUsageResult,
    HistoryUsageParams,
    HistoryUsageResult,
    SummaryUsageParams,
    SummaryUsageResult,
    UsageTotals,
)


@click.command(name="usage")
@click.option("--since", help="Only calls from this time on, such as 2026-11-01 or 2026-11-01T09:30:00Z.")
@click.option("--until", help="Only calls before this time.")
@click.option(
    "--by",
    type=click.Choice(["model", "provider", "client", "project", "day"]),
    default="model",
    help="What to group by; the model if not given.",
)
@click.option("--history", type=click.IntRange(1, 10_000), metavar="N", help="List the last N calls instead.")
@click.option("--credits", "credit_provider", metavar="PROVIDER", help="Show a provider's remaining credit instead.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(
    since: str | None,
    until: str | None,
    by: str,
    history: int | None,
    credit_provider: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Sums calls, tokens and cost, lists the last calls, or shows the remaining credit."""
    if credit_provider is not None:
        _show_credit(credit_provider, as_json=as_json)
        return
    if history is not None:
        _show_history(HistoryUsageParams(since=since, limit=history), as_json=as_json)
        return
    params = SummaryUsageParams(
        since=since,
        until=until,
        group_by=by,  # pyright: ignore[reportArgumentType]  click has checked it
    )
    summary: SummaryUsageResult = with_app(lambda app: app.core.usage.summary(params))
    if as_json:
        print_json(summary)
    elif summary.groups:
        groups = summary.by_model if by == "model" else {group.key: group.totals for group in summary.groups}
        rows = [[key or "(unknown)", *_numbers(totals)] for key, totals in groups.items()]
        print_table(
            [by.upper(), "CALLS", "FAILED", "IN", "CACHED", "OUT", "REASONING", "COST"],
            [*rows, ["total", *_numbers(summary.totals)]],
        )
    else:
        click.echo("No calls were recorded in this time.")
    if not summary.groups:
        raise click.exceptions.Exit(1)


def _show_history(params: HistoryUsageParams, *, as_json: bool) -> None:
    result: HistoryUsageResult = with_app(lambda app: app.core.usage.history(params))
    if as_json:
        print_json(result)
    elif result.calls:
        headings = ["WHEN", "PROVIDER", "MODEL", "CLIENT", "OUTCOME", "IN", "OUT", "SECONDS", "COST"]
        print_table(headings, [_call(call) for call in result.calls])
    else:
        click.echo("No calls were recorded in this time.")
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
        click.echo("These are the limits of this key: it has no access to the account's credit.", err=True)


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


def _numbers(totals: UsageTotals) -> list[str]:
    cost = f"${totals.usd_micros / 1e6:.4f}"
    if totals.unpriced_calls:
        cost = "?" if totals.unpriced_calls == totals.total_calls else f"{cost} + {totals.unpriced_calls} unpriced"
    counts = (
        totals.total_calls,
        totals.failed_calls,
        totals.input_tokens,
        totals.cache_read_tokens,
        totals.output_tokens,
        totals.reasoning_tokens,
    )
    return [*(f"{count:,}" for count in counts), cost]
