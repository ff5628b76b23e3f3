"""The failure for a reply that is no success, with the whole address that was requested.

A redirect is such a reply: none is followed, so that a key does not travel to another host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import MAX_REFUSAL_BYTES, read_capped
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.base_urls import shown
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def refused_request(endpoint: Endpoint, model: str, path: str, response: httpx2.Response) -> RequestFailed:
    """The failure for a request for ``path`` that was refused or redirected; reads the body."""
    status, headers = response.status_code, response.headers
    if status in REDIRECTS and headers.get("location"):
        return _redirected(endpoint, model, status, path, headers["location"])
    body = await read_capped(response, MAX_REFUSAL_BYTES, cut=True)
    asked = endpoint.redact(shown(endpoint.request_url(path)))
    return failures.refused(replace(endpoint, base_url=asked, query=""), model, status, headers, body)


def _redirected(endpoint: Endpoint, model: str, status: int, path: str, location: str) -> RequestFailed:
    """The failure for a redirect: where it points, and the base URL to write instead."""
    asked = endpoint.request_url(path)
    target, other = _target(asked, location, path.partition("?")[0].rstrip("/"))
    if other is None or other == endpoint.base_url:
        action = "check the base URL, and whether a log-in page or a proxy is in the way"
    else:
        action = f"write {failures.clean(endpoint, shown(other))} as the base URL if that is the right server"
    places = (failures.clean(endpoint, shown(url)) for url in (asked, target))
    return RequestFailed(
        "invalid_response",
        f"{endpoint.provider.display_name} redirects {' to '.join(places)} ({status}), and a key is not sent after it: "
        f"{action}.",
        provider=endpoint.provider.id,
        model=model,
        http_status=status,
        action=action,
    )


def _target(asked: str, location: str, path: str) -> tuple[str, str | None]:
    """The whole address that a redirect points to, and the base URL in it where the request's own path is its end."""
    try:
        target = urljoin(asked, location)
        parts = urlsplit(target)
    except ValueError:
        return location, None
    folders = parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or not folders.endswith(path):
        return target, None
    return target, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{folders.removesuffix(path)}"
