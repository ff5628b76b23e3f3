"""``moderation/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def create_moderation(session: Session, params: types.CreateModerationParams) -> types.CreateModerationResult:
    """Checks texts for harmful content."""
    cases = await (await session.app()).operations.get()
    return await cases.moderations.create(params, session.caller())
