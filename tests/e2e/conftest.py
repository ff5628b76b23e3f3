"""Servers for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.server_process import ServerProcess


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    """A server that has been initialised, and must have said nothing that the test did not claim."""
    with ServerProcess() as running:
        running.initialize()
        yield running
        if running.process.poll() is None:
            assert running.close() == 0
