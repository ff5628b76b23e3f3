"""Loads the use cases besides completions; import-heavy, so call it in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelport.app.core import Core
from modelport.engine.providers.connections import Connections

if TYPE_CHECKING:
    from modelport.engine.operations.use_cases import OperationCases


def load_operations(core: Core, connections: Connections) -> OperationCases:
    """Embeddings, images, moderations, token counts and credit over one client's connections."""
    from modelport.adapters.operations.sender import Sender
    from modelport.adapters.operations.table import HttpOperations
    from modelport.engine.calls.recorder import RecordedCalls
    from modelport.engine.local.operations import LocalOperations
    from modelport.engine.operations.balances import Balances
    from modelport.engine.operations.embeddings import Embeddings
    from modelport.engine.operations.images import Images
    from modelport.engine.operations.moderations import Moderations
    from modelport.engine.operations.token_counts import TokenCounts
    from modelport.engine.operations.use_cases import OperationCases

    operations = LocalOperations(HttpOperations(Sender(core.provider_client)), core.local_models)
    calls = RecordedCalls(core.registry, connections, core.ledger, core.clock, core.log)
    return OperationCases(
        embeddings=Embeddings(calls, operations),
        images=Images(calls, operations),
        moderations=Moderations(calls, operations),
        token_counts=TokenCounts(connections, operations),
        balances=Balances(core.registry, connections, operations),
    )
