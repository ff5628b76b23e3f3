"""What completions look up about targets and failures, as functions that the application gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.fitness import ModelFacts
from modelport.domain.providers.registry import Target

ErrorEnricher = Callable[[RequestFailed, ModelCall], Awaitable[None]]
"""Adds to a failure what to do about it, within a fraction of a second."""
DefaultModel = Callable[[Target], Awaitable[str | None]]
"""The model for a request that names only the provider; None where the row's default counts."""
FactsOf = Callable[[Target], Awaitable[ModelFacts]]
"""What is known of a target's model, without a request."""
