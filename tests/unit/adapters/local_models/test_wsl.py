"""Whether the server of model files runs in WSL."""

from __future__ import annotations

import pytest

from modelport.adapters.local_models.wsl import runs_in_wsl
from modelport.domain.providers.configuration import LocalModelsEntry


@pytest.mark.parametrize(
    ("setting", "there", "in_wsl"),
    [
        (None, {"wsl.exe"}, True),
        (None, {"wsl.exe", "llama-server"}, False),
        (None, set(), False),
        (True, set(), True),
        (False, {"wsl.exe"}, False),
    ],
)
def test_on_windows(setting: bool | None, there: set[str], in_wsl: bool) -> None:
    entry = LocalModelsEntry(folder="m", wsl=setting)
    found = runs_in_wsl(entry, windows=True, which=lambda name: name if name in there else None)
    assert found is in_wsl
    assert not runs_in_wsl(entry, windows=False, which=lambda name: name)
