"""The log of requests to providers: where they went, how they ended, how long they took. Never content or a key."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from modelport.adapters.http.failures import REQUEST_IDS, clean
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2


class RequestLog:
    """One request in the log of its provider, such as ``modelport.providers.openai``, at level DEBUG."""

    def __init__(self, method: str, endpoint: Endpoint, model: str, path: str) -> None:
        self._log = logging.getLogger(f"modelport.providers.{endpoint.provider.id}")
        self._endpoint = endpoint
        self._on = self._log.isEnabledFor(logging.DEBUG)
        what = f"{method} {endpoint.base_url}{path.partition('?')[0]} for {model or 'no model'}" if self._on else ""
        self._what = clean(endpoint, what)
        self._began_s = time.monotonic()
        self._opened_s = 0.0

    def opened(self) -> None:
        """The head of the reply is there."""
        self._opened_s = time.monotonic()

    def ended(self, response: httpx2.Response) -> None:
        """The reply is over, read to its end or not."""
        if not self._on:
            return
        request_id = next((response.headers[name] for name in REQUEST_IDS if response.headers.get(name)), "none")
        request_id = clean(self._endpoint, request_id)
        self._log.debug(
            "%s: HTTP %d after %.0f ms, over after %.0f ms, %s bytes sent, %d received, request id %s",
            self._what,
            response.status_code,
            (self._opened_s - self._began_s) * 1000,
            (time.monotonic() - self._began_s) * 1000,
            response.request.headers.get("content-length", "0"),
            response.num_bytes_downloaded,
            request_id,
        )

    def failed(self, failure: RequestFailed) -> None:
        """There was no reply, or a refusal."""
        if self._on:
            self._log.debug(
                "%s: %s, HTTP %s, after %.0f ms, request id %s",
                self._what,
                failure.kind,
                failure.http_status or "none",
                (time.monotonic() - self._began_s) * 1000,
                failure.request_id or "none",
            )
