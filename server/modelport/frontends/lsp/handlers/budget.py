"""``budget/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def list_budget(session: Session, params: types.ListBudgetParams) -> types.ListBudgetResult:
    """Lists the budgets of the configuration file."""
    core = (await session.app()).core
    return await (await core.budgets.get()).reports.list(session.origin().session or "")
