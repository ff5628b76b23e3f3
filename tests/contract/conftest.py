"""What the contract suites share."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import settings

from modelport.adapters.usage_ledgers import sqlite

# The same examples in every run, so that a red gate is red again on the next machine; no clock, since machines differ.
settings.register_profile("modelport", derandomize=True, deadline=None)
settings.load_profile("modelport")


def pytest_collection_finish() -> None:
    """Loads the vendors' clients before the first test: on a busy machine that alone takes as long as a test may."""
    for name in (
        "anthropic.resources.messages",
        "openai.resources.chat",
        "openai.resources.responses",
        "botocore.session",
    ):
        import_module(name)


@pytest.fixture
def patient_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger replies when its thread is done with a call, however busy the machine is: it does not give up before."""
    monkeypatch.setattr(sqlite, "REPLY_WITHIN_S", 15.0)
