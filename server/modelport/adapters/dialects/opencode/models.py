"""Reads the models that OpenCode's server can use, of every service that it is logged in to.

Source: OpenCode server, ``GET /config/providers`` in its OpenAPI document (``/doc``), 1.18.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import Needed, decode
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.types import Price

PATH = "/config/providers"
TIMEOUT_S = 30.0
"""For the first request it loads its settings."""
OWN_SERVICE = "opencode"


class _Cache(Struct):
    read: float | None = None
    write: float | None = None


class _Cost(Struct):
    input: float | None = None
    output: float | None = None
    cache: _Cache | None = None


class _Limit(Struct):
    context: int | None = None
    output: int | None = None


class _Capabilities(Struct):
    reasoning: bool | None = None
    input: dict[str, bool] | None = None


class _Model(Struct):
    id: str = ""
    name: str | None = None
    cost: _Cost | None = None
    limit: _Limit | None = None
    capabilities: _Capabilities | None = None


class _Service(Struct):
    id: str = ""
    models: dict[str, _Model] = {}


class _Services(Struct):
    providers: Needed[list[_Service]]


_SERVICES = msgspec.json.Decoder(_Services)


class OpenCodeModels:
    """Lists the models of OpenCode's server."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    async def listing(self, endpoint: Endpoint) -> Listing:
        """All of them, those of OpenCode's own service first.

        Raises:
            RequestFailed: the server does not answer, or not with a list.
        """
        body = await self._client.get(endpoint, "", HttpRequest(PATH, {}, "Authorization"), TIMEOUT_S)
        try:
            return Listing(models=tuple(read_models(body)))
        except (NotUnderstood, ProviderRefused) as error:
            raise failures.not_understood(endpoint, "", body, str(error)) from error


def read_models(body: bytes) -> list[ListedModel]:
    """The models of a reply, each under ``SERVICE/MODEL``.

    Raises:
        NotUnderstood: it is no list.
        ProviderRefused: it is an error.
    """
    services = decode(_SERVICES, body).providers
    services.sort(key=lambda service: service.id != OWN_SERVICE)
    return [_listed(service.id, name, model) for service in services for name, model in service.models.items()]


def _listed(service: str, name: str, model: _Model) -> ListedModel:
    able, limit = model.capabilities or _Capabilities(), model.limit or _Limit()
    return ListedModel(
        id=f"{service}/{name}",
        display_name=model.name,
        context_window=limit.context or None,
        max_output_tokens=limit.output or None,
        input_modalities=tuple(kind for kind, taken in (able.input or {}).items() if taken) or None,
        # It calls its own tools, and never one of the client.
        tools=False,
        reasoning=able.reasoning,
        price=_price(model.cost),
    )


def _price(cost: _Cost | None) -> Price | None:
    """US dollars per million tokens; a model without a charge is one that costs nothing."""
    if cost is None or cost.input is None or cost.output is None:
        return None
    cache = cost.cache or _Cache()
    return Price(
        input_usd_per_mtok=cost.input,
        output_usd_per_mtok=cost.output,
        cache_read_usd_per_mtok=cache.read or None,
        cache_write_usd_per_mtok=cache.write or None,
    )
