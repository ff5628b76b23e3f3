"""``modelport models``: lists or searches models, with limits, abilities and prices."""

from __future__ import annotations

from collections.abc import Sequence

import click

from modelport.app.session import App
from modelport.domain.models.search import REQUIREMENTS, SORTS
from modelport.frontends.cli.output.printing import print_json, print_message, print_table
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import (
    ListModelParams,
    ListModelResult,
    Model,
    ModelRequirement,
    ModelSort,
    ProviderError,
    SearchModelParams,
    SearchModelResult,
)

DECIMALS_FROM = 0.1
"""US dollars; smaller prices need more than two decimals."""


@click.command(name="models")
@click.argument("query", nargs=-1)
@click.option("--provider", metavar="NAME", help="Only this provider's; works without a key too.")
@click.option("--vendor", metavar="NAME", help="Only models of this maker, whoever serves them.")
@click.option("--requires", multiple=True, type=click.Choice(REQUIREMENTS), help="An ability to require; repeatable.")
@click.option("--max-price", type=click.FloatRange(min=0), metavar="USD", help="Highest price of 1M input tokens.")
@click.option("--sort", type=click.Choice(list(SORTS)), help="The order; the best match first if not given.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N.")
@click.option("--refresh", is_flag=True, help="Request the lists again instead of using cached ones.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(
    query: tuple[str, ...],
    provider: str | None,
    vendor: str | None,
    requires: tuple[ModelRequirement, ...],
    max_price: float | None,
    sort: ModelSort | None,
    limit: int | None,
    refresh: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Lists the models of the providers in use. With words or a filter, searches all known models."""
    searching = bool(query or vendor or requires or sort) or max_price is not None
    if searching:
        search = SearchModelParams(
            query=" ".join(query) or None,
            provider=provider,
            vendor=vendor,
            requires=requires or None,
            max_input_usd_per_mtok=max_price,
            sort=sort,
            limit=limit,
        )
        result: ListModelResult | SearchModelResult = _search(search, refresh=refresh)
    else:
        result = _list(ListModelParams(provider=provider, refresh=refresh, limit=limit))
    if as_json:
        print_json(result)
    elif result.models:
        print_table(
            ["MODEL", "CONTEXT", "OUTPUT", "IN $/M", "OUT $/M", "CAN", ""],
            [[f"{m.provider}/{m.id}", *_facts(m), _note(m)] for m in result.models],
        )
    _print_errors(result.errors or ())
    if not result.models:
        if not as_json and not result.errors:
            near = result.suggestions if isinstance(result, SearchModelResult) else None
            print_message(_empty_message(provider, near, searching=searching))
        raise click.exceptions.Exit(1)


def _list(params: ListModelParams) -> ListModelResult:
    async def work(app: App) -> ListModelResult:
        return await (await app.models.get()).listing.list(params)

    return with_app(work)


def _search(params: SearchModelParams, *, refresh: bool) -> SearchModelResult:
    async def work(app: App) -> SearchModelResult:
        models = (await app.models.get()).listing
        if refresh:
            await models.list(ListModelParams(provider=params.provider, refresh=True))
        return await models.search(params)

    return with_app(work)


def _facts(model: Model) -> list[str]:
    price = model.price
    return [
        _tokens(model.context_window),
        _tokens(model.max_output_tokens),
        _usd(price.input_usd_per_mtok if price else None),
        _usd(price.output_usd_per_mtok if price else None),
        _abilities(model),
    ]


def _tokens(count: int | None) -> str:
    if count is None:
        return ""
    return f"{count / 1_000_000:.3g}M" if count >= 1_000_000 else f"{count / 1000:.4g}k"


def _usd(price: float | None) -> str:
    if price is None:
        return ""
    return "free" if price == 0 else f"{price:.2f}" if price >= DECIMALS_FROM else f"{price:.4g}"


def _abilities(model: Model) -> str:
    inputs = [word for word in model.input_modalities or () if word != "text"]
    return " ".join(filter(None, ("tools" if model.tools else "", "reasoning" if model.reasoning else "", *inputs)))


def _note(model: Model) -> str:
    if not model.retired:
        return f"until {model.retires_on}" if model.retires_on else model.notice or ""
    return f"retired, use {model.successor}" if model.successor else "retired"


def _print_errors(errors: tuple[ProviderError, ...]) -> None:
    for failed in errors:
        print_message(failed.error.message)


def _empty_message(provider: str | None, near: Sequence[str] | None, *, searching: bool) -> str:
    if near:
        return f"No model matches; the nearest are {', '.join(near)}."
    if searching:
        return "No model matches: use fewer words or filters."
    if provider is not None:
        return f"No models of {provider} are known."
    return "No provider is set up: run modelport keys set PROVIDER, or search all models with modelport models NAME."
