"""Reads a reply that is a list of models, on a thread of its own where it is long."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread

from modelport.adapters.http import failures
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.listings import Page, read_page
from modelport.domain.providers.connection import Endpoint

MAX_INLINE_BODY_BYTES = 64 * 1024
"""A longer body is parsed in a worker thread."""


async def read_list(endpoint: Endpoint, body: bytes, read: Callable[[bytes], Page] = read_page) -> Page:
    """The models of a reply.

    Raises:
        RequestFailed: it is not a list.
    """
    try:
        return read(body) if len(body) <= MAX_INLINE_BODY_BYTES else await anyio.to_thread.run_sync(read, body)
    except NotUnderstood as error:
        raise failures.not_understood(endpoint, "", body, str(error)) from error
