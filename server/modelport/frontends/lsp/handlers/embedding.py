"""``embedding/*``."""

from __future__ import annotations

import anyio.to_thread
import msgspec

from modelport.frontends.lsp.session import Session
from modelport.protocol import types

MOST_NUMBERS = 16_384
"""Numbers that are written on the event loop; more of them take a thread."""


async def create_embedding(
    session: Session, params: types.CreateEmbeddingParams
) -> types.CreateEmbeddingResult | msgspec.Raw:
    """Turns texts into vectors."""
    cases = await (await session.app()).operations.get()
    result = await cases.embeddings.create(params, session.caller())
    if sum(map(len, result.embeddings)) <= MOST_NUMBERS:
        return result
    return msgspec.Raw(await anyio.to_thread.run_sync(msgspec.json.encode, result))
