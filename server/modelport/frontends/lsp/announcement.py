"""Lets other programs of this user see that this server is there, and for whom.

Whatever goes wrong with it, the server goes on: nothing waits for it, and it fails nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import anyio.to_thread

from modelport.protocol.methods import METHODS

NOUNS = tuple(dict.fromkeys(method.partition("/")[0] for method in METHODS))
"""What the server can do, in the words of its methods."""
log = logging.getLogger("modelport.presence")


class InstanceAnnouncement:
    """One server's announcement, from the client's ``initialized`` to the end."""

    def __init__(self) -> None:
        self._client: str | None = None
        self._client_pid: int | None = None
        self._take_back: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._begun = False
        self._over = False

    def introduce(self, client: str | None, params: dict[str, Any]) -> None:
        """Takes from ``initialize`` who the client is."""
        process_id = params.get("processId")
        self._client = client
        self._client_pid = process_id if isinstance(process_id, int) and not isinstance(process_id, bool) else None

    async def announce(self) -> None:
        """Announces this server, once, on a worker thread."""
        if not self._begun:
            self._begun = True
            await anyio.to_thread.run_sync(self._quietly, self._write, abandon_on_cancel=True)

    async def withdraw(self) -> None:
        """Takes the announcement back, also one that is being written now; there is none afterwards."""
        self._over = True
        if self._begun:
            await anyio.to_thread.run_sync(self._quietly, self._remove, abandon_on_cancel=True)

    def _write(self) -> None:
        if self._over:
            return
        # Loaded only now: the first reply does not wait for it.
        from modelport.app.announcing import announce

        self._take_back = announce(self._client, self._client_pid, NOUNS)

    def _remove(self) -> None:
        if self._take_back is not None:
            self._take_back()

    def _quietly(self, step: Callable[[], None]) -> None:
        with self._lock:
            try:
                step()
            except OSError as error:
                log.debug("other programs are not told of this server: %s", error.strerror or error)
            except Exception:
                log.exception("bug in telling other programs of this server")
