"""Merges the lists of providers with the shipped catalog, in the order of the reference documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from modelport.domain.models.listing import ListedModel
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Model, ModelSource, Price

FREE = Price(input_usd_per_mtok=0, output_usd_per_mtok=0)
"""What a model on one's own machine costs."""


class CatalogModel(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A row of ``data/models.json``: facts only, an absent one is unknown. Limits are in tokens."""

    provider: str
    id: str
    source: str | None = None
    """The key of the source of its limits and prices; absent: only the name is known."""
    curated: bool = False
    """A reference document names it."""
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    price: Price | None = None
    capabilities: tuple[str, ...] = ()
    gone: bool = False
    """It is not served any more, or never was, and no date is known."""
    retires_on: str | None = None
    """The day it stops or stopped being served, ISO 8601."""
    successor: str | None = None
    notice: str | None = None

    def retired(self, today: str) -> bool:
        """Whether it is retired on a day, ISO 8601."""
        return self.gone or (self.retires_on is not None and self.retires_on <= today)


class CatalogFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file: its rows, the day they were checked and what the keys of the sources mean."""

    checked: str
    sources: dict[str, str]
    models: tuple[CatalogModel, ...]


class Catalog:
    """The rows, found by provider, in the order of the file: those of the reference documents first."""

    def __init__(self, models: Iterable[CatalogModel]) -> None:
        self._rows: dict[str, dict[str, CatalogModel]] = {}
        for model in models:
            self._rows.setdefault(model.provider, {})[model.id] = model

    def of(self, provider: str) -> Sequence[CatalogModel]:
        """The rows of a provider, by its id."""
        return tuple(self._rows.get(provider, {}).values())

    def find(self, provider: str, model: str) -> CatalogModel | None:
        """A row by the provider's id and the model's name there."""
        return self._rows.get(provider, {}).get(model)


def merged(row: Provider, listed: Sequence[ListedModel] | None, catalog: Catalog, today: str) -> list[Model]:
    """A provider's models, those of the reference documents first, then the rest as the provider lists it.

    ``listed`` is None where the list was not requested or did not arrive; then the result is the catalog's models.
    Otherwise the catalog adds only the models of the reference documents, and none to a local server,
    which lists all it has.
    """
    live = {model.id: model for model in listed or ()}
    rows = catalog.of(row.id)
    curated = [entry for entry in rows if entry.curated]
    if listed is not None and row.connection_type == "local":
        curated = [entry for entry in curated if entry.id in live]
    first = [_joined(row, live.get(entry.id), entry, today) for entry in curated]
    named = {model.id for model in first}
    if listed is None:
        others = [_joined(row, None, entry, today) for entry in rows if entry.id not in named]
    else:
        others = [_joined(row, m, catalog.find(row.id, m.id), today) for m in live.values() if m.id not in named]
    return first + others


def _joined(row: Provider, listed: ListedModel | None, entry: CatalogModel | None, today: str) -> Model:
    live = listed or ListedModel(id=entry.id if entry else "")
    known = entry or CatalogModel(provider=row.id, id=live.id)
    source: ModelSource = "live" if listed else "curated" if known.curated else "catalog"
    # A listed model is served, also where the catalog has it as retired.
    retires_on = live.retires_on or known.retires_on
    ended = known.retired(today) if listed is None else bool(live.retires_on and live.retires_on <= today)
    return Model(
        id=live.id,
        provider=row.id,
        display_name=live.display_name,
        description=live.description,
        context_window=live.context_window or known.context_window,
        max_output_tokens=live.max_output_tokens or known.max_output_tokens,
        input_modalities=live.input_modalities or known.input_modalities,
        tools=known.tools if live.tools is None else live.tools,
        reasoning=known.reasoning if live.reasoning is None else live.reasoning,
        price=_price(row, live.price, known.price),
        capabilities=tuple(dict.fromkeys((*live.capabilities, *known.capabilities))) or None,
        retired=True if ended else None,
        retires_on=retires_on,
        successor=(live.successor or known.successor) if ended or retires_on else None,
        notice=live.notice or (known.notice if ended else None),
        size_bytes=live.size_bytes,
        quantization=live.quantization,
        parameter_size=live.parameter_size,
        source=source,
    )


def _price(row: Provider, live: Price | None, known: Price | None) -> Price | None:
    """The provider's own price; what it leaves out comes from the catalog, if the two agree on input and output."""
    if row.connection_type == "local":
        return FREE
    if live is None or known is None:
        return live or known
    same = (live.input_usd_per_mtok, live.output_usd_per_mtok) == (known.input_usd_per_mtok, known.output_usd_per_mtok)
    if not same:
        return live
    given = {name: value for name, value in msgspec.structs.asdict(live).items() if value is not None}
    return msgspec.structs.replace(known, **given)
