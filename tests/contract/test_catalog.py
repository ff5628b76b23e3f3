"""The shipped catalog: every row names a provider that exists, and has no invented facts."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

import msgspec
import pytest

from modelport.adapters.data.models import ShippedCatalog, load_catalog_file
from modelport.domain.models.catalog import CatalogModel
from modelport.domain.models.search import CAPABILITIES
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Price
from support.checks import together
from support.shipped import shipped_registry

FILE = load_catalog_file()
ROWS: dict[str, Provider] = {row.id: row for row in shipped_registry().all()}
TODAY = "2026-11-20"


def test_it_says_when_and_where_its_facts_were_checked() -> None:
    assert date.fromisoformat(FILE.checked)
    used = {model.source for model in FILE.models if model.source}
    assert not used - FILE.sources.keys(), "a row's source is a key of sources, at the top of data/models.json"
    assert all(FILE.sources.values())


def test_no_field_is_ignored() -> None:
    """A price allows fields that it does not know, as all types of the wire do, so a misspelt one would be lost."""
    known = {field.encode_name for field in msgspec.structs.fields(Price)}
    raw = json.loads(files("modelport.data").joinpath("models.json").read_bytes())["models"]
    unknown = [(row["provider"], row["id"], name) for row in raw for name in row.get("price", {}) if name not in known]
    assert unknown == [], "a price has no such field"


def test_every_provider_exists() -> None:
    assert {model.provider for model in FILE.models} <= ROWS.keys()


def test_a_name_stands_once_per_provider() -> None:
    names = [(model.provider, model.id) for model in FILE.models]
    assert len(names) == len(set(names))
    assert len(names) > 500


def test_the_models_of_the_reference_documents_come_first() -> None:
    for provider in ROWS:
        flags = [model.curated for model in FILE.models if model.provider == provider]
        assert flags == sorted(flags, reverse=True), provider


@pytest.mark.parametrize("provider", dict.fromkeys(model.provider for model in FILE.models))
def test_rows(provider: str) -> None:
    with together() as failures:
        for model in FILE.models:
            if model.provider == provider:
                with failures.of(model.id):
                    check_facts(model)


def check_facts(model: CatalogModel) -> None:
    facts = (model.context_window, model.max_output_tokens, model.tools, model.reasoning, model.price)
    assert model.source or facts == (None,) * 5, "facts need a source"
    assert (model.context_window or 1) > 0
    assert (model.max_output_tokens or 0) <= (model.context_window or 10**9)
    assert set(model.input_modalities or ()) <= {"text", "image", "audio", "video", "file"}
    assert set(model.capabilities) <= set(CAPABILITIES)
    if model.price:
        assert ROWS[model.provider].connection_type != "local", "local models cost nothing"
        assert (model.price.input_usd_per_mtok or 0) <= 600
        assert (model.price.output_usd_per_mtok or 0) <= 2400
        assert model.price.cache_read_usd_per_mtok is None or (
            0 < model.price.cache_read_usd_per_mtok <= (model.price.input_usd_per_mtok or 0)
        )
    if model.retires_on:
        assert date.fromisoformat(model.retires_on)
    if model.notice:
        assert model.notice.endswith(".")


def test_a_successor_is_served() -> None:
    by_name = {(model.provider, model.id): model for model in FILE.models}
    for model in FILE.models:
        if model.successor:
            successor = by_name[model.provider, model.successor]
            assert not successor.retired(TODAY), f"{model.provider}/{model.id}"
            assert successor.retires_on is None or (model.retires_on or "") <= successor.retires_on


def test_defaults_are_not_retired() -> None:
    for model in FILE.models:
        row = ROWS[model.provider]
        if row.default_model == model.id and row.status == "active":
            assert not model.retired(TODAY), f"{row.id}'s default is retired"


async def test_it_is_read_once() -> None:
    shipped = ShippedCatalog()
    assert await shipped.catalog() is await shipped.catalog()
    assert (await shipped.catalog()).find("deepseek", "deepseek-chat") is not None
