"""Announces this server, and the client it serves, to other programs of the same user.

A failure is logged and has no other effect: no request waits for the announcement.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import anyio.to_thread

from modelport.protocol.methods import METHODS

NOUNS = tuple(dict.fromkeys(method.partition("/")[0] for method in METHODS))
"""The capabilities that are announced: the nouns of the methods."""
log = logging.getLogger("modelport.announcement")


class InstanceAnnouncement:
    """One server's announcement, from the client's ``initialized`` to the end."""

    def __init__(self) -> None:
        self._client: str | None = None
        self._client_pid: int | None = None
        self._remove_file: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._begun = False
        self._over = False

    def introduce(self, client: str | None, params: dict[str, Any]) -> None:
        """Takes the client's name, and its process id from the params of ``initialize``."""
        process_id = params.get("processId")
        self._client = client
        self._client_pid = process_id if isinstance(process_id, int) and not isinstance(process_id, bool) else None

    async def announce(self) -> None:
        """Announces this server, once, on a worker thread."""
        if not self._begun:
            self._begun = True
            await anyio.to_thread.run_sync(self._logged, self._write, abandon_on_cancel=True)

    async def withdraw(self) -> None:
        """Removes the announcement, also one that is being written now; none follows."""
        self._over = True
        if self._begun:
            await anyio.to_thread.run_sync(self._logged, self._remove, abandon_on_cancel=True)

    def _write(self) -> None:
        if self._over:
            return
        # Loaded only now: the first reply does not wait for it.
        from modelport.app.announcing import announce

        self._remove_file = announce(self._client, self._client_pid, NOUNS)

    def _remove(self) -> None:
        if self._remove_file is not None:
            self._remove_file()

    def _logged(self, step: Callable[[], None]) -> None:
        with self._lock:
            try:
                step()
            except OSError as error:
                log.debug("this server could not be announced: %s", error.strerror or error)
            except Exception:
                log.exception("bug in the announcement of this server")
