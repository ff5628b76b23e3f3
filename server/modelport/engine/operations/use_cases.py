"""The use cases other than completions in one object: all are loaded on first use of any."""

from __future__ import annotations

from msgspec import Struct

from modelport.engine.operations.balances import Balances
from modelport.engine.operations.embeddings import Embeddings
from modelport.engine.operations.images import Images
from modelport.engine.operations.moderations import Moderations
from modelport.engine.operations.token_counts import TokenCounts


class OperationCases(Struct, frozen=True, kw_only=True):
    """One object per use case."""

    embeddings: Embeddings
    images: Images
    moderations: Moderations
    token_counts: TokenCounts
    balances: Balances
