"""Nothing is left of a server and its programs, whenever and however an editor or the server dies."""

from __future__ import annotations

import sys

import pytest

from soak.deaths import MOMENTS, deaths, table

DEATHS = 3 * len(MOMENTS)
PATIENCE_S = 30.0
"""The machine may be busy; ``deaths.py`` itself has less."""


@pytest.mark.skipif(sys.platform != "linux", reason="what belongs to a death is read from /proc")
@pytest.mark.timeout(300)
def test_nothing_is_left_after_a_death_at_any_moment() -> None:
    found = deaths(DEATHS, seed=DEATHS, left_after_s=PATIENCE_S)
    assert not [death for death in found if death.left], table(found)
    assert {death.moment for death in found} == set(MOMENTS)
