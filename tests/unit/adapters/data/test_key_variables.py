"""The names of the variables with keys."""

from __future__ import annotations

from modelport.adapters.data.key_variables import load_key_variables
from modelport.adapters.data.providers import load_registry


def test_they_are_those_of_all_rows() -> None:
    names = load_key_variables()
    assert "OPENAI_API_KEY" in names
    assert names == {name for row in load_registry().all() for name in row.api_key_env_vars}
