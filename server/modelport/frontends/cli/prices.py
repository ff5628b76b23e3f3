"""``modelport prices``: what a model costs, where its price is from, and newer lists on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import click
from typing_extensions import override

from modelport.app.session import App
from modelport.domain.errors import InvalidParams
from modelport.domain.spending.price_list import PricedModel, Prices, TieredPrice, When
from modelport.domain.spending.pricing import PriceListState, Quote
from modelport.domain.spending.usage import is_own_server
from modelport.frontends.cli.output.printing import echo, print_json, print_table
from modelport.frontends.cli.output.wrong_usage import Commands
from modelport.frontends.cli.running import with_app

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class _Prices(Commands):
    """A group whose first word may be a model: then its prices are shown."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = bool(args) and args[0] in (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["show", *args])


@click.group(cls=_Prices, name="prices")
def command() -> None:
    """Shows what models cost (modelport prices MODEL...), and fetches newer price lists."""


@command.command(name="show")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def show(models: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Shows what models cost now and at other times, in US dollars, and where the prices are from."""

    async def find(app: App) -> list[tuple[str, Quote, Mapping[str, int]]]:
        return [await _quote(app, model) for model in models]

    found: list[tuple[str, Quote, Mapping[str, int]]] = with_app(find)
    if as_json:
        print_json([_as_json(name, quote, per) for name, quote, per in found])
    else:
        for name, quote, per in found:
            echo(f"{name} {quote.reason}.")
            if rows := _rows(quote, per):
                print_table(["PRICE OF", "USD PER", "NOW", "OTHERWISE"], rows)
    if not any(quote.prices for _, quote, _ in found):
        raise click.exceptions.Exit(1)


@command.command(name="update")
@click.option(
    "--from",
    "place",
    metavar="FILE|URL",
    help="A data.json of genai-prices, or a file of price lists; without it the one that genai-prices publishes.",
)
@click.option("--reset", is_flag=True, help="Go back to the price lists that came with Modelport.")
def update(place: str | None, reset: bool) -> None:  # noqa: FBT001
    """Fetches newer price lists and keeps them. Nothing else ever does."""
    if place is not None and reset:
        raise click.UsageError("--from and --reset exclude each other.")

    async def renew(app: App) -> PriceListState:
        lists = app.core.price_lists
        return await (lists.reset() if reset else lists.update(place))

    state: PriceListState = with_app(renew)
    origin = "fetched" if state.fetched else "those of the package"
    echo(f"Prices are from {state.source} of {state.checked} ({origin}).")
    if not reset and not state.fetched:
        echo("The lists that were given are older, and do not count.", err=True)


async def _quote(app: App, name: str) -> tuple[str, Quote, Mapping[str, int]]:
    target = app.core.registry.resolve(None, name)
    row, model = target.provider, target.model or target.provider.default_model
    if model is None:
        raise InvalidParams(f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model")
    own = app.core.registry.defaults(row).prices
    quote = await app.core.pricing.quote(row, model, own, free=is_own_server(row))
    return f"{row.id}/{model}", quote, {unit: await app.core.pricing.per(unit) for unit in quote.prices}


def _rows(quote: Quote, per: Mapping[str, int]) -> list[list[str]]:
    """A row per unit: its price now, with those of a long input, and those at other times and for other kinds."""
    return [
        [unit.replace("_", " "), f"{per[unit]:,}", _text(price), "; ".join(_others(quote.model, unit, quote.prices))]
        for unit, price in quote.prices.items()
    ]


def _others(model: PricedModel | None, unit: str, now: Prices) -> Sequence[str]:
    if model is None:
        return ()
    dated = [(dated.prices, _moments(dated.when)) for dated in model.prices]
    kinds = [(variant.prices, " ".join(variant.of.values())) for variant in model.variants]
    return [
        f"{_text(prices[unit])} {when}"
        for prices, when in (*dated, *kinds)
        if unit in prices and prices[unit] != now[unit]
    ]


def _moments(when: When | None) -> str:
    if when is None:
        return "otherwise"
    parts = [
        f"since {when.since}" if when.since else "",
        f"from {when.start:%H:%M} to {when.end:%H:%M} UTC" if when.start and when.end else "",
        "on " + ", ".join(DAYS[day] for day in when.weekdays) if when.weekdays else "",
    ]
    return " ".join(filter(None, parts))


def _text(price: Decimal | TieredPrice) -> str:
    if isinstance(price, Decimal):
        return f"{price.normalize():f}"
    tiers = (f"{tier.price.normalize():f} above {tier.above:,} input tokens" for tier in price.tiers)
    return ", ".join((f"{price.base.normalize():f}", *tiers))


def _as_json(name: str, quote: Quote, per: Mapping[str, int]) -> dict[str, object]:
    return {
        "model": name,
        "source": quote.source,
        "reason": quote.reason,
        "prices": {
            unit: {"usd": _text(price), "per": per[unit], "otherwise": _others(quote.model, unit, quote.prices)}
            for unit, price in quote.prices.items()
        },
    }
