"""``completion/*``."""

from __future__ import annotations

from modelport.domain.listener import Silence
from modelport.frontends.lsp.session import Session
from modelport.frontends.lsp.updates import UpdateStream
from modelport.protocol import types


async def create_completion(session: Session, params: types.CreateCompletionParams) -> types.Completion:
    """Answers a conversation; with a stream id the deltas go out while the answer is made."""
    app = await session.app()
    with session.progress(params.work_done_token, f"Asking {params.model or params.provider or 'the model'}"):
        if params.stream_id is None:
            return await app.completions.create(params, _Quiet(session), session.origin())
        session.open_stream(params.stream_id)
        stream = _Streaming(params.stream_id, session)
        try:
            return await app.completions.create(params, stream, session.origin())
        finally:
            # The reply comes last, after every delta.
            session.outbox.collect(stream)
            session.close_stream(params.stream_id)


class _Quiet(Silence):
    """Listens for the record of the call only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recorded(self, call: types.Call) -> None:
        """Tells the client."""
        self._session.recorded(call, None)


class _Streaming(UpdateStream):
    """Sends deltas, and the record of the call."""

    def __init__(self, stream_id: str, session: Session) -> None:
        super().__init__(stream_id, session.outbox)
        self._session = session
        self._stream_id = stream_id

    def recorded(self, call: types.Call) -> None:
        """Tells the client, after every delta of the call."""
        self._session.outbox.collect(self)
        self._session.recorded(call, self._stream_id)
