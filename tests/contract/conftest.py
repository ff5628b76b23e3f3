"""What the contract suites share."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, so that a red gate is red again on the next machine; no clock, since machines differ.
settings.register_profile("modelport", derandomize=True, deadline=None)
settings.load_profile("modelport")
