"""Loads the use cases besides completions; import-heavy, so call it in a worker thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from modelport.app.core import Core
from modelport.engine.providers.connections import Connections

if TYPE_CHECKING:
    from modelport.engine.operations.use_cases import OperationCases


def load_operations(core: Core, connections: Connections) -> OperationCases:
    """Embeddings, images, moderations, token counts and credit over one client's connections."""
    from modelport.adapters.operations.sender import Sender
    from modelport.adapters.operations.table import HttpOperations
    from modelport.engine.local.operations import LocalOperations
    from modelport.engine.operations.attempts import KeyAttempts
    from modelport.engine.operations.balances import Balances
    from modelport.engine.operations.calls import OperationCalls
    from modelport.engine.operations.embeddings import Embeddings
    from modelport.engine.operations.images import Images
    from modelport.engine.operations.moderations import Moderations
    from modelport.engine.operations.refusals import Refusals
    from modelport.engine.operations.token_counts import TokenCounts
    from modelport.engine.operations.use_cases import OperationCases

    operations = HttpOperations(Sender(core.provider_client.get_now()))
    local = LocalOperations(operations, core.local_models)
    refusals = partial(Refusals, core.circuits, core.key_warnings)
    attempts = KeyAttempts(connections, core.circuits, core.clock.now_ms, refusals)
    calls = OperationCalls(connections, core.recorder, attempts)
    return OperationCases(
        embeddings=Embeddings(calls, local),
        images=Images(calls, operations),
        moderations=Moderations(calls, operations),
        token_counts=TokenCounts(connections, local, attempts),
        balances=Balances(core.registry, connections, operations),
    )
