"""OpenCode's list of models: of every service that it is logged in to, its own first."""

from __future__ import annotations

import json

import pytest

from modelport.adapters.dialects.opencode.models import read_models
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.models.listing import ListedModel
from modelport.protocol.types import Price
from support.fake_opencode import services


def test_every_model_with_its_service_price_and_limits() -> None:
    models = read_models(json.dumps(services()).encode())
    assert [model.id for model in models] == ["opencode/big-pickle", "opencode/other-free", "fake/plain", "fake/think"]
    assert models[0] == ListedModel(
        id="opencode/big-pickle",
        display_name="Big Pickle",
        context_window=8000,
        max_output_tokens=1000,
        input_modalities=("text", "image"),
        tools=False,
        reasoning=True,
        price=Price(input_usd_per_mtok=0, output_usd_per_mtok=0),
    )
    assert models[2].price == Price(input_usd_per_mtok=2, output_usd_per_mtok=4, cache_read_usd_per_mtok=0.5)


def test_what_is_missing_is_unknown() -> None:
    listed = {"providers": [{"id": "x", "models": {"m": {"id": "m", "limit": {"context": 0}}}}, {"id": "y"}]}
    assert read_models(json.dumps(listed).encode()) == [ListedModel(id="x/m", tools=False)]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"providers": 5}'])
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises((NotUnderstood, ProviderRefused)):
        read_models(body)
