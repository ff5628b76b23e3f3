"""Every configuration that docs/teams.md shows is one without a mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.adapters.data.providers import load_registry
from modelport.domain.providers.registry_builder import build_registry

PAGE = Path(__file__).parents[2] / "docs" / "teams.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_sound_configuration(tmp_path: Path, example: str) -> None:
    (tmp_path / "config.toml").write_text(example, encoding="utf-8")
    read = LocalConfigurationFile(tmp_path).read()
    assert read.problems == ()
    assert read.configuration is not None
    registry, findings = build_registry(read.configuration, load_registry().all())
    assert findings == []
    assert (registry.telemetry is not None) == ("[telemetry]" in example)
