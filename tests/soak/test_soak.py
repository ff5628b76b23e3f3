"""A soak of two seconds, which only shows that the soak itself works. ``make soak`` is the real one."""

from __future__ import annotations

import sys

import pytest

from soak.__main__ import Soak


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes where Linux shows them")
@pytest.mark.timeout(90)
def test_nothing_is_lost_doubled_or_left_behind_in_two_seconds() -> None:
    soak = Soak(seconds=2, clients=3, streams=9, seed=1)
    soak.run()
    assert not soak.broken, soak.table()
    assert soak.outcomes["answered"] > 0
