"""Completes calls in any wire format over HTTP: sends, frames, decodes and translates failures."""

from __future__ import annotations

from functools import reduce

from msgspec.structs import replace

from modelport.adapters.dialects.reply_end import read_answer
from modelport.adapters.dialects.verification import verify
from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest, WireRequest, turn_headers
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.cures import AnyCure, PathCure, cured, find_cure, find_path_cure, is_lasting
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint, Verification

MAX_CURES = 3
"""Cures in one call."""
MAX_REMEMBERED = 256
"""Models whose cures are remembered."""
REFUSALS = (400, 422)
FORBIDDEN = 403
NOT_FOUND = 404


class HttpCompleter:
    """A ``Completer`` for one wire format."""

    def __init__(self, wire: WireFormat, client: ProviderClient) -> None:
        self._wire = wire
        self._client = client
        self._cures: dict[tuple[str, str, str], tuple[AnyCure, ...]] = {}

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Sends the call and feeds the answer until the reply is over.

        A refusal that names its cure is cured and the request sent again; the model's later requests are cured at once.
        """
        request = self._wire.request(call)
        key = (call.endpoint.provider.id, call.endpoint.base_url, call.model)
        known = self._cures.get(key, ())
        found: tuple[AnyCure, ...] = ()
        while True:
            changed = reduce(_cured, (*known, *found), request)
            try:
                await self._complete(call, answer, changed)
                break
            except RequestFailed as failed:
                may_be_cured = not answer.begun and len(found) < MAX_CURES
                cure = _cure(failed, changed) if may_be_cured else None
                if cure is None:
                    raise
                found += (cure,)
        if lasting := tuple(cure for cure in found if is_lasting(cure)):
            self._remember(key, (*known, *lasting))

    def _remember(self, key: tuple[str, str, str], cures: tuple[AnyCure, ...]) -> None:
        if len(self._cures) >= MAX_REMEMBERED and key not in self._cures:
            self._cures.pop(next(iter(self._cures)))
        self._cures[key] = cures

    async def _complete(self, call: ModelCall, answer: Answer, request: WireRequest) -> None:
        wire, endpoint = self._wire, call.endpoint
        decoder = wire.decoder(call, answer)
        outgoing = HttpRequest(request.path, wire.headers | turn_headers(call), wire.key_header, request.body)
        used = [endpoint]
        async with self._client.post(endpoint, call.model, outgoing, used.append) as (response, idle):
            answer.sent_with(used[-1])
            sent = replace(call, endpoint=endpoint.with_secrets_of(used[-1]))
            await read_answer(sent, response, idle, wire.framing, decoder, answer)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads the clients that calls to the endpoint will need."""
        await self._client.prepare(endpoint)

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Lists the models, or requests the row's own path that proves a key for free."""
        return await verify(self._wire, self._client, endpoint)


def _cure(failed: RequestFailed, request: WireRequest) -> AnyCure | None:
    if failed.http_status == FORBIDDEN:
        return find_path_cure(failed.message, request.path)
    if failed.http_status not in (*REFUSALS, NOT_FOUND):
        return None
    cure = find_cure(failed.message, request.body)
    # What is not found may be a part of the conversation, and else is no field of the request.
    return cure if cure is not None and (failed.http_status != NOT_FOUND or not is_lasting(cure)) else None


def _cured(request: WireRequest, cure: AnyCure) -> WireRequest:
    if isinstance(cure, PathCure):
        return WireRequest(request.path.removesuffix(cure.end) + cure.other, request.body)
    return WireRequest(request.path, cured(request.body, cure))
