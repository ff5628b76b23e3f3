"""``modelport budget``: how far the budgets of the configuration file are used up, and raising one for a time."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import click
from typing_extensions import override

from modelport.app.session import App
from modelport.domain.budgets.budget import Budget
from modelport.frontends.cli.output.printing import echo, print_json
from modelport.frontends.cli.output.wrong_usage import Commands
from modelport.frontends.cli.running import with_app
from modelport.frontends.cli.usage.budgets import print_budgets
from modelport.frontends.cli.usage.moments import until_ms
from modelport.protocol.types import BudgetStatus, ListBudgetResult

EXCEEDED = 3
"""The exit code of --check where a budget is exceeded."""
NO_SESSION = "-"
"""A command is no session of its own."""


class Dollars(click.ParamType[int]):
    """An amount in US dollars, as micro-dollars."""

    name = "usd"

    @override
    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            micros = (Decimal(str(value).removeprefix("$")) * 1_000_000).to_integral_value(rounding=ROUND_HALF_EVEN)
        except InvalidOperation:
            micros = Decimal("nan")
        if not (micros.is_finite() and 0 <= micros < 10**15):
            self.fail("an amount in US dollars is a number such as 5 or 2.50, 0 or more.", param, ctx)
        return int(micros)


@click.group(name="budget", cls=Commands, invoke_without_command=True)
@click.option("--check", is_flag=True, help="Exit with 3 where a budget is exceeded.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_context
def command(ctx: click.Context, check: bool, as_json: bool) -> None:  # noqa: FBT001
    """Shows how far the budgets of the configuration file are used up, over all editors."""
    if ctx.invoked_subcommand is not None:
        return
    found: ListBudgetResult = with_app(list_budgets)
    if as_json:
        print_json(found)
    elif found.budgets:
        print_budgets(found.budgets)
    else:
        echo("There is no budget: write one into config.toml, such as [budgets.daily] with period and usd.")
    if check and any(budget.state == "exceeded" for budget in found.budgets):
        ctx.exit(EXCEEDED)
    if not found.budgets and not check:
        ctx.exit(1)


@command.command(name="raise")
@click.argument("name")
@click.argument("usd", type=Dollars())
@click.option("--until", default="tomorrow", help="When it ends: tomorrow, 3d, 2026-12-24; tomorrow if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the budget as JSON.")
def raise_budget(name: str, usd: int, until: str, as_json: bool) -> None:  # noqa: FBT001
    """Raises the limit of the budget NAME by USD for a time, in all editors at once; by 0 no more."""

    def moment(budget: Budget, now_ms: int) -> int:
        return until_ms(until, now_ms, budget.zone)

    async def work(app: App) -> BudgetStatus:
        return await (await app.core.budgets.get()).reports.raise_limit(name, usd, moment, NO_SESSION)

    raised = with_app(work)
    if as_json:
        print_json(raised)
    else:
        print_budgets([raised])


async def list_budgets(app: App) -> ListBudgetResult:
    """The budgets of the configuration file."""
    return await (await app.core.budgets.get()).reports.list(NO_SESSION)
