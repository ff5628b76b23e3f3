"""Lists the models of a provider page by page."""

from __future__ import annotations

from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.models.reading import read_list
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.provider_client.reply_opener import SentWith, ignore
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.models.listing import Listing
from modelport.domain.providers.connection import Endpoint

PAGE_TIMEOUT_S = 15.0
"""For one page."""
MAX_PAGES = 50


async def list_pages(
    client: ProviderClient,
    endpoint: Endpoint,
    wire: WireFormat,
    path: str,
    known: Listing | None,
    sent_with: SentWith = ignore,
) -> Listing:
    """All pages of a provider's list as one. Only a list of one page has an ``ETag`` to send the next time.

    ``sent_with`` gets the endpoint with the token of a log-in, which the list must not repeat.

    Raises:
        RequestFailed: a page did not come, or is not a list.
    """
    conditional = {"If-None-Match": known.etag} if known and known.etag else {}
    outgoing = HttpRequest(path, {**wire.headers, **conditional}, wire.key_header)
    reply = await client.fetch("GET", endpoint, "", outgoing, PAGE_TIMEOUT_S, sent_with)
    if not reply.changed and known:
        return known
    page = await read_list(endpoint, reply.body)
    if page.more is None:
        return Listing(models=page.models, etag=reply.etag)
    models, requested = {model.id: model for model in page.models}, {page.more}
    while page.more and len(requested) < MAX_PAGES:
        further = HttpRequest(path + ("&" if "?" in path else "?") + page.more, wire.headers, wire.key_header)
        page = await read_list(endpoint, await client.get(endpoint, "", further, PAGE_TIMEOUT_S))
        models |= {model.id: model for model in page.models if model.id not in models}
        if page.more in requested:
            break
        requested.add(page.more or "")
    return Listing(models=tuple(models.values()))
