"""Reading the provider rows. What they hold is checked by tests/contract/test_providers.py."""

from __future__ import annotations

import json

import msgspec
import pytest

from modelport.adapters.data.providers import ProviderFile, load_registry
from modelport.domain.providers.rows import Provider

ROW = {
    "id": "acme",
    "display_name": "Acme",
    "adapter": "openai_compatible",
    "dialect": "openai_chat",
    "connection_type": "byok",
    "category": "Model Hosts",
    "auth": "bearer",
    "requires_api_key": True,
    "checked": "2026-11-20",
    "source": "made up",
}


def read(*rows: object) -> tuple[Provider, ...]:
    return msgspec.json.decode(json.dumps({"provider": rows}), type=ProviderFile).provider


def test_the_rows_that_ship_are_read() -> None:
    assert load_registry().get("openai").display_name == "OpenAI"


def test_rows_are_typed_and_in_their_order() -> None:
    first, second = read(ROW, {**ROW, "id": "beta", "wire": {"seed_field": "random_seed"}})
    assert (first.id, second.id, second.wire.seed_field) == ("acme", "beta", "random_seed")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_ur1": "https://x"}, "base_ur1"),
        ({"dialect": "smoke"}, "'smoke' - at `\\$.provider\\[0\\].dialect`"),
        ({"category": "Hosted"}, "'Hosted' - at `\\$.provider\\[0\\].category`"),
    ],
)
def test_a_row_that_does_not_fit_is_a_defect(change: dict[str, object], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        read({**ROW, **change})
