"""Requests a token from a vendor, over the shared pool, and translates failures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import anyio
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import MAX_REFUSAL_BYTES, read_capped
from modelport.adapters.http.pool import HttpPool, network
from modelport.borders import NOT_JSON
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

TIMEOUT_S = 20.0
MAX_LIFE_S = 366 * 24 * 3600.0
"""Of a token; one that is said to last longer is requested again after this time."""


class Token(Struct, frozen=True):
    """A short-lived token, when it ends (seconds since 1970), and the address it is good for."""

    secret: Secret
    ends_s: float
    base_url: str | None = None

    def fresh(self, margin_s: float) -> bool:
        """Whether it lasts for a while yet."""
        return time.time() + margin_s < self.ends_s


def life_s(value: Any, otherwise: float) -> float:
    """How long a token lasts, by the seconds that a vendor has sent; ``otherwise`` where these are no number."""
    return float(max(0, min(value, MAX_LIFE_S))) if isinstance(value, int | float) else otherwise


async def request_json(
    pool: HttpPool,
    endpoint: Endpoint,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON object of a reply.

    Raises:
        RequestFailed: no reply, a refusal, or no object.
    """
    import msgspec

    client = await pool.client(url, **network(endpoint))
    with anyio.move_on_after(TIMEOUT_S):
        try:
            request = client.build_request(method, url, headers=dict(headers), data=dict(form) if form else None)
            response = await client.send(request, stream=True)
            try:
                body = await read_capped(response, MAX_REFUSAL_BYTES, cut=True)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
            if not response.is_success:
                raise failures.refused(endpoint, "", response.status_code, response.headers, body)
        except RequestFailed:
            raise
        except Exception as error:
            raise failures.translate(endpoint, "", error) from error
        try:
            value = msgspec.json.decode(body)
        except NOT_JSON as error:
            raise failures.not_understood(endpoint, "", b"", "no token") from error
        if not is_object(value):
            raise failures.not_understood(endpoint, "", b"", "no token")
        return value
    raise failures.timed_out(endpoint, "", TIMEOUT_S)
