"""The page about keys names what the protocol has, and the tables say no more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from modelport.adapters.credential_stores.file import FILE_NAME
from modelport.engine.providers.default_chain import SOURCES
from modelport.engine.providers.secret_sources import PASSPHRASE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
MODEL = json.loads((ROOT / "protocol" / "model.json").read_text(encoding="utf-8"))


def values(enumeration: str) -> list[str]:
    (found,) = [one for one in MODEL["enumerations"] if one["name"] == enumeration]
    return [value["value"] for value in found["values"]]


def column(head: str, number: int = 0) -> list[str]:
    """The names in a column of the table with this head."""
    rows = PAGE.partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.split("|")[1 + number] for row in rows]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(
    ("head", "enumeration"), [("| `id` | what it is", "CredentialStoreId"), ("| `state` |", "CredentialStoreState")]
)
def test_a_table_has_the_values_of_the_protocol_in_their_order(head: str, enumeration: str) -> None:
    assert column(head) == values(enumeration)


def test_the_order_has_every_source_and_is_that_of_the_engine() -> None:
    order = column("| place | `source` |", 1)
    found = [source for source in order[4:] if source in SOURCES]
    assert tuple(dict.fromkeys(found)) == SOURCES
    assert set(order) | {"none", "notRequired"} == set(values("CredentialSource"))
    assert all(f"`{source}`" in PAGE for source in values("CredentialSource"))


def test_it_names_the_file_the_variable_and_what_has_to_be_said_of_each_place() -> None:
    assert FILE_NAME in PAGE
    assert PASSPHRASE in PAGE
    for place in ("Containers", "SSH", "WSL", "Snap", "CI"):
        (paragraph,) = [one for one in PAGE.split("\n\n") if one.startswith(f"**{place}")]
        assert "Tried: " in paragraph or place == "CI"
