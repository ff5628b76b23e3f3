"""The use cases besides completions, together, so that they are loaded by whoever first needs one."""

from __future__ import annotations

from modelport.domain.operation import Operations
from modelport.domain.ports import Clock, UsageLedger
from modelport.domain.registry import Registry
from modelport.engine.balances import Balances
from modelport.engine.connections import Connections
from modelport.engine.embeddings import Embeddings
from modelport.engine.images import Images
from modelport.engine.moderations import Moderations
from modelport.engine.recorded_calls import Log, RecordedCalls
from modelport.engine.token_counts import TokenCounts


class OperationCases:
    """One object per use case."""

    def __init__(
        self,
        registry: Registry,
        connections: Connections,
        operations: Operations,
        ledger: UsageLedger,
        clock: Clock,
        log: Log,
    ) -> None:
        calls = RecordedCalls(registry, connections, ledger, clock, log)
        self.embeddings = Embeddings(calls, operations)
        self.images = Images(calls, operations)
        self.moderations = Moderations(calls, operations)
        self.token_counts = TokenCounts(connections, operations)
        self.balances = Balances(registry, connections, operations)
