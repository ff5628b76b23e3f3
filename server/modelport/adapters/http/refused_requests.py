"""The failure for a reply that is no success, with the whole address that was requested.

A redirect is such a reply: none is followed, so that a key does not travel to another host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import MAX_REFUSAL_BYTES, read_capped
from modelport.adapters.http.refusal import kind_by_words, read_refusal
from modelport.borders import NOT_JSON
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.base_urls import shown
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_object

if TYPE_CHECKING:
    import httpx2

MAX_SHORT_BYTES = 1024
_NO_PATH = (
    "(404)",
    "(405)",
    "web page",
    "not found",
    "not allowed",
    "no route",
    "cannot ",
    "unexpected endpoint",
    "unknown",
    "invalid url",
    "invalid path",
)
"""What a server answers for a path that it does not have: nothing, a page, or some such words."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def path_is_missing(failure: RequestFailed) -> bool:
    """Whether a refusal is about the path, and not about what the path leads to."""
    said = failure.message.casefold()
    about_path = failure.kind == "invalid_response" and failure.http_status in (200, 404, 405)
    return about_path and any(word in said for word in _NO_PATH)


async def refuses_inside(response: httpx2.Response) -> bool:
    """Whether a good status holds nothing but the error of a path that is not there, as LM Studio answers.

    Only a short body of a known length is looked at; it can be read again.
    """
    length = response.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_SHORT_BYTES:
        return False
    try:
        value = msgspec.json.decode(await response.aread())
    except NOT_JSON:
        return False
    alone = is_object(value) and bool(value.get("error")) and len(value) == 1
    return alone and kind_by_words(read_refusal(value)) == "invalid_response"


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
