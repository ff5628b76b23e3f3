"""A short part of the fuzzing, always the same, for the gate. ``make fuzz`` does as much of it as is wanted."""

from __future__ import annotations

import os
from typing import Any

import pytest

from fuzz.campaign import run
from fuzz.client_side import ClientSide
from fuzz.files_side import FilesSide
from fuzz.provider_side import ProviderSide

SEED = 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("target", "rounds"),
    # Not the recorded exchanges, which not every machine has: the cases must be the same everywhere.
    [(ClientSide(), 4), (ProviderSide(recorded=False), 3), (FilesSide(), 1)],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.skipif(os.name == "nt", reason="links, modes and addresses of a POSIX system")
def test_nothing_that_is_sent_or_found_breaks_the_server(target: Any, rounds: int) -> None:
    report = run(target, SEED, rounds=rounds)
    assert not report.findings, "\n".join(map(str, report.findings))
