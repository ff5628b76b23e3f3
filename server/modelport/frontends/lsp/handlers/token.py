"""``token/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def count_token(session: Session, params: types.CountTokenParams) -> types.CountTokenResult:
    """Counts the tokens of an input."""
    cases = await (await session.app()).operations.get()
    return await cases.token_counts.count(params, session.caller())
