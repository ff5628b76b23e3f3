"""``diagnostics/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def run_diagnostics(session: Session, params: types.RunDiagnosticsParams) -> types.RunDiagnosticsResult:
    """Checks this installation."""
    return await (await session.app()).diagnostics.run()
