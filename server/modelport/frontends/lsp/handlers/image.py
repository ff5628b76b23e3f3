"""``image/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def create_image(session: Session, params: types.CreateImageParams) -> types.CreateImageResult:
    """Draws images."""
    cases = await (await session.app()).operations.get()
    return await cases.images.create(params, session.caller())
