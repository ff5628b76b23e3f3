"""Reading the provider rows. What they hold is checked by tests/contract/test_providers.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from modelport.adapters.data import providers as provider_data
from modelport.adapters.data.providers import load_registry

ROW = """
[[provider]]
id = "acme"
display_name = "Acme"
adapter = "openai_compatible"
dialect = "openai_chat"
connection_type = "byok"
category = "Model Hosts"
auth = "bearer"
requires_api_key = true
checked = "2026-11-20"
source = "made up"
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data file in a folder of the test's own."""
    monkeypatch.setattr(provider_data, "files", lambda package: tmp_path)
    return tmp_path / "providers.toml"


def test_the_rows_that_ship_are_read() -> None:
    assert load_registry().get("openai").display_name == "OpenAI"


def test_rows_are_typed_and_in_their_order(data: Path) -> None:
    data.write_text(
        ROW + ROW.replace("acme", "beta") + '[provider.wire]\nseed_field = "random_seed"\n', encoding="utf-8"
    )
    first, second = load_registry().all()
    assert (first.id, second.id, second.wire.seed_field) == ("acme", "beta", "random_seed")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (ROW + 'base_ur1 = "https://x"\n', msgspec.ValidationError, "providers.toml, acme: .*base_ur1"),
        (ROW.replace("openai_chat", "smoke"), msgspec.ValidationError, "acme: .*'smoke' - at `\\$.dialect`"),
        (ROW.replace("Model Hosts", "Hosted"), msgspec.ValidationError, "acme: .*'Hosted' - at `\\$.category`"),
        (ROW.replace('id = "acme"\n', ""), msgspec.ValidationError, "a row without an id: .*`id`"),
        (ROW + ROW.replace('"acme"', '"ACME"'), ValueError, "called 'ACME'"),
    ],
)
def test_a_row_that_does_not_fit_is_a_defect(data: Path, text: str, error: Any, message: str) -> None:
    data.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        load_registry()
