"""Puts together the announcement of a server, without the engine, whose imports would cost too much."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable, Sequence

from modelport.adapters.agents.instances.announcement import Announcement
from modelport.adapters.agents.instances.names import MAX_PID, line
from modelport.protocol.initialize import VERSION

LSP_VERSION = "3.18"


def announce(host: str | None, host_pid: int | None, capabilities: Sequence[str]) -> Callable[[], None]:
    """Announces this process as a server over standard input and output; returns what withdraws the announcement.

    The interpreter withdraws it at its end as well, however it comes to end.

    Raises:
        OSError: it cannot be announced here.
    """
    client: dict[str, str | int] = {}
    if name := line(host or ""):
        client["name"] = name
    if host_pid is not None and 0 < host_pid <= MAX_PID:
        client["pid"] = host_pid
    announcement = Announcement(
        os.environ,
        {
            "formatVersion": 1,
            "pid": os.getpid(),
            "startedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "name": "modelport",
            "displayName": "Modelport",
            "version": VERSION,
            "protocol": "lsp",
            "protocolVersion": LSP_VERSION,
            "transport": "stdio",
            **({"host": client} if client else {}),
            "capabilities": capabilities,
        },
    )
    announcement.write()
    atexit.register(announcement.remove)
    return announcement.remove
