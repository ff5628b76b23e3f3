"""Streams that are held open: what each costs in memory, and how fast a cancelled one is closed."""

from __future__ import annotations

import time
from collections import defaultdict

from client import Client
from report import Row
from streams import run
from subjects import Subjects, Upstream, settle

OPEN = 200
CANCELLED = 20
REST_S = 0.5

MEMORY = f"growth of resident memory with {OPEN} streams open that have had one delta, divided by {OPEN}"
CANCEL = "from writing $/cancelRequest to the provider's end of the connection being closed; wall time"


def memory_per_stream(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """Memory of one open stream."""
    grown: dict[str, list[float]] = defaultdict(list)
    for name in subjects.turns(subjects.main, 3):
        with subjects.start(name) as client:
            _warm(client, upstream)
            settle(REST_S)
            before = client.resident_mb
            _open(client, upstream, OPEN)
            settle(REST_S)
            grown[name].append((client.resident_mb - before) / OPEN)
        upstream.wait("closed", OPEN)
    return [Row("memory per concurrent stream", "MB", grown, target=0.3, note=MEMORY)]


def cancel(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """Time from the client's cancel to the closed socket at the provider."""
    taken: dict[str, list[float]] = {}
    for name in subjects.main:
        with subjects.start(name) as client:
            _warm(client, upstream)
            taken[name] = [_cancel_ms(client, upstream) for _ in range(CANCELLED)]
    slowest = {name: [max(values)] for name, values in taken.items()}
    return [
        Row("cancel → upstream socket closed, median", "ms", taken, target=20, note=CANCEL),
        Row(f"cancel → upstream socket closed, slowest of {CANCELLED}", "ms", slowest, target=20, note=CANCEL),
    ]


def _warm(client: Client, upstream: Upstream) -> None:
    client.initialize()
    client.connect(upstream.base_url)
    run(client, "burst-5-5", 20, 10)


def _open(client: Client, upstream: Upstream, count: int) -> list[int]:
    numbers = [client.complete("stall") for _ in range(count)]
    upstream.wait("stalled", count)
    while client.read(REST_S):
        pass
    return numbers


def _cancel_ms(client: Client, upstream: Upstream) -> float:
    number = client.complete("stall")
    upstream.wait("stalled", 1)
    settle(0.05)
    begun_ns = time.monotonic_ns()
    client.notify("$/cancelRequest", {"id": number})
    closed_ns = upstream.wait("closed", 1)[0]
    client.replies([number])
    return (closed_ns - begun_ns) / 1e6
