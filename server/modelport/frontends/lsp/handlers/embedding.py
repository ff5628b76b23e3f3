"""``embedding/*``."""

from __future__ import annotations

import anyio.to_thread
import msgspec

from modelport.borders import json_bytes
from modelport.frontends.lsp.session import Session
from modelport.protocol import types

MAX_NUMBERS_ON_LOOP = 16_384
"""A result of more numbers is encoded in a thread, to keep the event loop free."""


async def create_embedding(
    session: Session, params: types.CreateEmbeddingParams
) -> types.CreateEmbeddingResult | msgspec.Raw:
    """Turns texts into vectors."""
    cases = await (await session.app()).operations.get()
    result = await cases.embeddings.create(params, session.caller())
    if sum(map(len, result.embeddings)) <= MAX_NUMBERS_ON_LOOP:
        return result
    return msgspec.Raw(await anyio.to_thread.run_sync(json_bytes, result))
