"""Verifies a connection over HTTP: what the models' list, or a free path of the row, proves of address and key."""

from __future__ import annotations

from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.http import failures
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.listings import model_ids
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint, Verification, listing_endpoint
from modelport.protocol.types import ErrorKind

VERIFY_TIMEOUT_S = 15.0
NO_PROOF: frozenset[ErrorKind] = frozenset(
    {"forbidden", "network", "tls", "timeout", "rate_limited", "provider_unavailable", "invalid_response"}
)
"""Failures of a list on a host of its own that prove nothing about the host that completes, or the key there."""


async def verify(wire: WireFormat, client: ProviderClient, endpoint: Endpoint) -> Verification:
    """Lists the models, or requests the row's own path that proves a key for free.

    Raises:
        RequestFailed: the address or the key is wrong, or nothing answers.
    """
    proof, listing = endpoint.provider.wire.verify_path, wire.models_path(endpoint.provider)
    target = endpoint if proof else listing_endpoint(endpoint)
    path = proof or listing
    if not path or target is None:
        return Verification(verified=False, models=())
    try:
        models = await _model_ids(wire, client, target, path)
    except RequestFailed as failed:
        if target.base_url == endpoint.base_url or failed.kind not in NO_PROOF:
            raise
        return Verification(verified=False, models=())
    return Verification(verified=True, models=models if path == listing else ())


async def _model_ids(wire: WireFormat, client: ProviderClient, endpoint: Endpoint, path: str) -> tuple[str, ...]:
    model = endpoint.provider.default_model or ""
    body = await client.get(endpoint, model, HttpRequest(path, wire.headers, wire.key_header), VERIFY_TIMEOUT_S)
    try:
        return model_ids(body)
    except ProviderRefused as refused:
        raise failures.refused_inside(endpoint, model, refused.error) from refused
    except NotUnderstood as error:
        raise failures.not_understood(endpoint, model, body, str(error)) from error
