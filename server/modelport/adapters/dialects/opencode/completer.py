"""Completes calls on OpenCode's server, each in a session of its own.

Source: OpenCode server, its OpenAPI document (``/doc``), 1.18.
"""

from __future__ import annotations

import anyio
from msgspec.structs import replace

from modelport.adapters.dialects.opencode.decoder import SessionDecoder
from modelport.adapters.dialects.opencode.models import OpenCodeModels
from modelport.adapters.dialects.opencode.request import prompt
from modelport.adapters.dialects.opencode.session import Session
from modelport.adapters.dialects.reply_end import read_answer
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.connection import Endpoint, Verification


class OpenCode:
    """A ``Completer``."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Answers the call in a session, which is ended with the call, however that ends."""
        message, session = prompt(call), Session(self._client, call)
        answer.sent_with(call.endpoint)
        await session.create()
        decoder = SessionDecoder(session, answer)
        try:
            async with session.events(message) as (events, idle):
                await read_answer(_as_client(call), events, idle, "sse", decoder, answer)
        finally:
            with anyio.CancelScope(shield=True):
                await session.end()

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads the client that calls to the endpoint will need."""
        await self._client.prepare(endpoint)

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Lists the models, which the server lists for no client without its password."""
        listing = await OpenCodeModels(self._client).listing(endpoint)
        return Verification(verified=True, models=tuple(model.id for model in listing.models))


def _as_client(call: ModelCall) -> ModelCall:
    """The call without the server's password: what a service behind it refuses is OpenCode's own log-in."""
    row = call.endpoint.provider
    if row.program is None:
        return call
    credential = replace(call.endpoint.credential, secret=None)
    return replace(call, endpoint=replace(call.endpoint, credential=credential, key_withheld=row.program.log_in))
