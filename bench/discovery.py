"""Finding the model servers of this machine, with all that runs on it at the moment."""

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
        ports = _usual_ports()
        first, _ = _search(client, ports)
        searches = [_search(client, ports) for _ in range(ROUNDS)]
    servers = searches[-1][1]
    running = ", ".join(servers) or "none"
    note = (
        f"wall time of provider/discover at the {len(ports)} usual ports, at 127.0.0.1 and ::1; other open ports are "
        f"left out, since the bench has one that hangs; servers running now: {running}; the very first search "
        f"{number(first)} ms"
    )
    target = SOMETHING_MS if servers else NOTHING_MS
    return [Row("local discovery", "ms", {TREE: [taken for taken, _ in searches]}, target=target, note=note)]


def _usual_ports() -> list[int]:
    from modelport.adapters.data.fingerprints import load_fingerprints

    return sorted({port for row in load_fingerprints().server for port in row.ports})


def _search(client: Client, ports: list[int]) -> tuple[float, list[str]]:
    begun = time.monotonic()
    result = client.request("provider/discover", {"ports": ports})
    return (time.monotonic() - begun) * 1000, [server["provider"] for server in result["servers"]]
