"""What the requests of one call use together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.spending.usage import Billing, Expected, Operation
from modelport.protocol import types


class OperationMeter:
    """Sums what the requests of one call have used. An estimate of a part makes the whole an estimate."""

    finish_reason = None

    def __init__(self, model: str, expected: Expected, operation: Operation) -> None:
        self.operation: Operation = operation
        self.parameters: Mapping[str, Any] = {}
        self._model = model
        self._expected = expected
        self._input_tokens = 0
        self._output_tokens = 0
        self._estimated = False
        self._used = False

    def expected(self) -> Expected:
        """What the call is expected to use, before it is sent."""
        return self._expected

    def add(self, input_tokens: int | None, output_tokens: int | None, guess: int) -> None:
        """Adds what one request used; ``guess`` stands for an input that the provider did not count."""
        self._used = True
        self._estimated = self._estimated or input_tokens is None
        self._input_tokens += guess if input_tokens is None else input_tokens
        self._output_tokens += output_tokens or 0

    def measured(self, started_s: float, ended_s: float) -> tuple[Billing, types.Usage]:
        """What is paid for, and the usage of the whole call; where nothing was used it is an estimate of nothing."""
        counts = TokenCounts(input=self._input_tokens, output=self._output_tokens)
        billing = Billing(counts=counts, estimated=self._estimated, models=(self._model,), by_tokens=self._used)
        return billing, types.Usage(
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            latency_ms=round((ended_s - started_s) * 1000, 3),
            usd_micros=None,
            estimated=self._estimated or not self._used,
        )
