"""The forms that a provider's row may name, beside the modules that write their requests."""

from __future__ import annotations

from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

from modelport.adapters.operations import embeddings, images, token_counts
from modelport.domain.providers.wire.operations import BATCHES, EmbeddingsWire, ImagesWire, TokenCountWire

WITHOUT_A_REQUEST = {"mock", "other"}


def forms_of(wire: Any) -> set[str]:
    """The forms that a row may name."""
    literal, _ = get_args(get_type_hints(wire)["form"])
    return set(get_args(literal))


@pytest.mark.parametrize(
    ("wire", "module"), [(EmbeddingsWire, embeddings), (ImagesWire, images), (TokenCountWire, token_counts)]
)
def test_every_form_has_a_request(wire: Any, module: ModuleType) -> None:
    missing = forms_of(wire) - WITHOUT_A_REQUEST - module._FORMS.keys()
    assert not missing, f"_FORMS of {module.__name__} has no entry for {sorted(missing)}"


def test_every_form_of_embeddings_has_a_batch() -> None:
    missing = forms_of(EmbeddingsWire) - {"other"} - BATCHES.keys()
    assert not missing, f"BATCHES in domain/providers/operation_wire.py has no entry for {sorted(missing)}"
