"""The operations that the engine uses, a module for each."""

from __future__ import annotations

from modelport.adapters.operations import balances, embeddings, images, moderations, token_counts
from modelport.adapters.operations.sender import Sender
from modelport.domain.operations.calls import (
    CountCall,
    Credit,
    CreditCall,
    Drawn,
    Embedded,
    EmbeddingCall,
    ImageCall,
    Judged,
    ModerationCall,
    TokenCount,
)


class HttpOperations:
    """The operations over HTTP, and the mock's."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """The vectors of one batch."""
        return await embeddings.embed(self._sender, call)

    async def draw(self, call: ImageCall) -> Drawn:
        """The images of a call."""
        return await images.draw(self._sender, call)

    async def moderate(self, call: ModerationCall) -> Judged:
        """The judgements of a call."""
        return await moderations.moderate(self._sender, call)

    async def count(self, call: CountCall) -> TokenCount | None:
        """The provider's count; None where it has no endpoint for it."""
        return await token_counts.count(self._sender, call)

    async def credit(self, call: CreditCall) -> Credit:
        """The balances of the account."""
        return await balances.credit(self._sender, call)
