"""Completes calls in any wire format over HTTP: sends, frames, decodes and translates failures."""

from __future__ import annotations

from functools import reduce

from modelport.adapters.dialects.reply_end import read_answer
from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.http import failures
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.listings import model_ids
from modelport.adapters.wire.request import HttpRequest, WireRequest, turn_headers
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.cures import Cure, cured, find_cure
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint, Verification, listing_endpoint
from modelport.protocol.types import ErrorKind

VERIFY_TIMEOUT_S = 15.0
MAX_CURES = 3
"""Cures in one call."""
MAX_REMEMBERED = 256
"""Models whose cures are remembered."""
REFUSALS = (400, 422)
NO_PROOF: frozenset[ErrorKind] = frozenset(
    {"forbidden", "network", "tls", "timeout", "rate_limited", "provider_unavailable", "invalid_response"}
)
"""Failures of a list on a host of its own that prove nothing about the host that completes, or the key there."""


class HttpCompleter:
    """A ``Completer`` for one wire format."""

    def __init__(self, wire: WireFormat, client: ProviderClient) -> None:
        self._wire = wire
        self._client = client
        self._cures: dict[tuple[str, str, str], tuple[Cure, ...]] = {}

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Sends the call and feeds the answer until the reply is over.

        A refusal that names its cure is cured and the request sent again; the model's later requests are cured at once.
        """
        endpoint = call.endpoint
        key = (endpoint.provider.id, endpoint.base_url, call.model)
        request = self._wire.request(call)
        body = reduce(cured, self._cures.get(key, ()), request.body)
        for remaining in reversed(range(MAX_CURES + 1)):
            try:
                await self._complete(call, answer, WireRequest(request.path, body))
            except RequestFailed as failed:
                refused = failed.http_status in REFUSALS and not answer.begun
                cure = find_cure(failed.message, body) if refused and remaining else None
                if cure is None:
                    raise
                body = cured(body, cure)
                self._remember(key, cure)
            else:
                return

    def _remember(self, key: tuple[str, str, str], cure: Cure) -> None:
        if len(self._cures) >= MAX_REMEMBERED and key not in self._cures:
            self._cures.pop(next(iter(self._cures)))
        self._cures[key] = (*self._cures.get(key, ()), cure)

    async def _complete(self, call: ModelCall, answer: Answer, request: WireRequest) -> None:
        wire, endpoint = self._wire, call.endpoint
        decoder = wire.decoder(call, answer)
        outgoing = HttpRequest(request.path, wire.headers | turn_headers(call), wire.key_header, request.body)
        async with self._client.post(endpoint, call.model, outgoing) as (response, idle):
            await read_answer(call, response, idle, wire.framing, decoder, answer)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads the clients that calls to the endpoint will need."""
        await self._client.prepare(endpoint)

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Lists the models, or requests the row's own path that proves a key for free."""
        proof, listing = endpoint.provider.wire.verify_path, self._wire.models_path(endpoint.provider)
        target = endpoint if proof else listing_endpoint(endpoint)
        path = proof or listing
        if not path or target is None:
            return Verification(verified=False, models=())
        try:
            models = await self._model_ids(target, path)
        except RequestFailed as failed:
            if target.base_url == endpoint.base_url or failed.kind not in NO_PROOF:
                raise
            return Verification(verified=False, models=())
        return Verification(verified=True, models=models if path == listing else ())

    async def _model_ids(self, endpoint: Endpoint, path: str) -> tuple[str, ...]:
        wire, model = self._wire, endpoint.provider.default_model or ""
        body = await self._client.get(
            endpoint, model, HttpRequest(path, wire.headers, wire.key_header), VERIFY_TIMEOUT_S
        )
        try:
            return model_ids(body)
        except NotUnderstood as error:
            raise failures.not_understood(endpoint, model, body, str(error)) from error
