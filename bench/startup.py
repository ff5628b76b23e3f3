"""Start-up: CPU to the first reply, memory after it, and the longest stall of the first call."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from client import TIME_LIMIT_S, Client, reply_to, result
from processes import NotMeasurable
from report import FLOOR, TREE, Row
from subjects import NO_PROXY, Subjects, Upstream, settle

PING = "bench/ping"
PING_EVERY_NS = 2_000_000
REST_S = 0.5
FRAMEWORKS = ("openai", "anthropic", "pydantic", "httpx2", "botocore", "keyring", "rich", "pygls", "lsprotocol")

FIRST_REPLY = (
    "user and system time of the whole process when the reply has been read; the floor answers with the standard "
    "library alone, the peers import their library first"
)
LOADED = "the same up to the reply to the next request, when all that the server always needs has been loaded"
AT_REST = "half a second after the reply; the floor is the script that answers one frame"
MODULES = "names that python -X importtime lists between the start and shutdown, half a second after initialize"
STALL = (
    "requests for an unknown method are sent every 2 ms while the provider is connected and the first "
    "completion runs; the longest wait for their answer is the longest time the event loop was held up; the median "
    "of several fresh processes; the peer imports its library in its first call"
)


def start_up(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """CPU to the reply to ``initialize``, and to the next one."""
    first: dict[str, list[float]] = defaultdict(list)
    loaded: dict[str, list[float]] = defaultdict(list)
    for name in subjects.turns(subjects.names, 9):
        with subjects.first_frame() if name == FLOOR else subjects.start(name) as client:
            client.initialize()
            first[name].append(client.cpu_ns / 1e6)
            if name != FLOOR:
                client.replies([client.begin(PING, {})])
                loaded[name].append(client.cpu_ns / 1e6)
    return [
        Row("spawn → initialize reply, CPU", "ms", first, target=60, beyond=20, note=FIRST_REPLY),
        Row("spawn → reply to the next request, CPU", "ms", loaded, note=LOADED),
    ]


def memory(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """Resident memory at rest after ``initialize`` and after the first stream."""
    rest: dict[str, list[float]] = defaultdict(list)
    mock: dict[str, list[float]] = defaultdict(list)
    http: dict[str, list[float]] = defaultdict(list)
    for name in subjects.turns(subjects.names, 5):
        with subjects.first_frame() if name == FLOOR else subjects.start(name) as client:
            client.initialize()
            settle(REST_S)
            rest[name].append(client.resident_mb)
            if name == TREE:
                client.replies([client.complete("mock", "mock")])
                mock[name].append(client.resident_mb)
        with subjects.start(name) as client:
            client.initialize()
            client.connect(upstream.base_url)
            client.replies([client.complete("burst-100-20")])
            http[name].append(client.resident_mb)
    return [
        Row("memory at initialize", "MB", rest, target=26, note=AT_REST),
        Row("memory after the first stream, mock", "MB", mock, target=60, beyond=50),
        Row("memory after the first stream, HTTP", "MB", http, target=60, beyond=50),
    ]


def modules(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """Which of the heavy packages are loaded once ``initialize`` has been answered."""
    folder = subjects.folder / "modules"
    command = [sys.executable, "-X", "importtime", "-m", "modelport", "serve"]
    with Client(command, {"MODELPORT_DATA_DIR": str(folder), **subjects.runtime, **NO_PROXY}) as client:
        client.initialize()
        client.notify("initialized", {})
        settle(REST_S)
        client.request("shutdown", {})
        client.notify("exit", {})
        _ended(client)
        client.errors.seek(0)
        listing = client.errors.read().decode()
    names = set(re.findall(r"^import time: +\d+ \| +\d+ \| *([\w.]+)$", listing, re.MULTILINE))
    if "modelport" not in names:
        raise NotMeasurable("the interpreter did not list its imports")
    heavy = [name for name in FRAMEWORKS if name in names]
    shown = ", ".join(heavy) if heavy else "none"
    text = f"{shown} ({len(names)} modules)"
    target = "none of " + ", ".join(FRAMEWORKS)
    return [
        Row(
            "heavy packages loaded after initialize",
            text=text,
            text_target="none",
            text_met="no" if heavy else "yes",
            note=f"{target}; {MODULES}",
        )
    ]


def first_call(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """The longest stall while the first call after ``initialize`` loads what it needs."""
    longest: dict[str, list[float]] = defaultdict(list)
    for name in subjects.turns(subjects.names, 7):
        with subjects.start(name, lazy=True) as client:
            client.initialize()
            client.notify("initialized", {})
            client.replies([client.begin(PING, {})])
            settle(REST_S)
            connection = {"provider": "openai-compatible", "baseUrl": upstream.base_url, "verify": False}
            steps: list[Callable[[], int]] = [
                lambda client=client, connection=connection: client.begin("provider/connect", connection),
                lambda client=client: client.complete("burst-20-1"),
            ]
            longest[name].append(longest_wait_ms(client, steps))
    return [Row("longest stall during the first call", "ms", longest, target=20, note=STALL)]


def longest_wait_ms(client: Client, steps: Sequence[Callable[[], int]]) -> float:
    """The longest wait for the answer to a ping while the steps, each a request, are done one after the other."""
    asked: dict[int, int] = {}
    waits: list[int] = []
    to_do = list(steps)
    awaited = to_do.pop(0)()
    next_ns = time.monotonic_ns()
    deadline = time.monotonic() + TIME_LIMIT_S
    while awaited or asked:
        if time.monotonic() > deadline:
            raise NotMeasurable(f"no reply for {TIME_LIMIT_S:.0f} s; {client.complaint()}")
        if awaited and time.monotonic_ns() >= next_ns:
            asked[client.begin(PING, {})] = next_ns = time.monotonic_ns()
            next_ns += PING_EVERY_NS
        for arrival in client.read(max(0, next_ns - time.monotonic_ns()) / 1e9):
            number = reply_to(arrival.body)
            if number in asked:
                waits.append(arrival.at_ns - asked.pop(number))
            elif number == awaited:
                result(arrival.body)
                awaited = to_do.pop(0)() if to_do else 0
    return max(waits) / 1e6


def _ended(client: Client) -> None:
    try:
        client.process.wait(TIME_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise NotMeasurable("the server does not end") from error
