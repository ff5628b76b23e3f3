"""``completion/*``."""

from __future__ import annotations

from collections.abc import Callable

from modelport.domain.completions.listener import NullListener
from modelport.frontends.lsp.session import Session
from modelport.frontends.lsp.updates import UpdateStream
from modelport.protocol import types


async def create_completion(session: Session, params: types.CreateCompletionParams) -> types.Completion:
    """Answers a conversation; with a stream id the deltas are sent as they arrive."""
    app = await session.app()
    title = f"Asking {params.model or params.provider or 'the model'}"
    with session.progress(params.work_done_token, title) as report:
        if params.stream_id is None:
            return await app.completions.create(params, _Unstreamed(session, report), session.origin())
        session.open_stream(params.stream_id)
        stream = _Streaming(params.stream_id, session, report)
        try:
            return await app.completions.create(params, stream, session.origin())
        finally:
            # The reply comes last, after every delta.
            session.outbox.collect(stream)
            session.close_stream(params.stream_id)


class _Unstreamed(NullListener):
    """Sends progress and the recorded call, and drops the deltas."""

    def __init__(self, session: Session, report: Callable[[str], None]) -> None:
        self._session = session
        self._report = report

    def progress(self, message: str) -> None:
        """Reports to a client that gave a token."""
        self._report(message)

    def recorded(self, call: types.Call) -> None:
        """Sends ``usage/updated``."""
        self._session.recorded(call, None)


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

    def recorded(self, call: types.Call) -> None:
        """Sends ``usage/updated``, after every delta of the call."""
        self._session.outbox.collect(self)
        self._session.recorded(call, self._stream_id)
