"""The soak of failover for some seconds, which shows that its counts agree. ``make soak`` is the real one."""

from __future__ import annotations

import sys

import pytest

from soak.failover import FailoverSoak


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes where Linux shows them")
@pytest.mark.timeout(120)
def test_attempts_rows_and_books_agree_in_some_seconds() -> None:
    soak = FailoverSoak(seconds=3, clients=2, seed=1, faults=0.5)
    soak.run()
    assert not soak.broken, soak.table()
    kinds = [one.kind for one in soak.outcomes]
    assert kinds.count("answered") > 0
    assert kinds.count("failed") > 0
    assert any(len(one.calls) > 1 for one in soak.outcomes)
