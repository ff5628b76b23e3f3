"""Finding the model servers of this machine, whatever runs on it at the moment."""

from __future__ import annotations

import time

from client import Client
from report import TREE, Row, number
from subjects import Subjects, Upstream

ROUNDS = 9
NOTHING_MS, SOMETHING_MS = 100, 300


def local_discovery(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """How long ``provider/discover`` takes over the wire."""
    with subjects.tree(subjects.folder / "discovery") as client:
        client.initialize()
        client.request("provider/status", {})
        first, _ = _search(client)
        searches = [_search(client) for _ in range(ROUNDS)]
    servers = searches[-1][1]
    running = ", ".join(servers) or "none"
    note = (
        "wall time of provider/discover without parameters: usual ports, environment and every port that this user's "
        f"programs listen on; servers running now: {running}; the very first search {number(first)} ms"
    )
    target = SOMETHING_MS if servers else NOTHING_MS
    return [Row("local discovery", "ms", {TREE: [taken for taken, _ in searches]}, target=target, note=note)]


def _search(client: Client) -> tuple[float, list[str]]:
    begun = time.monotonic()
    result = client.request("provider/discover", {})
    return (time.monotonic() - begun) * 1000, [server["provider"] for server in result["servers"]]
