"""``completion/*``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelport.domain.completions.listener import NullListener
from modelport.engine.time_limit import TimeLimit
from modelport.frontends.lsp.handlers.titles import asking
from modelport.frontends.lsp.session import Session
from modelport.frontends.lsp.updates import UpdateStream
from modelport.protocol import types


async def create_completion(session: Session, params: types.CreateCompletionParams) -> types.Completion:
    """Answers a conversation; with a stream id the deltas are sent as they arrive."""
    limit = TimeLimit(params.timeout_ms)
    # The id is reserved before the first await: of two requests with the same id, the earlier one gets it.
    with session.reserved(params.stream_id), session.progress(params.work_done_token, asking(params)) as report:
        app = await limit.within(session.app)
        if params.stream_id is None:
            return await (await app.completions.get()).create(
                params, _Unstreamed(session, report), session.origin(), limit
            )
        stream = _Streaming(params.stream_id, session, report)
        try:
            return await (await app.completions.get()).create(params, stream, session.origin(), limit)
        finally:
            # The reply comes last, after every delta.
            session.outbox.collect(stream)


class _Unstreamed(NullListener):
    """Sends progress and the recorded call, and drops the deltas."""

    def __init__(self, session: Session, report: Callable[[str], None]) -> None:
        self._session = session
        self._report = report

    def progress(self, message: str) -> None:
        """Reports to a client that gave a token."""
        self._report(message)

    def warning(self, message: str) -> None:
        """Shows it to the user, or sends it for the log."""
        self._session.warn(message)

    def recorded(self, call: types.Call, budgets: Sequence[types.BudgetStatus]) -> None:
        """Sends ``usage/updated``."""
        self._session.recorded(call, budgets)


class _Streaming(UpdateStream):
    """Sends deltas, progress and the recorded call."""

    def __init__(self, stream_id: str, session: Session, report: Callable[[str], None]) -> None:
        super().__init__(stream_id, session.outbox)
        self._session = session
        self._report = report
        self._stream_id = stream_id

    def progress(self, message: str) -> None:
        """Reports to a client that gave a token."""
        self._report(message)

    def warning(self, message: str) -> None:
        """Shows it to the user, or sends it for the log."""
        self._session.warn(message)

    def recorded(self, call: types.Call, budgets: Sequence[types.BudgetStatus]) -> None:
        """Sends ``usage/updated``, after every delta of the call."""
        self._session.outbox.collect(self)
        self._session.recorded(call, budgets, self._stream_id)
